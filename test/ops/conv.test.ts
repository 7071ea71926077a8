import { expect, test } from 'vitest';
import { complaints, counting, evaluate, layer } from '../support/layer.ts';

const conv1 = { op: 'conv', filters: 96, kernel: 11, stride: 4, pad: 2 };

test('its shape, weights and cost are those of the first layer of AlexNet', () => {
  const node = layer([224, 224, 3], conv1);
  expect(node.shape).toEqual([55, 55, 96]);
  expect(node.params).toEqual([
    { name: 'layer.weight', shape: [96, 3, 11, 11], trained: true, synthetic: { bound: Math.sqrt(6 / 363), shape: 'v' } },
    { name: 'layer.bias', shape: [96], trained: true, synthetic: { bound: 0.05, shape: 'v' } },
  ]);
  expect(node.macs).toBe(55 * 55 * 96 * 3 * 121);
  expect(node.flops).toBe(2 * node.macs + 55 * 55 * 96);
});

test('it lowers to a window that starts in the padding', () => {
  expect(layer([224, 224, 3], conv1).lowering).toEqual({
    kind: 'conv',
    window: { kernel: [11, 11], stride: [4, 4], dilation: [1, 1], before: [2, 2], after: [2, 2] },
    groups: 1,
    weight: 'layer.weight',
    bias: 'layer.bias',
  });
});

test('without a bias it has and names none', () => {
  const node = layer([5, 5, 2], { op: 'conv', filters: 4, kernel: 1, bias: false });
  expect(node.params.map(({ name }) => name)).toEqual(['layer.weight']);
  expect(node.lowering).not.toHaveProperty('bias');
  expect(node.flops).toBe(2 * node.macs);
});

test('it sums products over the window and the channels', () => {
  // Rows 1 2 / 3 4 in channel 0 and 10 20 / 30 40 in channel 1.
  const x = [1, 10, 2, 20, 3, 30, 4, 40];
  const weight = [1, 2, 3, 4, 0.1, 0.2, 0.3, 0.4];
  expect(evaluate([2, 2, 2], x, { op: 'conv', filters: 1, kernel: 2 }, { weight, bias: [0.5] })).toEqual([1 + 4 + 9 + 16 + 1 + 4 + 9 + 16 + 0.5]);
});

test('a filter of a group sees only its half of the channels', () => {
  const y = evaluate([1, 1, 4], [1, 2, 3, 4], { op: 'conv', filters: 2, kernel: 1, groups: 2, bias: false }, { weight: [1, 10, 1, 10] });
  expect(y).toEqual([21, 43]);
});

test('padding on each side of its own, dilation and an oblong kernel', () => {
  // One row 1 2 3; taps two columns apart; one column of zeros to the left, two to the right.
  const attributes = { op: 'conv', filters: 1, kernel: [1, 2], dilation: [1, 2], pad: [0, 2, 0, 1], bias: false };
  expect(evaluate([1, 3, 1], [1, 2, 3], attributes, { weight: [1, 10] })).toEqual([20, 31, 2, 3]);
});

test('same puts the larger half of an odd padding after the picture', () => {
  const attributes = { op: 'conv', filters: 1, kernel: 2, pad: 'same', bias: false };
  expect(layer([2, 2, 1], attributes).lowering).toMatchObject({ window: { before: [0, 0], after: [1, 1] } });
  expect(evaluate([2, 2, 1], [1, 2, 3, 4], attributes, { weight: [1, 1, 1, 1] })).toEqual([10, 6, 7, 4]);
});

test('ceil reads zeros past the edge, caffe is floor', () => {
  const attributes = { op: 'conv', filters: 1, kernel: 2, stride: 2, bias: false };
  const weight = counting(4);
  expect(evaluate([3, 3, 1], counting(9), { ...attributes, rounding: 'ceil' }, { weight })).toEqual([37, 21, 23, 9]);
  expect(layer([3, 3, 1], { ...attributes, rounding: 'caffe' }).shape).toEqual([1, 1, 1]);
});

test('groups that do not divide are told with those that do', () => {
  const [filters] = complaints([9, 9, 96], [{ name: 'conv2', op: 'conv', filters: 256, kernel: 5, groups: 3 }]);
  expect(filters).toMatchObject({
    code: 'NL3004',
    message: 'conv2: 3 groups cannot share 256 filters evenly',
    marked: '3',
    label: '256 / 3 leaves 1 over',
    help: 'use a divisor of both the 256 filters and the 96 input channels: 1, 2, 4, 8, 16, 32',
    related: ['256: the filters to share'],
  });
  const [channels] = complaints([9, 9, 3], [{ name: 'conv2', op: 'conv', filters: 256, kernel: 5, groups: 2 }]);
  expect(channels).toMatchObject({ code: 'NL3018', message: 'conv2: 2 groups cannot share the 3 channels of x evenly', label: '3 / 2 leaves 1 over' });
});

test('other channels than written are told with the layer that made them', () => {
  const [found] = complaints([9, 9, 3], [
    { name: 'a', op: 'conv', filters: 8, kernel: 3 },
    { name: 'b', op: 'relu' },
    { name: 'c', op: 'conv', in_channels: 16, filters: 8, kernel: 3 },
  ]);
  expect(found).toMatchObject({
    code: 'NL3007',
    message: 'c: `in_channels` is 16, but 8 channels arrive from b',
    marked: '16',
    help: 'write `in_channels: 8`, or leave it out',
    related: ['a: 9x9x3 becomes 7x7x8: 9 - 3 + 1 = 7'],
  });
});

test('a vector has no rows to slide over', () => {
  const [found] = complaints([2, 2, 2], [
    { name: 'flat', op: 'flatten' },
    { name: 'c', op: 'conv', filters: 8, kernel: 1 },
  ]);
  expect(found).toMatchObject({ code: 'NL3011', message: 'c: a convolution needs a picture (HxWxC), but flat gives a vector of 8' });
  expect(found?.related).toEqual(['flat: 2x2x2 becomes 8']);
});
