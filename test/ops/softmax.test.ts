import { expect, test } from 'vitest';
import { evaluate, layer } from '../support/layer.ts';

test('each pixel has probabilities of its own', () => {
  const y = evaluate([1, 2, 2], [0, Math.log(3), 5, 5], { op: 'softmax' });
  [0.25, 0.75, 0.5, 0.5].forEach((value, i) => { expect(y[i]).toBeCloseTo(value, 14); });
});

test('large scores do not overflow', () => {
  expect(evaluate([3], [1000, 1000, -1000], { op: 'softmax' })).toEqual([0.5, 0.5, 0]);
});

test('it keeps the shape and lowers to itself', () => {
  expect(layer([3, 3, 4], { op: 'softmax' })).toMatchObject({ shape: [3, 3, 4], flops: 180, lowering: { kind: 'softmax' } });
});
