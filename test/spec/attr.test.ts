import { describe, expect, test } from 'vitest';
import type { Attr, AttrContext } from '../../compiler/spec/attr.ts';
import { flag, int, number, oneOf, optional, padding, pair, sameAs } from '../../compiler/spec/attr.ts';
import type { Written } from '../../compiler/spec/document.ts';

const span = { source: { path: 'spec.yaml', text: '' }, start: 0, end: 0 };
const written = (value: unknown): Written => ({ value: Array.isArray(value) ? value.map(written) : (value as Written['value']), span });

/** The value, or what was said; a string of digits is read as the front end would. */
function convert<T>(attr: Attr<T>, value: unknown): T | string | undefined {
  const said: string[] = [];
  const context: AttrContext = {
    number: ({ value }) => (typeof value === 'number' ? value : Number((value as string).replace(/^=/, '').replaceAll('_', ''))),
    wrong: (_, expected) => said.push(expected),
  };
  return attr.convert(written(value), context) ?? said.join();
}

test('a whole number, written in any way', () => {
  const attr = int({ min: 1 }, 'How many.', 1);
  expect(attr).toMatchObject({ expected: 'a whole number, at least 1', description: 'How many.', fallback: { value: 1 } });
  expect([3, '1_000', '= 12'].map((value) => convert(attr, value))).toEqual([3, 1000, 12]);
  expect([0, 2.5, true, [3], NaN].map((value) => convert(attr, value))).toEqual(Array(5).fill('a whole number, at least 1'));
});

test('a number between bounds that may be reached or not', () => {
  const rate = number({ min: 0, below: 1 });
  expect([0, 0.5, 1, -0.1, Infinity].map((value) => convert(rate, value))).toEqual([0, 0.5, ...Array<string>(3).fill('a number, at least 0, below 1')]);
  expect(convert(number({ above: 0, max: 2 }), 0)).toBe('a number, above 0, at most 2');
});

test('a pair is one number for both, or height and width', () => {
  const attr = pair(int({ min: 1 }), 'Size.', sameAs('kernel'));
  expect(attr.fallback).toEqual({ sameAs: 'kernel' });
  expect(convert(attr, 3)).toEqual([3, 3]);
  expect(convert(attr, [3, '= 5'])).toEqual([3, 5]);
  expect(convert(attr, [3, 0])).toBe('a whole number, at least 1');
  expect(convert(attr, [1, 2, 3])).toBe('a whole number, at least 1, or two of them as [height, width]');
  expect(pair(int({ min: 1 }), 'Size.', 2).fallback).toEqual({ value: [2, 2] });
});

describe('padding', () => {
  const attr = padding('Cells around.');
  test.each([
    [2, [2, 2, 2, 2]],
    [[1, 2], [1, 2, 1, 2]],
    [[1, 2, 3, 4], [1, 2, 3, 4]],
    ['same', 'same'],
  ])('%j', (value, expected) => {
    expect(convert(attr, value)).toEqual(expected);
  });

  test('of three numbers, or of none, is refused', () => {
    expect(convert(attr, [1, 2, 3])).toContain('or `same`');
    expect(convert(attr, [])).toContain('or `same`');
    expect(convert(attr, true)).toContain('or `same`');
    expect(attr.fallback).toEqual({ value: [0, 0, 0, 0] });
  });
});

test('words, flags, and what may be left out', () => {
  const reduce = oneOf(['sum', 'mean'], 'How.');
  expect(reduce).not.toHaveProperty('fallback');
  expect([convert(reduce, 'mean'), convert(reduce, 'max')]).toEqual(['mean', '`sum` or `mean`']);
  const bias = flag('Whether.', true);
  expect([convert(bias, false), convert(bias, 'no')]).toEqual([false, '`true` or `false`']);
  expect(optional(int()).fallback).toEqual({ value: undefined });
});

test('the schema says what may be written, what it is for, and what stands for it', () => {
  expect(int({ min: 1 }, 'How many.', 1).schema).toMatchObject({
    description: 'How many.',
    default: 1,
    anyOf: [{ type: 'integer', minimum: 1 }, { type: 'string' }],
  });
  const [, text] = int().schema['anyOf'] as readonly { readonly pattern?: string }[];
  const pattern = new RegExp(text?.pattern ?? '^$');
  expect(['1_000', '1k', '64 MiB', '1e-4', '= 96 * width', '-3'].every((value) => pattern.test(value))).toBe(true);
  expect(['many', '3x3', ''].some((value) => pattern.test(value))).toBe(false);
  expect(oneOf(['a', 'b'], 'Which.', 'a').schema).toEqual({ description: 'Which.', enum: ['a', 'b'], default: 'a' });
  expect(padding('Cells.').schema).toMatchObject({ default: 0, anyOf: expect.arrayContaining([{ const: 'same' }]) as unknown });
});
