// Every kernel against the interpreter, every value of every layer, in every variant that an adapter here can run. The
// networks are small and crooked on purpose: sizes that no tile divides, margins on one side, channels that no lane fills.

import { afterAll, describe, expect, test } from 'vitest';
import { compareValues } from '../compiler/cli/compare.ts';
import { interpreted } from '../compiler/cli/interpreted.ts';
import { compile } from '../compiler/compile.ts';
import { elements } from '../compiler/ir/tensor.ts';
import { syntheticTensor } from '../runtime/synthetic.ts';
import { benches, everyLayer, networkOf } from './support/gpu.ts';

const networks: Readonly<Record<string, string>> = {
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
outputs: [c, d]`,
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
  at_y: { op: add, from: [n, array] }`,
};

const all = await benches();

describe.each(all)('$target.name on $adapter', ({ target, device }) => {
  test.each(Object.entries(networks))('%s', async (_, layers) => {
    const graph = networkOf(`netloom: 1\nname: small${layers}\n`);
    for (const batch of [1, 11]) {
      const input = syntheticTensor(graph.input.name, batch * elements(graph.input.shape), 5, 2);
      const expected = await interpreted(graph, 'synthetic:5', input);
      const got = await everyLayer(graph, target, device, 5, input);
      expect(got.size).toBeGreaterThan(0);
      for (const [layer, data] of got) {
        const difference = compareValues(expected.get(layer)?.data ?? new Float64Array(), data);
        expect(difference.error, `${layer}, batch ${batch}: ${JSON.stringify(difference)}`).toBeLessThan(5e-6);
      }
    }
  });
});

/** A dense layer in three parts: 131 outputs where a binding holds 64 rows, with a tail that reads and keeps other values. */
const parts = `
input: { image: 8x8x4 }
layers:
  other: { op: dense, units: 131 }
  a: { op: dense, units: 131, from: image }
  n: { op: batchnorm, from: other }
  s: { op: add, from: [a, n], activation: relu }
  t: { op: batchnorm }
  u: { op: add, from: [t, a] }`;

test.each(all)('weights larger than a binding, $target.name on $adapter', async ({ target, device }) => {
  const tight = { ...target, limits: { ...target.limits, maxStorageBufferBindingSize: 64 * 256 * 4 } };
  const graph = networkOf(`netloom: 1\nname: parts${parts}\n`);
  const dispatches = compile(graph, { targets: [tight] }).plan.variants[0]?.steps.map(({ name }) => name);
  expect(dispatches?.filter((name) => name.includes('of 3'))).toHaveLength(6);
  const input = syntheticTensor('image', 3 * 256, 9, 2);
  const expected = await interpreted(graph, 'synthetic:9', input);
  for (const [layer, data] of await everyLayer(graph, tight, device, 9, input)) {
    const difference = compareValues(expected.get(layer)?.data ?? new Float64Array(), data);
    expect(difference.error, `${layer}: ${JSON.stringify(difference)}`).toBeLessThan(5e-6);
  }
});

test.skipIf(all.length > 0)('SKIPPED: no GPU at all, not even in software', () => undefined);

afterAll(() => {
  for (const { device } of all) device.close();
});
