import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { collect } from '../../compiler/source/catalog.ts';
import { format } from '../../compiler/spec/format.ts';

/** The text in its usual form; undefined where it is not YAML. */
function formatted(text: string): string | undefined {
  const { report, diagnostics } = collect();
  const result = format({ path: 'spec.yaml', text }, report);
  expect(result === undefined).toBe(diagnostics.some(({ severity }) => severity === 'error'));
  return result;
}

test.each(readdirSync(new URL('../../specs/', import.meta.url)).filter((name) => name.endsWith('.yaml')))('specs/%s has it', (name) => {
  const text = readFileSync(new URL(`../../specs/${name}`, import.meta.url), 'utf8');
  expect(formatted(text)).toBe(text);
});

test.each<readonly [why: string, before: string, after: string]>([
  ['blanks after colons and commas, in braces and brackets', 'a:   {x: 1,y : [ 1,2 ],z: {  }, w: [ ]}', 'a: { x: 1, y: [1, 2], z: {}, w: [] }\n'],
  ['two blanks a level', 'a:\n     b:\n        c: 1\n     d: 2\n', 'a:\n  b:\n    c: 1\n  d: 2\n'],
  ['lists stand in', 'a:\n- 1\n-   b: 2\n    c: 3\n', 'a:\n  - 1\n  - b: 2\n    c: 3\n'],
  ['blanks at the end, empty lines too many, none at the start', '\n\na: 1  \n\n\n\nb: 2\n\n\n', 'a: 1\n\nb: 2\n'],
  ['line ends', 'a: 1\r\nb: 2\r\n\r\nc: 3', 'a: 1\nb: 2\n\nc: 3\n'],
  ['a byte order mark', '\uFEFFa: 1\n', 'a: 1\n'],
  ['numbers, quotes and order as written', 'z: 1_000\na: 1e-4\nb: 0x10\nc: 0.50\nd: "x"\ne: \'x\'\nf: = 96  *  width', 'z: 1_000\na: 1e-4\nb: 0x10\nc: 0.50\nd: "x"\ne: \'x\'\nf: = 96  *  width\n'],
  ['the column of a comment, where it is free', 'a:    1      # one\nbb: 2        # two\nccc: { d: 1,e: 2,f: 3 } # three', 'a: 1         # one\nbb: 2        # two\nccc: { d: 1, e: 2, f: 3 } # three\n'],
  ['comments of their own stand with what follows', 'a:\n      # about b\n      b: 1\n   # about nothing\n# about c\nc: 2\n', 'a:\n  # about b\n  b: 1\n# about nothing\n# about c\nc: 2\n'],
  ['anchors and aliases', 'a: &x   1\nb:  *x\nc: [ *x,&y  {d: 1} ]', 'a: &x 1\nb: *x\nc: [*x, &y { d: 1 }]\n'],
  ['text over several lines', 'a: "one\n        two"\nb: |   # kept\n        x\n         y\n\n        z\nc: >-\n    folded\n\n\n    text\n', 'a: "one\n  two"\nb: |   # kept\n  x\n   y\n\n  z\nc: >-\n  folded\n\n\n  text\n'],
  ['braces over several lines', 'a: {\n  x: 1, # one\n        y: [1,\n 2]\n }\n', 'a: {\n    x: 1, # one\n    y: [1,\n      2]\n  }\n'],
])('%s', (_, before, after) => {
  const once = formatted(before);
  expect(once).toBe(after);
  expect(formatted(after)).toBe(after);
});

describe('layers', () => {
  test('are lined up from one empty line to the next', () => {
    const before = `layers:
  a: {op: conv}
  # a comment parts nothing
  longer:   { op: relu }

  b:    { op: conv }
  several: { op: conv,
    kernel: 3 }
  c:    { op: conv }
`;
    expect(formatted(before)).toBe(`layers:
  a:      { op: conv }
  # a comment parts nothing
  longer: { op: relu }

  b: { op: conv }
  several: { op: conv,
      kernel: 3 }
  c: { op: conv }
`);
  });

  test('of blocks, too; other maps are not', () => {
    const blocks = 'blocks:\n  fire:\n    layers:\n      a: { op: conv }\n      bbb: { op: conv }\ntrain:\n  a: { x: 1 }\n  bbb: { x: 1 }\n';
    expect(formatted(blocks)).toBe(blocks.replace('      a: {', '      a:   {'));
  });
});

test('what is not YAML is left to its author', () => {
  expect(formatted('a: [1\n')).toBeUndefined();
  expect(formatted('')).toBeUndefined();
});

test('any YAML comes out the same but for blanks, and comes out once and for all', () => {
  const folder = new URL('../invalid/', import.meta.url);
  let seen = 0;
  let state = 7;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.yaml'))) {
    const text = readFileSync(new URL(name, folder), 'utf8');
    // Blanks and comments put in where they may stand, and where they may not.
    for (let round = 0; round < 4; round++) {
      const lines = text.split('\n');
      const at = random(lines.length);
      const odd = [`${lines[at] ?? ''}   # odd`, `  ${lines[at] ?? ''}`, (lines[at] ?? '').replaceAll(', ', ',\n      '), `\n\n# odd\n${lines[at] ?? ''}`][round] ?? '';
      const once = formatted(lines.with(at, odd).join('\n'));
      if (once === undefined) continue;
      seen++;
      expect(formatted(once)).toBe(once);
    }
  }
  expect(seen).toBeGreaterThan(300);
});
