import { expect, test } from 'vitest';
import { linearMap } from '../../compiler/kernels/linear-map.ts';
import { winogradMatrices } from '../../compiler/kernels/winograd-matrices.ts';

/** What the lines work out, where WGSL and JavaScript mean the same. */
function evaluate(matrix: readonly (readonly number[])[], values: readonly number[]): readonly number[] {
  const names = values.map((_, index) => `v${index}`);
  const { lines, results } = linearMap(matrix, names);
  const known = new Map(values.map((value, index) => [`v${index}`, value]));
  for (const line of lines) {
    const [, name = '', right = ''] = /^let (\w+) = (.*);$/.exec(String(line)) ?? [];
    known.set(name, sumOf(right, known));
  }
  return results.map((name) => known.get(name) ?? NaN);
}

/** A sum of products of a number and a name. */
function sumOf(text: string, known: ReadonlyMap<string, number>): number {
  const terms = text.replace(/^-/, '- ').replace(/^(?!- )/, '+ ').matchAll(/([+-]) (?:([\d.]+) \* )?(\w[\w.]*)/g);
  let sum = 0;
  for (const [, sign, factor = '1', name = ''] of terms) sum += (sign === '-' ? -1 : 1) * Number(factor) * (known.get(name) ?? Number(name));
  return sum;
}

test.each([[4, 3], [4, 5], [2, 3], [5, 3]])('is the product with the matrix: %i of %i', (outputs, taps) => {
  const matrices = winogradMatrices(outputs, taps);
  for (const matrix of [matrices.input, matrices.output]) {
    const values = Array.from({ length: matrix[0]?.length ?? 0 }, (_, index) => (index % 2 === 0 ? 1 : -3) * (index + 2));
    const expected = matrix.map((row) => row.reduce((sum, factor, index) => sum + factor * (values[index] ?? 0), 0));
    expect(evaluate(matrix, values)).toEqual(expected.map((value) => expect.closeTo(value, 9) as number));
  }
});

test('rows that mirror each other share their halves', () => {
  expect(linearMap([[4, 0, -5], [1, 2, 1], [1, -2, 1]], ['a', 'b', 'c'])).toEqual({
    lines: ['let t_0 = 4.0 * a - 5.0 * c;', 'let same_1 = a + c;', 'let opposite_1 = 2.0 * b;', 'let t_1 = same_1 + opposite_1;', 'let t_2 = same_1 - opposite_1;'],
    results: ['t_0', 't_1', 't_2'],
  });
});

test('columns that mirror each other are added and subtracted once', () => {
  expect(linearMap([[1, 1, 1], [0, 2, -2]], ['a', 'b', 'c'])).toEqual({
    lines: ['let plus_0 = b + c;', 'let minus_0 = b - c;', 'let t_0 = a + plus_0;', 'let t_1 = 2.0 * minus_0;'],
    results: ['t_0', 't_1'],
  });
});
