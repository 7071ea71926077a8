import { expect, test } from 'vitest';
import { complaints, evaluate, layer } from '../support/layer.ts';

test('it leaves one pixel of means', () => {
  const node = layer([4, 5, 7], { op: 'global_avgpool' });
  expect(node.shape).toEqual([1, 1, 7]);
  expect(node.lowering).toMatchObject({ kind: 'pool', combine: 'mean', window: { kernel: [4, 5], before: [0, 0] } });
  expect(evaluate([1, 2, 2], [1, 10, 3, 30], { op: 'global_avgpool' })).toEqual([2, 20]);
});

test('a vector has no picture to average over', () => {
  expect(complaints([1, 1, 3], [{ name: 'f', op: 'flatten' }, { name: 'g', op: 'global_avgpool' }])[0]?.code).toBe('NL3011');
});
