import { expect, test } from 'vitest';
import { complaints, evaluateAll } from '../support/layer.ts';

test('it adds as many inputs as it is given', () => {
  const layers = [{ name: 'double', op: 'add', from: ['x', 'x'] }, { name: 'sum', op: 'add', from: ['x', 'double', 'x'] }];
  expect(evaluateAll([1, 1, 3], [1, 2, 3], layers)).toEqual([4, 8, 12]);
});

test('unequal channels are told with the convolution that would mend them', () => {
  const found = complaints([4, 4, 3], [
    { name: 'a', op: 'conv', filters: 8, kernel: 1 },
    { name: 's', op: 'add', from: ['a', 'x'] },
  ]);
  expect(found).toMatchObject([
    {
      code: 'NL3012',
      message: 's: cannot add a (4x4x8) and x (4x4x3)',
      help: 'give both as many channels: a convolution with `kernel: 1, filters: 8` after x makes it 4x4x8',
    },
  ]);
});

test('a branch that shrank is told with the padding that keeps it', () => {
  const [found] = complaints([8, 8, 3], [
    { name: 'a', op: 'conv', filters: 3, kernel: 3 },
    { name: 's', op: 'add', from: ['a', 'x'] },
  ]);
  expect(found?.help).toBe('write `pad: 1` in a: then a gives 8x8x3');
  expect(found?.related).toContain('a: 8x8x3 becomes 6x6x3: 8 - 3 + 1 = 6');
});

test('one input is not enough', () => {
  expect(complaints([4, 4, 3], [{ name: 's', op: 'add' }])).toMatchObject([
    { code: 'NL3013', message: 's: adding takes two or more inputs, not 1', help: 'name them: `from: [x, other]`' },
  ]);
});
