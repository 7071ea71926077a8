import { expect, test } from 'vitest';
import { erf } from '../../compiler/ops/gelu.ts';
import { evaluate } from '../support/layer.ts';

// Abramowitz and Stegun, table 7.1, and Wolfram's digits beyond it.
test.each([
  [0, 0],
  [0.1, 0.1124629160182849],
  [0.5, 0.5204998778130465],
  [1, 0.8427007929497149],
  [2, 0.9953222650189527],
  [3.5, 0.9999992569016277],
  [6, 1],
])('erf(%f)', (x, expected) => {
  expect(erf(x)).toBeCloseTo(expected, 14);
  expect(erf(-x)).toBeCloseTo(-expected, 14);
});

test('it is the exact one, not the one of tanh', () => {
  const [y] = evaluate([1], [2], { op: 'gelu' });
  expect(y).toBeCloseTo(1.9544997361036416, 14);
});
