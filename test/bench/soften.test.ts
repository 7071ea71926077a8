// A network that is too certain, softened, against the interpreter with the softened weights.

import { expect, test } from 'vitest';
import { inferPartial } from '../../compiler/passes/infer.ts';
import { collect } from '../../compiler/source/catalog.ts';
import { interpret } from '../../compiler/interpret.ts';
import { Tensor } from '../../compiler/ir/tensor.ts';
import { syntheticTensor } from '../../runtime/synthetic.ts';
import type { Weights } from '../../runtime/weights.ts';
import { network, type Layer } from '../support/network.ts';
import { asTheyAre, soften, softened } from './soften.ts';

const graphOf = (layers: readonly Layer[]) => inferPartial(network({ image: [4, 4, 3] }, layers), collect().report).known;
const certain: Layer[] = [
  { name: 'conv', op: 'conv', filters: 5, kernel: 1, activation: 'relu' },
  { name: 'pool', op: 'global_avgpool' },
  { name: 'flat', op: 'flatten' },
  { name: 'prob', op: 'softmax' },
];
const weights: Weights = {
  name: 'made up',
  shapes: new Map(),
  read(tensor, first, into) {
    into.set(syntheticTensor(tensor, first + into.length, 3, 40).subarray(first));
    return Promise.resolve();
  },
  close: () => Promise.resolve(),
};

async function run(graph: ReturnType<typeof graphOf>, from: Weights) {
  const params = new Map<string, Tensor>();
  for (const { name, shape } of graph.nodes.flatMap((node) => node.params)) {
    const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    await from.read(name, 0, values);
    params.set(name, new Tensor(shape, new Float64Array(values)));
  }
  const images = new Tensor([2, 4, 4, 3], new Float64Array(syntheticTensor('image', 96, 1, 1)));
  return interpret(graph, (name) => params.get(name) ?? new Tensor([0]), images);
}

test('the last weights are made smaller until nothing is certain', async () => {
  const graph = graphOf(certain);
  const softmax = graph.nodes.at(-1);
  const values = await run(graph, weights);
  if (softmax === undefined) throw new Error('there is no softmax');
  expect(Math.max(...values.get('prob')?.data ?? [])).toBeGreaterThan(0.9);
  const { softening, probabilities } = soften(graph, softmax, values.get('flat')?.data ?? new Float64Array(0));
  expect([...softening.params]).toEqual(['conv.weight', 'conv.bias']);
  const found = (await run(graph, softened(weights, softening))).get('prob')?.data ?? [];
  expect(Math.max(...found)).toBeLessThanOrEqual(0.5);
  expect(probabilities).toHaveLength(10);
  for (const [index, value] of probabilities.entries()) expect(found[index]).toBeCloseTo(value, 12);
});

test('what is uncertain stays as it is', () => {
  const graph = graphOf(certain);
  const softmax = graph.nodes.at(-1);
  if (softmax === undefined) throw new Error('there is no softmax');
  const { softening, probabilities } = soften(graph, softmax, Float64Array.of(0, 0, 0, 0, 0));
  expect(softening).toBe(asTheyAre);
  expect([...probabilities]).toEqual([0.2, 0.2, 0.2, 0.2, 0.2]);
});

test('where no weights stand right before the softmax, it says so', () => {
  const graph = graphOf([...certain.slice(0, 3), { name: 'squash', op: 'sigmoid' }, { name: 'prob', op: 'softmax' }]);
  const softmax = graph.nodes.at(-1);
  if (softmax === undefined) throw new Error('there is no softmax');
  expect(() => soften(graph, softmax, Float64Array.of(90, 0, 0, 0, 0))).toThrow('no weights stand right before prob');
});
