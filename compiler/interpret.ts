// Runs a network by what each operator means (`reference`), in float64: slow, obvious, and the judge of every kernel.

import type { TypedGraph } from './ir/graph.ts';
import { Tensor } from './ir/tensor.ts';

/**
 * The value of every node, by its id: a layer's result stands under the layer's name, the input under its own.
 *
 * `input` is N,H,W,C; so are pictures in the result, and vectors are N,C. `tensors` gives a parameter by name in the
 * weight file's axis order; it is asked once for each node that needs one, and nothing of it is kept.
 */
export function interpret(graph: TypedGraph, tensors: (name: string) => Tensor, input: Tensor): Map<string, Tensor> {
  const [images = 1] = input.shape;
  const values = new Map([[graph.input.name, input]]);
  for (const node of graph.nodes) {
    const params = new Map(node.params.map(({ name }) => [name.slice(name.lastIndexOf('.') + 1), tensors(name)]));
    const inputs = node.inputs.map((id) => values.get(id) ?? new Tensor([0]));
    const output = [images, ...node.shape];
    values.set(node.id, node.op.reference({ attrs: node.attrs, inputs, param: (suffix) => params.get(suffix), output }));
  }
  return values;
}
