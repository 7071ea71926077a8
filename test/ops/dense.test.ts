import { expect, test } from 'vitest';
import { complaints, evaluate, layer } from '../support/layer.ts';

test('its shape, weights and cost are those of fc6', () => {
  const node = layer([6, 6, 256], { op: 'dense', units: 4096 });
  expect(node.shape).toEqual([4096]);
  expect(node.params.map(({ name, shape }) => [name, shape])).toEqual([
    ['layer.weight', [4096, 9216]],
    ['layer.bias', [4096]],
  ]);
  expect(node.macs).toBe(37_748_736);
  expect(node.flops).toBe(2 * 37_748_736 + 4096);
  expect(node.lowering).toEqual({ kind: 'dense', weight: 'layer.weight', bias: 'layer.bias' });
});

test('it reads a picture channel by channel', () => {
  // Two pixels of two channels: channel 0 holds 1 2, channel 1 holds 10 20.
  const y = evaluate([1, 2, 2], [1, 10, 2, 20], { op: 'dense', units: 2 }, { weight: [1, 0, 0, 0, 1, 2, 3, 4], bias: [0, 0.5] });
  expect(y).toEqual([1, 1 + 4 + 30 + 80 + 0.5]);
});

test('without a bias it has and names none', () => {
  const node = layer([3], { op: 'dense', units: 2, bias: false });
  expect(node.params.map(({ name }) => name)).toEqual(['layer.weight']);
  expect(node.lowering).not.toHaveProperty('bias');
});

test('other features than written are told with their number, and the layers behind are still judged', () => {
  const found = complaints([2, 2, 3], [
    { name: 'fc1', op: 'dense', units: 8, in_features: 27 },
    { name: 'fc2', op: 'dense', units: 8, in_features: 9 },
  ]);
  expect(found).toMatchObject([
    { code: 'NL3008', message: 'fc1: `in_features` is 27, but 2x2x3 = 12 values arrive from x', marked: '27', label: 'x gives 2x2x3 = 12' },
    { code: 'NL3008', message: 'fc2: `in_features` is 9, but 8 values arrive from fc1', help: 'write `in_features: 8`, or leave it out' },
  ]);
  expect(found[0]?.help).toBe('give x as 3x3x3: then it fits; otherwise write `in_features: 12`, or leave it out');
});
