import { expect, test } from 'vitest';
import { evaluate, layer } from '../support/layer.ts';

test('its slope is 0.01 unless written', () => {
  expect(evaluate([3], [-2, 0, 3], { op: 'leaky_relu' })).toEqual([-0.02, 0, 3]);
  expect(evaluate([2], [-2, 3], { op: 'leaky_relu', slope: 2 })).toEqual([-4, 3]);
});

test('beyond a slope of 1 the smaller of both lines is the right one', () => {
  const fn = (slope: number) => layer([1], { op: 'leaky_relu', slope }).lowering;
  expect(fn(0.2)).toMatchObject({ expr: { fn: 'max' } });
  expect(fn(2)).toMatchObject({ expr: { fn: 'min' } });
});
