// Texts that nobody wrote, for the readers of YAML, expressions and shapes: 100,000 of them, random and grown from the
// grammars. None may crash a reader; one that its grammar makes must be read.

import { expect, test } from 'vitest';
import { collect } from '../../compiler/source/catalog.ts';
import type { Source } from '../../compiler/source/source.ts';
import type { Names } from '../../compiler/spec/evaluate.ts';
import { parseExpression, readLiteral, readShape } from '../../compiler/spec/expression.ts';
import { readExpression } from '../../compiler/spec/number.ts';
import { shapeOf } from '../../compiler/spec/shape.ts';
import { readYaml } from '../../compiler/spec/yaml.ts';
import { randomFrom, type Random } from '../support/random.ts';

const patience = 120_000;
const signs = Array.from('{}[]:,?-#&*!|>\'"%@`=()x×0123456789 \n\t_.eEkMGiBandortifé\u0000\uFEFF\u2028🚀~');
const noise = ({ below, of }: Random, longest: number): string => Array.from({ length: below(longest) }, () => of(signs)).join('');

const values: ReadonlyMap<string, number> = new Map([['n', 4], ['wide', 0.5], ['long-name', 1e9]]);
const names: Names = { has: (name) => values.has(name), get: (name) => values.get(name), keys: () => values.keys() };
const sourceOf = (text: string): Source => ({ path: 'fuzz.yaml', text });

/** Reads text as the value of a key, and returns what is said of it. */
function evaluated(text: string): { readonly value: unknown; readonly said: number } {
  const source = sourceOf(text);
  const { report, diagnostics } = collect();
  const value = readExpression({ value: text, span: { source, start: 0, end: text.length } }, names, report);
  for (const { span, message } of diagnostics) {
    expect(span.start).toBeLessThanOrEqual(text.length);
    expect(message).not.toMatch(/undefined|NaN|\[object/);
  }
  return { value, said: diagnostics.length };
}

/** An expression of the grammar, whatever it is worth. */
function grown(random: Random, depth: number): string {
  const { below, of } = random;
  const inner = (): string => grown(random, depth - 1);
  const blank = (): string => of(['', ' ', '  ']);
  if (depth === 0 || below(4) === 0) return of(['1', '0', '1_000', '2.5', '.5', '1e-4', '3k', '256MiB', 'n', 'wide', 'long-name', '6x6x?', '4 × 4 × 3']);
  switch (below(5)) {
    case 0:
      return `(${inner()}${blank()}${of(['+', '-', '*', '/', '//', '%', '**', 'and', 'or', '==', '<', '>=', '!='].map((sign) => ` ${sign} `))}${inner()})`;
    case 1:
      return `${of(['-', '+', '- -'])}${inner()}`;
    case 2:
      return `${of(['min', 'max', 'round', 'floor', 'ceil', 'if', 'shape'])}(${Array.from({ length: below(4) }, inner).join(`,${blank()}`)})`;
    case 3:
      return `(${blank()}${of(['not ', ''])}${inner()}${blank()})`;
    default:
      return `${inner()} * ${inner()}`;
  }
}

test('30,000 expressions that the grammar makes are read, and are worth something or told of', { timeout: patience }, () => {
  const random = randomFrom(1);
  let worth = 0;
  for (let round = 0; round < 30_000; round++) {
    const text = grown(random, 1 + random.below(4));
    const parsed = parseExpression(text);
    // `not` makes a condition: the grammar has no arithmetic with one.
    if (!('tree' in parsed)) {
      expect(text).toMatch(/[-+*%/<>=]\s*\(?\s*not |\*\* *[-+]|[-+] *\(?not/);
      continue;
    }
    const { value, said } = evaluated(text);
    expect(value === undefined ? said > 0 : said === 0, text).toBe(true);
    if (value !== undefined) worth++;
  }
  expect(worth).toBeGreaterThan(5000);
});

test('30,000 random expressions', { timeout: patience }, () => {
  const random = randomFrom(2);
  for (let round = 0; round < 30_000; round++) {
    const text = random.below(2) === 0 ? noise(random, 30) : grown(random, 3).replace(random.of(signs), random.of(signs));
    const { value, said } = evaluated(text);
    expect(value === undefined ? said > 0 : said === 0, JSON.stringify(text)).toBe(true);
  }
});

test('30,000 shapes and numbers, half of them right', { timeout: patience }, () => {
  const random = randomFrom(3);
  const { below, of } = random;
  for (let round = 0; round < 30_000; round++) {
    const sizes = Array.from({ length: of([1, 3]) }, () => of(['?', String(1 + below(5000))]));
    const right = sizes.join(of(['x', ' x ', '×', ' × ']));
    const text = below(2) === 0 ? right : right.slice(0, below(right.length)) + of(signs) + right.slice(below(right.length));
    const shape = readShape(text);
    if (text === right) expect(shape?.join('x')).toBe(sizes.join('x'));
    const number = readLiteral(text);
    expect(number === undefined || typeof number === 'number').toBe(true);
    const source = sourceOf(text);
    const { report, diagnostics } = collect();
    const read = shapeOf({ value: text, span: { source, start: 0, end: text.length } }, true, { where: 'a', expected: 'a shape', names, report });
    expect(read === undefined ? diagnostics.length > 0 : diagnostics.length === 0, text).toBe(true);
  }
});

test('10,000 texts as YAML', { timeout: patience }, () => {
  const random = randomFrom(4);
  const pieces = ['a: ', '- ', '{ ', ' }', '[', ']', '"', "'", '&a ', '*a', '<<: ', '? ', '|\n', '>-\n', '\n', '\n  ', '# ', '!!int ', '---\n', '...\n', '%YAML 1.2\n', ', ', '\\u0041', '\t', '\r\n', '1', 'x'];
  for (let round = 0; round < 10_000; round++) {
    const text = random.below(2) === 0 ? noise(random, 80) : Array.from({ length: random.below(30) }, () => random.of(pieces)).join('');
    const { report, diagnostics } = collect();
    const tree = readYaml(sourceOf(text), report);
    expect(tree !== undefined || diagnostics.length > 0, JSON.stringify(text)).toBe(true);
    for (const { span } of diagnostics) expect(span.start).toBeLessThanOrEqual(text.length);
  }
});
