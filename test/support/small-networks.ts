// Networks that are small and crooked on purpose: sizes that no tile divides, margins on one side, channels that no lane
// fills. Kernels are held against the interpreter on them.

import { compareValues, type Difference } from '../../compiler/cli/compare.ts';
import { interpreted } from '../../compiler/cli/interpreted.ts';
import type { Target } from '../../compiler/ir/target.ts';
import type { Tuned } from '../../compiler/passes/ways.ts';
import { elements } from '../../compiler/ir/tensor.ts';
import type { Precision } from '../../runtime/plan.ts';
import { syntheticTensor } from '../../runtime/synthetic.ts';
import type { TypedGraph } from '../../compiler/ir/graph.ts';
import { everyLayer, type Bench } from './gpu.ts';
import { interpretedInHalves } from './halves.ts';

export const smallNetworks: Readonly<Record<string, string>> = {
  'convolutions that no tile divides': `
input: { image: 23x29x3 }
layers:
  a: { op: conv, filters: 13, kernel: 5, stride: 2, pad: 2, activation: relu }
  b: { op: conv, filters: 35, kernel: 3, pad: 1 }
  c: { op: conv, filters: 7, kernel: [1, 4], pad: [0, 3, 1, 0], stride: [1, 3] }`,
  'rows longer than one loop unrolls to': `
input: { image: 9x75x2 }
layers:
  a: { op: conv, filters: 9, kernel: 3, pad: 1, activation: tanh }
  b: { op: conv, filters: 5, kernel: [7, 1], pad: [3, 0] }`,
  'a stride of four over eleven columns': `
input: { image: 51x47x3 }
layers:
  a: { op: conv, filters: 12, kernel: 11, stride: 4, pad: 2, activation: relu }`,
  'pointwise convolutions, strided and not': `
input: { image: 13x11x8 }
layers:
  a: { op: conv, filters: 24, kernel: 1, activation: relu6 }
  b: { op: conv, filters: 10, kernel: 1, stride: 2, bias: false }
  c: { op: conv, filters: 6, kernel: 1, pad: 1 }`,
  'dilation, groups, depthwise': `
input: { image: 17x15x6 }
layers:
  a: { op: conv, filters: 12, kernel: 3, dilation: 2, pad: 2, groups: 3 }
  b: { op: conv, filters: 12, kernel: 3, groups: 12, stride: 2, pad: 1, activation: gelu }
  c: { op: conv, filters: 24, kernel: 3, groups: 12, bias: false, pad: same }
  d: { op: conv, filters: 30, kernel: [3, 5], dilation: [1, 2], groups: 2, pad: same }`,
  'so many channels that strips of several rows keep all cores busy': `
input: { image: 13x41x40 }
layers:
  a: { op: conv, filters: 40, kernel: 3, groups: 40, pad: 1, bias: false, activation: relu }
  b: { op: conv, filters: 80, kernel: [5, 3], groups: 40, pad: same, from: image }
  c: { op: conv, filters: 40, kernel: 3, groups: 40, dilation: 2, pad: 2, from: image }
  d: { op: maxpool, kernel: 3, stride: 2, pad: 1, rounding: ceil, from: a }
  e: { op: avgpool, kernel: [3, 2], stride: [1, 2], pad: [1, 0], rounding: ceil, count_padding: false, from: a }
  f: { op: avgpool, kernel: 2, stride: 1, from: a }
  g: { op: maxpool, kernel: [3, 2], stride: [3, 1], rounding: ceil, from: a }
  h: { op: maxpool, kernel: 1, stride: 1, from: a }
  i: { op: conv, filters: 40, kernel: [2, 3], groups: 40, stride: 2, pad: 1 }
outputs: [b, c, d, e, f, g, i]`,
  'normalisation with and without the pool that reads it': `
input: { image: 15x15x20 }
layers:
  n1: { op: lrn, size: 5, alpha: 0.3, beta: 0.75, k: 2, reduce: sum }
  p1: { op: maxpool, kernel: 3, stride: 2 }
  n2: { op: lrn, size: 3, alpha: 0.5, beta: 0.5, k: 1, reduce: mean }
  p2: { op: maxpool, kernel: 3, stride: 2, pad: 1 }
  n3: { op: lrn, size: 1, alpha: 0.5, beta: 1, k: 1, reduce: sum }
  p3: { op: maxpool, kernel: 2 }
  n4: { op: lrn, size: 7, alpha: 0.2, beta: 0.6, k: 1.5, reduce: sum, from: p2 }`,
  'pools with padding of every kind': `
input: { image: 12x13x5 }
layers:
  a: { op: maxpool, kernel: [3, 2], stride: 2, pad: 1, rounding: ceil }
  b: { op: avgpool, kernel: 3, stride: 2, pad: 1, rounding: ceil, from: image }
  c: { op: avgpool, kernel: 3, stride: 2, pad: 1, count_padding: false, from: image, activation: sigmoid }
  d: { op: avgpool, kernel: 2, from: image }
  e: { op: global_avgpool, from: image }
outputs: [a, b, c, d, e]`,
  'dense layers that no row block divides, softmax': `
input: { image: 7x5x3 }
layers:
  a: { op: dense, units: 37, activation: leaky_relu }
  b: { op: dense, units: 131, bias: false }
  c: { op: softmax }
  d: { op: softmax, from: image }
  e: { op: dense, units: 9, from: a, activation: sigmoid }
outputs: [c, d, e]`,
  'residuals, batchnorms folded and not': `
input: { image: 14x14x8 }
layers:
  a: { op: conv, filters: 8, kernel: 3, pad: 1, bias: false }
  an: { op: batchnorm, activation: relu }
  b: { op: conv, filters: 8, kernel: 3, pad: 1 }
  bn: { op: batchnorm }
  s: { op: add, from: [bn, image], activation: relu }
  t: { op: add, from: [s, an, s] }
  tn: { op: batchnorm }
  f: { op: dense, units: 10 }
  fn: { op: batchnorm }`,
  'concats of concats, of the input, and of what a reader also writes': `
input: { image: 10x9x4 }
layers:
  a: { op: conv, filters: 6, kernel: 3, pad: 1, activation: relu }
  j: { op: concat, from: [a, image] }
  b: { op: conv, filters: 5, kernel: 3, pad: 1, from: a }
  k: { op: concat, from: [a, b] }
  c: { op: conv, filters: 4, kernel: 1, from: k }
  l: { op: concat, from: [k, c, j, c] }
  p: { op: maxpool, kernel: 2 }
  q: { op: flatten }
  r: { op: dense, units: 6 }
  s: { op: concat, from: [r, q] }
  t: { op: tanh }`,
  'values that are read under the names of a loop\'s own variables': `
input: { image: 6x6x4 }
layers:
  end: { op: conv, filters: 4, kernel: 1 }
  finished: { op: conv, filters: 4, kernel: 1, from: image }
  a: { op: conv, filters: 4, kernel: 3, pad: 1, from: image }
  sa: { op: add, from: [a, end, finished] }
  iy: { op: maxpool, kernel: 2, from: image }
  chunk: { op: maxpool, kernel: 2, from: image }
  p: { op: maxpool, kernel: 2, from: image }
  sp: { op: add, from: [p, iy, chunk] }
  first: { op: dense, units: 5, from: image }
  unit_end: { op: dense, units: 5, from: image }
  b: { op: dense, units: 5, from: image }
  sb: { op: add, from: [b, first, unit_end] }
  scaled: { op: softmax, from: first }
  n: { op: batchnorm }
outputs: [sa, sp, sb, n]`,
  'names that shaders use themselves': `
input: { x: 6x6x4 }
layers:
  sum: { op: conv, filters: 8, kernel: 3 }
  y: { op: relu }
  lane: { op: add, from: [sum, y] }
  fn: { op: conv, filters: 4, kernel: 1 }
  array: { op: gelu }
  n: { op: sigmoid, from: fn }
  at_y: { op: add, from: [n, array] }
  part: { op: softmax }
  vec4f: { op: dense, units: 9 }
  arrayLength: { op: softmax }`,
};

/** `target` where Winograd's kernels cost too much: they round differently, and their weights are never in f16, so they have tests of their own. */
export const withoutWinograd = (target: Target): Target => ({ ...target, costs: { ...target.costs, load: Infinity } });

export interface Setting extends Pick<Bench, 'target' | 'device'> {
  /** In what weights are stored; the interpreter is given what that makes of them. Default f32. */
  readonly precision?: Precision;
  /** The ways that kernels are written in; the rest is estimated. */
  readonly ways?: Tuned;
}

/** How far each layer that a bench computes is from the interpreter's, in every value. */
export async function differences(graph: TypedGraph, { target, device, precision = 'f32', ways }: Setting, seed: number, batch: number): Promise<ReadonlyMap<string, Difference>> {
  const input = syntheticTensor(graph.input.name, batch * elements(graph.input.shape), seed, 2);
  const expected = precision === 'f16' ? await interpretedInHalves(graph, seed, input) : await interpreted(graph, `synthetic:${seed}`, input);
  const got = await everyLayer(graph, target, device, seed, input, precision, ways);
  return new Map(Array.from(got, ([layer, data]) => [layer, compareValues(expected.get(layer)?.data ?? new Float64Array(), data)]));
}
