import { expect, test } from 'vitest';
import { evaluate, layer } from '../support/layer.ts';

test('its values', () => {
  expect(evaluate([3], [-2, 0, 3], { op: 'relu' })).toEqual([0, 0, 3]);
});

test('it joins the kernel before it, 1 operation a value', () => {
  expect(layer([3], { op: 'relu' })).toMatchObject({ shape: [3], flops: 3, lowering: { kind: 'pointwise' } });
});
