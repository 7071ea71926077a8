import { expect, test } from 'vitest';
import { evaluate, layer } from '../support/layer.ts';

test('its values', () => {
  expect(evaluate([3], [-2, 5, 7], { op: 'relu6' })).toEqual([0, 5, 6]);
});

test('it joins the kernel before it, 2 operations a value', () => {
  expect(layer([3], { op: 'relu6' })).toMatchObject({ shape: [3], flops: 6, lowering: { kind: 'pointwise' } });
});
