// The judge of kernels whose weights lie in 16 bits: the interpreter with the very weights that they load, so that nothing
// but the order of sums is left to differ.

import { interpret } from '../../compiler/interpret.ts';
import { compile } from '../../compiler/compile.ts';
import type { TypedGraph } from '../../compiler/ir/graph.ts';
import { elements, Tensor } from '../../compiler/ir/tensor.ts';
import { targets } from '../../compiler/passes/targets.ts';
import { fromHalves, toHalves } from '../../runtime/half.ts';
import { openWeights } from '../../runtime/weights.ts';

/** Every node's values where the weights of convolutions and dense layers, batchnorms folded in, are rounded to 16 bits. */
export async function interpretedInHalves(graph: TypedGraph, seed: number, input: Float32Array): Promise<ReadonlyMap<string, Tensor>> {
  const params = graph.nodes.flatMap((node) => node.params);
  const weights = await openWeights(`synthetic:${seed}`, params);
  const tensors = new Map<string, Tensor>();
  for (const { name, shape } of params) {
    const read = new Float32Array(elements(shape));
    await weights.read(name, 0, read);
    tensors.set(name, new Tensor(shape, new Float64Array(read)));
  }
  const [target] = targets;
  if (target === undefined) throw new Error('no target');
  for (const { core, folded } of compile(graph, { targets: [target], storeAll: true }).program.kernels) {
    const weight = core.kind === 'conv' || core.kind === 'dense' ? tensors.get(core.weight) : undefined;
    if (weight === undefined) continue;
    const perChannel = weight.data.length / (weight.shape[0] ?? 1);
    const scales = Array.from({ length: weight.shape[0] ?? 1 }, (_, channel) =>
      folded.reduce((scale, { layer, epsilon }) => {
        const [gamma, variance] = ['weight', 'running_var'].map((name) => tensors.get(`${layer}.${name}`)?.data[channel] ?? NaN);
        return (scale * (gamma ?? NaN)) / Math.sqrt((variance ?? NaN) + epsilon);
      }, 1));
    const scaleAt = (i: number): number => scales[Math.floor(i / perChannel)] ?? NaN;
    const stored = rounded(Float32Array.from(weight.data, (value, i) => value * scaleAt(i)));
    for (const [i, value] of stored.entries()) weight.data[i] = value / scaleAt(i);
  }
  return interpret(graph, (name) => tensors.get(name) ?? new Tensor([0]), new Tensor([input.length / elements(graph.input.shape), ...graph.input.shape], new Float64Array(input)));
}

function rounded(values: Float32Array<ArrayBuffer>): Float32Array {
  const halves = new Uint16Array(values.length);
  const beyond = toHalves(values, halves);
  if (beyond !== undefined) throw new Error(`${values[beyond] ?? NaN} is too large for 16 bits`);
  const back = new Float32Array(values.length);
  fromHalves(halves, back);
  return back;
}
