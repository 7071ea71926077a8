// What a spec is run on, as the command line names it.

import { readInput } from '../../runtime/input.ts';
import { syntheticSeed } from '../../runtime/weights.ts';
import type { TypedGraph } from '../ir/graph.ts';

/**
 * The values of `from`, an image, a `.f32` file or `synthetic:BOUND`, `batch` times one after the other, in N,H,W,C order.
 * The formula takes its seed from the weights, if they come from it too.
 */
export async function readBatch({ input, document }: TypedGraph, from: string, weights: string, batch: number): Promise<Float32Array> {
  const { preprocess } = document;
  const once = await readInput(from, input, { seed: syntheticSeed(weights) ?? 0, ...(preprocess === undefined ? {} : { preprocess }) });
  if (batch === 1) return once;
  const values = new Float32Array(once.length * batch);
  for (let n = 0; n < batch; n++) values.set(once, n * once.length);
  return values;
}
