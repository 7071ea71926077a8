// What shares a kernel and what does not, and the reasons people are given.

import { expect, test } from 'vitest';
import { fuse } from '../../compiler/passes/fuse.ts';
import type { Program } from '../../compiler/ir/kernel.ts';
import { networkOf } from '../support/gpu.ts';

const program = (layers: string, storeAll = false): Program => fuse(networkOf(`netloom: 1\nname: t\n${layers}\n`), { storeAll });
const names = (layers: string): readonly string[] => program(layers).kernels.map(({ name }) => name);
const conv = 'op: conv, filters: 8, kernel: 3, pad: 1';

test('an activation joins the convolution or dense layer before it, written short or as a layer', () => {
  expect(names(`
input: { image: 8x8x8 }
layers:
  a: { ${conv}, activation: relu }
  b: { ${conv} }
  c: { op: tanh }
  d: { op: dense, units: 4, activation: sigmoid }`)).toEqual(['a+relu', 'b+c', 'd+sigmoid']);
});

test('a result that others read too is stored by the kernel that goes on with it', () => {
  const { kernels } = program(`
input: { image: 8x8x8 }
layers:
  a: { ${conv} }
  b: { op: relu }
  c: { op: add, from: [a, b] }`);
  expect(kernels.map(({ name, result, keeps }) => ({ name, result, keeps }))).toEqual([{ name: 'a+b', result: 'b', keeps: ['a'] }, { name: 'c', result: 'c', keeps: [] }]);
});

test('a sum joins the branch that is worked out last', () => {
  const { kernels } = program(`
input: { image: 8x8x8 }
layers:
  a: { ${conv}, activation: relu }
  b: { ${conv} }
  s: { op: add, from: [b, image], activation: relu }`);
  expect(kernels.map(({ name }) => name)).toEqual(['a+relu', 'b+s+relu']);
  expect(kernels[1]?.tail.map(({ inputs }) => inputs)).toEqual([['previous', { value: 'image' }], ['previous']]);
});

test('batchnorm is folded only where nobody else sees the convolution', () => {
  const folded = program(`
input: { image: 8x8x8 }
layers:
  a: { ${conv}, bias: false }
  n: { op: batchnorm, activation: relu }`);
  expect(folded.kernels.map(({ name, folded: by }) => ({ name, by }))).toEqual([{ name: 'a+n+relu', by: [{ layer: 'n', epsilon: 1e-5 }] }]);
  expect([...folded.foldedAway]).toEqual(['a']);

  const seen = program(`
input: { image: 8x8x8 }
layers:
  a: { ${conv} }
  n: { op: batchnorm }
outputs: [a, n]`);
  expect(seen.kernels.map(({ name, folded: by, keeps }) => ({ name, by, keeps }))).toEqual([{ name: 'a+n', by: [], keeps: ['a'] }]);

  const activated = program(`
input: { image: 8x8x8 }
layers:
  a: { ${conv}, activation: relu }
  n: { op: batchnorm }`);
  expect(activated.kernels.map(({ name, folded: by }) => ({ name, by }))).toEqual([{ name: 'a+relu+n', by: [] }]);
});

test('a max pool normalises while it looks for the largest, if its windows tile the picture', () => {
  const lrn = 'op: lrn, size: 5, alpha: 1e-4, beta: 0.75, k: 2, reduce: sum';
  expect(names(`
input: { image: 7x7x8 }
layers:
  n: { ${lrn} }
  p: { op: maxpool, kernel: 3, stride: 2 }`)).toEqual(['n+p']);
  const apart = program(`
input: { image: 8x8x8 }
layers:
  n: { ${lrn} }
  p: { op: maxpool, kernel: 3, stride: 2 }`);
  expect(apart.kernels.map(({ name, reasons }) => ({ name, reasons }))).toEqual([
    { name: 'n', reasons: ['p does not join: its windows do not tile the picture exactly'] },
    { name: 'p', reasons: ['reads windows of n, which must be in memory first'] },
  ]);
  expect(names(`
input: { image: 7x7x8 }
layers:
  n: { ${lrn} }
  p: { op: maxpool, kernel: 3, stride: 2 }
  q: { op: conv, filters: 4, kernel: 1, from: n }
outputs: [p, q]`)).toEqual(['n', 'p', 'q']);
});

test('concat costs nothing; what cannot lie in two places is copied', () => {
  const { kernels, values, free } = program(`
input: { image: 8x8x8 }
layers:
  a: { ${conv}, activation: relu }
  b: { ${conv}, from: image }
  j: { op: concat, from: [a, b] }
  k: { op: concat, from: [j, image] }
  d: { op: dense, units: 3 }`);
  expect(kernels.map(({ name }) => name)).toEqual(['a+relu', 'b', 'k+1', 'd']);
  expect(values.get('b')?.inside).toEqual({ value: 'j', firstChannel: 8 });
  expect(values.get('j')?.inside).toEqual({ value: 'k', firstChannel: 0 });
  expect(kernels[2]?.reasons).toEqual(['k needs a copy of image: it is the input']);
  expect(free.get('j')).toBe('is where a, b lie: each is written into its slice');
});

test('a kernel never reads the buffer it writes', () => {
  const { kernels, values } = program(`
input: { image: 8x8x8 }
layers:
  a: { ${conv} }
  b: { ${conv} }
  j: { op: concat, from: [a, b] }
  d: { op: dense, units: 3 }`);
  // b reads a: both in j would be one buffer, so one of them is copied there.
  const inside = ['a', 'b'].filter((id) => values.get(id)?.inside?.value === 'j');
  expect(inside).toHaveLength(1);
  expect(kernels).toHaveLength(4);
});

test('dropout and flatten cost nothing, but a picture with a margin is copied for a dense layer', () => {
  expect(names(`
input: { image: 8x8x8 }
layers:
  a: { ${conv} }
  f: { op: flatten }
  o: { op: dropout }
  d: { op: dense, units: 3 }`)).toEqual(['a', 'd']);
  const both = program(`
input: { image: 8x8x8 }
layers:
  a: { ${conv} }
  b: { ${conv} }
  d: { op: dense, units: 3, from: a }
outputs: [b, d]`);
  expect(both.kernels.map(({ name }) => name)).toEqual(['a', 'b', 'd+copy', 'd']);
  expect(both.kernels[2]?.reasons).toEqual(['b wants a with a margin, d without: a copy serves the second']);
});

test('the same kernels store every layer when asked', () => {
  const layers = `
input: { image: 7x7x8 }
layers:
  a: { ${conv}, activation: relu }
  n: { op: lrn, size: 5, alpha: 1e-4, beta: 0.75, k: 2, reduce: sum }
  p: { op: maxpool, kernel: 3, stride: 2 }
  q: { op: conv, filters: 4, kernel: 1 }
  r: { op: relu }`;
  const [usual, all] = [program(layers), program(layers, true)];
  expect(all.kernels.map(({ name, core }) => ({ name, core }))).toEqual(usual.kernels.map(({ name, core }) => ({ name, core })));
  expect(usual.kernels.map(({ keeps }) => keeps)).toEqual([[], [], []]);
  expect(all.kernels.map(({ keeps }) => keeps)).toEqual([[], ['n'], ['q']]);
});
