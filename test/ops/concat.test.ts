import { expect, test } from 'vitest';
import { complaints, evaluateAll } from '../support/layer.ts';

test('channels follow in the order of from, a value twice included', () => {
  const layers = [{ name: 'minus', op: 'conv', filters: 1, kernel: 1, bias: false }, { name: 'all', op: 'concat', from: ['x', 'minus', 'x'] }];
  expect(evaluateAll([1, 2, 2], [1, 2, 3, 4], layers, { weight: [-1, -1] })).toEqual([1, 2, -3, 1, 2, 3, 4, -7, 3, 4]);
});

test('vectors are joined too', () => {
  const layers = [{ name: 'v', op: 'flatten' }, { name: 'vv', op: 'concat', from: ['v', 'v'] }];
  expect(evaluateAll([1, 1, 2], [1, 2], layers)).toEqual([1, 2, 1, 2]);
});

test('pictures of different sizes, and pictures with vectors, are errors', () => {
  const found = complaints([4, 4, 3], [
    { name: 'p', op: 'maxpool', kernel: 2 },
    { name: 'j', op: 'concat', from: ['p', 'x'] },
    { name: 'v', op: 'flatten', from: 'x' },
    { name: 'k', op: 'concat', from: ['v', 'x'] },
  ]);
  expect(found).toMatchObject([
    { code: 'NL3014', message: 'j: cannot join p (2x2x3) and x (4x4x3)' },
    { code: 'NL3015', message: 'k: cannot join pictures and vectors: v (48) and x (4x4x3)', help: 'put `op: flatten` after x to make it a vector' },
  ]);
});
