import { expect, test } from 'vitest';
import { evaluate, layer } from '../support/layer.ts';

test('a picture becomes a vector, channel by channel', () => {
  const node = layer([2, 2, 3], { op: 'flatten' });
  expect(node).toMatchObject({ shape: [12], flops: 0, lowering: { kind: 'view' } });
  expect(evaluate([1, 2, 2], [1, 10, 2, 20], { op: 'flatten' })).toEqual([1, 2, 10, 20]);
});

test('a vector stays what it is', () => {
  expect(layer([7], { op: 'flatten' }).shape).toEqual([7]);
});
