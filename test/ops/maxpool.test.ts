import { expect, test } from 'vitest';
import { complaints, counting, evaluate, layer } from '../support/layer.ts';

test('windows overlap as in AlexNet, and strides default to the kernel', () => {
  expect(layer([55, 55, 96], { op: 'maxpool', kernel: 3, stride: 2 }).shape).toEqual([27, 27, 96]);
  expect(layer([6, 8, 5], { op: 'maxpool', kernel: [3, 2] }).shape).toEqual([2, 4, 5]);
});

test('it takes the largest value, channel by channel', () => {
  const x = [1, -1, 2, -2, 3, -3, 4, -4];
  expect(evaluate([2, 2, 2], x, { op: 'maxpool', kernel: 2 })).toEqual([4, -1]);
});

test('padding never wins', () => {
  expect(evaluate([1, 1, 1], [-7], { op: 'maxpool', kernel: 3, stride: 1, pad: 1 })).toEqual([-7]);
});

test('ceil reads what is left at the edge', () => {
  expect(evaluate([3, 3, 1], counting(9), { op: 'maxpool', kernel: 2, rounding: 'ceil' })).toEqual([5, 6, 8, 9]);
});

test('it lowers to a window and counts a comparison per cell', () => {
  const node = layer([4, 4, 2], { op: 'maxpool', kernel: 2, pad: [1, 0, 0, 1] });
  expect(node.lowering).toEqual({
    kind: 'pool',
    window: { kernel: [2, 2], stride: [2, 2], dilation: [1, 1], before: [1, 1], after: [0, 0] },
    combine: 'max',
    countPadding: false,
  });
  expect(node.flops).toBe(node.shape.reduce((a, b) => a * b, 1) * 4);
  expect(node.macs).toBe(0);
});

test('a vector is no picture', () => {
  expect(complaints([2, 2, 1], [{ name: 'f', op: 'flatten' }, { name: 'p', op: 'maxpool', kernel: 1 }])[0]?.code).toBe('NL3011');
});
