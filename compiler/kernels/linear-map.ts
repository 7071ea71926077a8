// A small matrix that is known, times a vector of variables, as few operations as its symmetry allows: rows that differ in
// the signs of some terms share the others' sum, and so do columns.

import type { Matrix } from './winograd-matrices.ts';
import { f, type Lines } from './wgsl.ts';

interface Term {
  readonly factor: number;
  readonly name: string;
}

/** `matrix` times the values called `names`: `lines` work it out, and `results` name what comes out, row by row. */
export function linearMap(matrix: Matrix, names: readonly string[]): { readonly lines: Lines; readonly results: readonly string[] } {
  const lines: string[] = [];
  const share = (name: string, terms: readonly Term[]): string => {
    lines.push(`let ${name} = ${sum(terms)};`);
    return name;
  };
  const columns = mirroredColumns(matrix);
  if (columns.length > 0) {
    const paired = new Set(columns.flat());
    const halves = columns.map(([a, b], index) => ({
      a,
      plus: share(`plus_${index}`, [{ factor: 1, name: names[a] ?? '' }, { factor: 1, name: names[b] ?? '' }]),
      minus: share(`minus_${index}`, [{ factor: 1, name: names[a] ?? '' }, { factor: -1, name: names[b] ?? '' }]),
      b,
    }));
    const results = matrix.map((row, index) => {
      const terms = halves.map(({ a, b, plus, minus }): Term => ({ factor: row[a] ?? 0, name: row[a] === row[b] ? plus : minus }));
      const alone = row.flatMap((factor, column) => (paired.has(column) ? [] : [{ factor, name: names[column] ?? '' }]));
      return share(`t_${index}`, [...alone, ...terms]);
    });
    return { lines, results };
  }
  const results: string[] = [];
  for (let index = 0; index < matrix.length; index++) {
    const [row, next] = [matrix[index] ?? [], matrix[index + 1]];
    const terms = row.map((factor, column): Term => ({ factor, name: names[column] ?? '' }));
    if (next !== undefined && isMirror(row, next)) {
      const same = share(`same_${index}`, terms.filter((_, column) => row[column] === next[column]));
      const opposite = share(`opposite_${index}`, terms.filter((_, column) => row[column] !== next[column]));
      results.push(share(`t_${index}`, [{ factor: 1, name: same }, { factor: 1, name: opposite }]));
      results.push(share(`t_${index + 1}`, [{ factor: 1, name: same }, { factor: -1, name: opposite }]));
      index++;
    } else {
      results.push(share(`t_${index}`, terms));
    }
  }
  return { lines, results };
}

/** Whether two rows (or columns) are the same but for the signs of some, not of all, of what is not zero. */
function isMirror(a: readonly number[], b: readonly number[]): boolean {
  const same = a.filter((value, index) => value !== 0 && value === b[index]).length;
  const opposite = a.filter((value, index) => value !== 0 && value === -(b[index] ?? 0)).length;
  return same > 0 && opposite > 0 && a.every((value, index) => Math.abs(value) === Math.abs(b[index] ?? 0));
}

/** Neighbouring columns that mirror each other, where there are fewer rows than columns. */
function mirroredColumns(matrix: Matrix): readonly (readonly [number, number])[] {
  const width = matrix[0]?.length ?? 0;
  if (matrix.length >= width) return [];
  const column = (index: number): readonly number[] => matrix.map((row) => row[index] ?? 0);
  const pairs: (readonly [number, number])[] = [];
  for (let index = 0; index + 1 < width; index++) {
    if (!isMirror(column(index), column(index + 1))) continue;
    pairs.push([index, index + 1]);
    index++;
  }
  return pairs;
}

function sum(terms: readonly Term[]): string {
  const some = terms.filter(({ factor }) => factor !== 0);
  return some.reduce((text, { factor, name }, index) => {
    const size = Math.abs(factor) === 1 ? name : `${f(Math.abs(factor))} * ${name}`;
    if (index === 0) return factor < 0 ? `-${size}` : size;
    return `${text} ${factor < 0 ? '-' : '+'} ${size}`;
  }, '') || '0.0';
}
