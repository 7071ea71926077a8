import { expect, test } from 'vitest';
import { evaluate, layer } from '../support/layer.ts';

const pool = { op: 'avgpool', kernel: 2, stride: 2 };

test('padding counts as cells unless told otherwise', () => {
  expect(evaluate([1, 1, 1], [8], { ...pool, pad: 1 })).toEqual([2]);
  expect(evaluate([1, 1, 1], [8], { ...pool, pad: 1, count_padding: false })).toEqual([8]);
});

test('cells past input and padding never count', () => {
  // One row 2 4 6: the second window holds 6 and a cell past the edge.
  const row = { op: 'avgpool', kernel: [1, 2], stride: [1, 2], rounding: 'ceil' };
  expect(evaluate([1, 3, 1], [2, 4, 6], row)).toEqual([3, 6]);
  // Padded by one on both sides: 0 2 | 4 6 | 0 and a cell past it, of which only the padding counts.
  expect(evaluate([1, 3, 1], [2, 4, 6], { ...row, pad: [0, 1, 0, 1] })).toEqual([1, 5]);
});

test('its lowering says where counted padding ends', () => {
  expect(layer([5, 5, 3], { op: 'avgpool', kernel: 3, stride: 2, pad: [1, 0, 1, 1], count_padding: false }).lowering).toEqual({
    kind: 'pool',
    window: { kernel: [3, 3], stride: [2, 2], dilation: [1, 1], before: [1, 1], after: [1, 0] },
    combine: 'mean',
    countPadding: false,
  });
});

test('same pads are counted as any other', () => {
  expect(evaluate([3, 3, 1], [9, 9, 9, 9, 9, 9, 9, 9, 9], { ...pool, pad: 'same' })).toEqual([9, 4.5, 4.5, 2.25]);
});
