import { describe, expect, test } from 'vitest';
import { winogradMatrices, type Matrix } from '../../compiler/kernels/winograd-matrices.ts';

const apply = (matrix: Matrix, vector: readonly number[]): readonly number[] => matrix.map((row) => row.reduce((sum, value, i) => sum + value * (vector[i] ?? 0), 0));

describe.each([[2, 3], [3, 3], [4, 3], [5, 3], [6, 3], [2, 5], [4, 5], [3, 2], [1, 3]])('%i results of %i taps', (outputs, taps) => {
  const { input, filter, output } = winogradMatrices(outputs, taps);

  test('are those of sliding the filter over the input', () => {
    const d = Array.from({ length: outputs + taps - 1 }, (_, i) => Math.sin(7.3 * i + 1));
    const g = Array.from({ length: taps }, (_, i) => Math.cos(3.1 * i + 2));
    const [u, v] = [apply(filter, g), apply(input, d)];
    const found = apply(output, u.map((value, i) => value * (v[i] ?? 0)));
    const expected = Array.from({ length: outputs }, (_, k) => g.reduce((sum, weight, i) => sum + weight * (d[k + i] ?? 0), 0));
    expect(found).toHaveLength(outputs);
    for (const [k, value] of found.entries()) expect(value).toBeCloseTo(expected[k] ?? NaN, 12);
  });
});

test('two of three taps are as Lavin and Gray write them, but for the signs of a place', () => {
  const { input, filter, output } = winogradMatrices(2, 3);
  expect(input).toEqual([[-1, 0, 1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]].map((row) => row.map((value) => expect.closeTo(value, 15) as number)));
  expect(filter).toEqual([[-1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]].map((row) => row.map((value) => expect.closeTo(value, 15) as number)));
  expect(output).toEqual([[1, 1, 1, 0], [0, 1, -1, 1]]);
});

test('a tile of more inputs than there are points is refused', () => {
  expect(() => winogradMatrices(7, 3)).toThrow('a tile of 9 inputs');
});
