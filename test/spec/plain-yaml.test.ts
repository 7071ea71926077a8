// The quick reader of plain YAML against the one that knows all of it: what the first reads, the second reads the same way,
// to the last place, and finds nothing wrong in. Texts are those that ship, those that are wrong, and both damaged.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { collect } from '../../compiler/source/catalog.ts';
import type { Source } from '../../compiler/source/source.ts';
import type { Written, WrittenEntry } from '../../compiler/spec/document.ts';
import { readPlainYaml } from '../../compiler/spec/plain-yaml.ts';
import { readAnyYaml } from '../../compiler/spec/yaml.ts';
import { randomFrom } from '../support/random.ts';
import { anyEdit } from './edits.ts';

const patience = 120_000;
const textsIn = (folder: URL): readonly string[] =>
  readdirSync(folder).filter((name) => name.endsWith('.yaml')).map((name) => readFileSync(new URL(name, folder), 'utf8'));
const shipped = textsIn(new URL('../../specs/', import.meta.url));
const wrong = textsIn(new URL('../invalid/', import.meta.url));

/** A tree with all its places, as text. */
function drawn({ value, span }: Written): unknown {
  const place = `${span.start}-${span.end}`;
  if (value instanceof Map) {
    return [place, [...(value as ReadonlyMap<string, WrittenEntry>)].map(([name, entry]) => [name, `${entry.key.start}-${entry.key.end}`, drawn(entry.value)])];
  }
  // JSON has no -0.
  return [place, Array.isArray(value) ? (value as readonly Written[]).map(drawn) : Object.is(value, -0) ? '-0' : value];
}

/** Whether the quick reader reads a text; if so, the other must agree. */
function agree(text: string): boolean {
  const source: Source = { path: 'plain.yaml', text };
  const plain = readPlainYaml(source);
  if (!plain) return false;
  const { report, diagnostics } = collect();
  const whole = readAnyYaml(source, report);
  expect(diagnostics.map(({ message }) => message), JSON.stringify(text)).toEqual([]);
  expect(whole?.flawed.size, JSON.stringify(text)).toBe(0);
  expect(JSON.stringify(drawn(plain.root)), JSON.stringify(text)).toBe(whole && JSON.stringify(drawn(whole.root)));
  return true;
}

test('every spec that ships is read quickly', () => {
  expect(shipped.map(agree)).toEqual(shipped.map(() => true));
});

test('so are the other ways to write the same', () => {
  const texts = [
    'a: 1',
    'a:\n- 1\n- b c\nd: 2\n',
    'a:\n  - 1\n  - { b: 2 }\n\n# and\nd: 2 # end\n\n# more\n',
    'a: [1, -2, +3, .5, 6., 1e-4, -0, 1_000, ~, null, NULL, true, False, "x: y", \'#\', ]\n',
    'a: { b: , c:  }\nd:   # nothing\ne:\n',
    'a: {\n  b: 1, # one\n\n  # two\n  c: [ 2,\n    3 ]\n  }\n',
    'a: a#b c:d = max(1, 2) ?\nb: ?x?x3\nc: 5x5x3\n',
    'a:\n  b:\n    c: {}\n    d: []\n  e: "f"   \n',
    'true: 1\nnull: 2\n_a.b-c: 3\n',
  ];
  for (const text of texts) expect(agree(text), text).toBe(true);
});

test('what is not plain, or wrong, is left to the other', () => {
  const texts = [
    '', '# nothing\n', 'a\n', '- a\n', ' a: 1\n', '{ a: 1 }\n', 'a: 1\n  b\n', 'a: 1\na: 2\n', 'a: &b 1\n', 'a: *b\n', 'a: |\n  b\n', 'a: !!int 1\n',
    'a:\n  b: 1\n c: 2\n', 'a: {\nb: 1 }\n', 'a: { b: 1\n}\n', 'a: [1 2\n  3]\n', 'a: { b }\n', 'a: b: c\n', 'a: { b: c: d }\n', 'a: "b\\n"\n', "a: 'it''s'\n",
    'a:\tb\n', 'a: b\r\n', '\uFEFFa: b\n', '---\na: b\n', 'a: b\n...\n', 'a: [1, ?]\n', 'a: { b: normal(0, 1) }\n', 'a: 0x10\n', 'a: .inf\n', '<<: { a: 1 }\n',
    'a: { b: 1, b: 2 }\n', 'a: [ , ]\n', 'a: {#b\n  }\n', 'a: {}#b\n', 'a: "b"#c\n', 'a: { "b": 1 }\n', 'a : 1\n', 'a:1\n', 'a:\n  - b: 1\n', `a: ${'['.repeat(30)}${']'.repeat(30)}\n`,
  ];
  for (const text of texts) expect(agree(text), text).toBe(false);
});

test('10,000 damaged specs', { timeout: patience }, () => {
  const random = randomFrom(7);
  const signs = Array.from('{}[]:,?-#"=() \n');
  let read = 0;
  for (let round = 0; round < 10_000; round++) {
    const text = random.of(round % 4 < 2 ? shipped : wrong);
    const at = random.below(text.length);
    const damaged = round % 2 === 0 ? anyEdit(text, random).text : text.slice(0, at) + random.of(signs) + text.slice(at + random.below(3));
    if (agree(damaged)) read++;
  }
  expect(read).toBeGreaterThan(3000);
});

test('20,000 texts of the signs that mean something', { timeout: patience }, () => {
  const random = randomFrom(8);
  const pieces = ['a', 'b1', 'c: ', 'd:\n', 'e', ': ', ' ', '  ', '\n', '\n  ', '\n    ', '- ', '{ ', '}', '[', ']', ', ', '# x\n', ' # y', '#', '?', '= 1', '-1', '2.5', '"q"', "'r'", '(', ')', 'x', '\u00A0', '\u2028'];
  let read = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = `${random.of(['', 'k: ', 'k:\n  '])}${Array.from({ length: random.below(12) }, () => random.of(pieces)).join('')}`;
    if (agree(text)) read++;
  }
  expect(read).toBeGreaterThan(1000);
});
