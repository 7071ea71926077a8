// What a spec is run on, as the command line names it.

import { readInput } from '../../runtime/input.ts';
import { syntheticSeed } from '../../runtime/weights.ts';
import type { TypedGraph } from '../ir/graph.ts';

export interface Batch {
  readonly images: number;
  /** Whether `synthetic:` makes all of them, or one that is repeated as a file's are. */
  readonly distinct: boolean;
}

/**
 * The values of `from`, an image, a `.f32` file or `synthetic:BOUND`, as a batch in N,H,W,C order. The formula takes its
 * seed from the weights, if they come from it too.
 */
export async function readBatch({ input, document }: TypedGraph, from: string, weights: string, batch: Batch): Promise<Float32Array> {
  const { preprocess } = document;
  const made = batch.distinct && from.startsWith('synthetic:') ? batch.images : 1;
  const settings = { seed: syntheticSeed(weights) ?? 0, images: made, ...(preprocess === undefined ? {} : { preprocess }) };
  const once = await readInput(from, input, settings);
  const copies = batch.images / made;
  if (copies === 1) return once;
  const values = new Float32Array(once.length * copies);
  for (let n = 0; n < copies; n++) values.set(once, n * once.length);
  return values;
}
