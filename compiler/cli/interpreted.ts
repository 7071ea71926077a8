// What the interpreter makes of a network with given weights: the judge that `verify` and the tests hold kernels against.

import { openWeights } from '../../runtime/weights.ts';
import { interpret } from '../interpret.ts';
import type { TypedGraph } from '../ir/graph.ts';
import { elements, Tensor } from '../ir/tensor.ts';

/**
 * Every node's values in float64, by its id.
 * @param source a `.safetensors` file or `synthetic:SEED`
 * @param values a batch in N,H,W,C order
 */
export async function interpreted(graph: TypedGraph, source: string, values: Float32Array): Promise<ReadonlyMap<string, Tensor>> {
  const params = graph.nodes.flatMap((node) => node.params);
  const weights = await openWeights(source, params);
  const tensors = new Map<string, Tensor>();
  for (const { name, shape } of params) {
    const read = new Float32Array(elements(shape));
    await weights.read(name, 0, read);
    tensors.set(name, new Tensor(shape, new Float64Array(read)));
  }
  await weights.close();
  const images = values.length / elements(graph.input.shape);
  const input = new Tensor([images, ...graph.input.shape], new Float64Array(values));
  return interpret(graph, (name) => tensors.get(name) ?? new Tensor([0]), input);
}
