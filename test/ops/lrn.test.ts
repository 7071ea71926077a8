import { expect, test } from 'vitest';
import { complaints, evaluate, layer } from '../support/layer.ts';

const lrn = { op: 'lrn', size: 3, alpha: 0.5, beta: 0.75, k: 2, reduce: 'sum' };

test('it divides by the squares of the neighbouring channels', () => {
  const y = evaluate([1, 1, 4], [1, 2, 3, 4], lrn);
  const expected = [1 / (2 + 0.5 * 5) ** 0.75, 2 / (2 + 0.5 * 14) ** 0.75, 3 / (2 + 0.5 * 29) ** 0.75, 4 / (2 + 0.5 * 25) ** 0.75];
  y.forEach((value, i) => { expect(value).toBeCloseTo(expected[i] ?? NaN, 14); });
});

test('a mean divides by size at the edges too, in the lowering already', () => {
  const [edge] = evaluate([1, 1, 2], [1, 2], { ...lrn, reduce: 'mean' });
  expect(edge).toBeCloseTo(1 / (2 + (0.5 / 3) * 5) ** 0.75, 14);
  expect(layer([1, 1, 2], { ...lrn, reduce: 'mean' }).lowering).toEqual({ kind: 'lrn', size: 3, alpha: 0.5 / 3, beta: 0.75, k: 2 });
  expect(layer([1, 1, 2], lrn).lowering).toMatchObject({ alpha: 0.5 });
});

test('an even size is an error with both neighbours, and followers are judged all the same', () => {
  const found = complaints([4, 4, 3], [{ name: 'n', ...lrn, size: 4 }, { name: 'p', op: 'maxpool', kernel: 5 }]);
  expect(found).toMatchObject([{ code: 'NL3006', message: 'n: a size of 4 channels has no middle', marked: '4' }, { code: 'NL3001' }]);
  expect(found[0]?.help).toContain('`size: 3` or `size: 5`');
});

test.each([
  [{ alpha: -0.5 }, '-0.5', 'the sum of 3 squares is above 4'],
  [{ alpha: -0.5, k: 0 }, '-0.5', 'the sum of 3 squares is above 0'],
  [{ alpha: -0.5, beta: 2, reduce: 'mean' }, '-0.5', 'the mean of 3 squares is above 4'],
  [{ k: -1 }, '-1', 'the sum of 3 squares is below 2'],
  [{ k: -1, alpha: 0 }, '-1', 'anything arrives'],
  [{ k: 0 }, '0', 'all of 3 channels are 0'],
  [{ k: 0, alpha: 0 }, '0', 'a 0 arrives'],
] as const)('%j makes NaN', (other, marked, where) => {
  expect(complaints([4, 4, 3], [{ name: 'n', ...lrn, ...other }])).toMatchObject([{ code: 'NL3025', message: `n gives NaN where ${where}`, marked }]);
});

test.each([{ alpha: 0 }, { k: 1e-9 }, { alpha: -0.5, beta: 0 }, { k: -1, beta: 1 }, { k: 0, beta: -1 }])('%j makes none', (other) => {
  expect(complaints([4, 4, 3], [{ name: 'n', ...lrn, ...other }])).toEqual([]);
});

test('an input that makes NaN is one as the warning says', () => {
  const made = (input: number, other: object): number => evaluate([1, 1, 1], [input], { ...lrn, ...other })[0] ?? 0;
  expect([made(2.01, { alpha: -0.5 }), made(1.99, { alpha: -0.5 }), made(1.41, { k: -1 }), made(1.42, { k: -1 }), made(0, { k: 0 }), made(1, { k: 0 })].map(Number.isNaN)).toEqual([true, false, true, false, true, false]);
});
