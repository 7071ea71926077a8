import { expect, test } from 'vitest';
import { evaluate, layer } from '../support/layer.ts';

test('at inference it does nothing and costs nothing', () => {
  const node = layer([2, 1, 2], { op: 'dropout', rate: 0.5 });
  expect(node).toMatchObject({ shape: [2, 1, 2], params: [], macs: 0, flops: 0, lowering: { kind: 'view' } });
  expect(evaluate([2, 1, 2], [1, 2, 3, 4], { op: 'dropout' })).toEqual([1, 2, 3, 4]);
});

test('a rate of everything is refused', () => {
  expect(() => layer([2], { op: 'dropout', rate: 1 })).toThrow('a number, at least 0, below 1');
});
