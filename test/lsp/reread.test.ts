import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { reread } from '../../compiler/lsp/reread.ts';
import { collect } from '../../compiler/source/catalog.ts';
import type { Source } from '../../compiler/source/source.ts';
import type { Written } from '../../compiler/spec/document.ts';
import type { Tree } from '../../compiler/spec/tree.ts';
import { entriesOf } from '../../compiler/spec/place.ts';
import { readYaml } from '../../compiler/spec/yaml.ts';

const folder = new URL('../../specs/', import.meta.url);
const specs = readdirSync(folder).filter((name) => name.endsWith('.yaml')).map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }));

const block = `netloom: 1
params:
  width: 1   # of all layers
  depth: 2
layers:
  # the first
  a:
    op: conv
    filters: = 16 * width

    kernel: 3
  b: { op: maxpool, kernel: [2, 2],
       stride: 2 }
  c:
  "d": { op: dense, units: "= width" }

outputs: [d]
`;

/** A tree that YAML has nothing against; undefined where it has. */
function sound(source: Source): Tree | undefined {
  const { report, diagnostics } = collect();
  const tree = readYaml(source, report);
  return diagnostics.length === 0 ? tree : undefined;
}

const source = (text: string): Source => ({ path: 'spec.yaml', text });

/** A tree as text, every place included; no source but `expected` may be in it. */
function printed(written: Written, expected: Source): unknown {
  const place = (span: Written['span']): string => {
    expect(span.source).toBe(expected);
    return `${span.start}-${span.end}`;
  };
  const entries = entriesOf(written);
  if (entries) return { at: place(written.span), map: [...entries].map(([name, { key, value }]) => [name, place(key), printed(value, expected)]) };
  if (Array.isArray(written.value)) return { at: place(written.span), list: (written.value as readonly Written[]).map((item) => printed(item, expected)) };
  return { at: place(written.span), value: written.value };
}

/** The tree after replacing `what`, which is that of reading everything; undefined where everything has to be read. */
function after(text: string, what: string, by: string): Tree | undefined {
  const before = sound(source(text));
  const next = source(text.replace(what, () => by));
  if (!before || next.text === text) throw new Error(`'${what}' is not in a right text`);
  const again = reread(before, next);
  if (again) {
    const whole = sound(next);
    expect(whole && printed(again.root, next)).toEqual(whole && printed(whole.root, next));
    expect(whole).toBeDefined();
  }
  return again;
}

describe('an edit in one layer is read alone', () => {
  test.each([
    ['a word', 'kernel: 3', 'kernel: 11'],
    ['a key', '    kernel: 3\n', '    kernel: 3\n    stride: 2\n'],
    ['a name', '  a:', '  first:'],
    ['a layer more', '  c:', '  new: { op: relu }\n  c:'],
    ['a layer less', '  c:\n', ''],
    ['a comment', '# the first', '# the very first'],
    ['a comment behind', '    kernel: 3\n', '    kernel: 3\n  # the second\n'],
    ['a param', 'width: 1 ', 'width: 0.5 '],
    ['the last layer', 'units: "= width"', 'units: "= width * 2"'],
    ['several lines', 'kernel: [2, 2],\n       stride: 2', 'kernel: 3, stride: 2'],
    ['two layers', 'kernel: [2, 2],\n       stride: 2 }\n  c:', 'kernel: 4 }\n  d2:'],
  ])('%s', (_, what, by) => {
    expect(after(block, what, by)).toBeDefined();
  });
});

test('the same text read for another spec is only moved there', () => {
  const before = sound(source(block));
  const next = source(block);
  const again = before && reread(before, next);
  expect(again && printed(again.root, next)).toEqual(before && printed(before.root, before.root.span.source));
});

describe('everything is read where an edit may mean more', () => {
  test.each([
    ['a key of the spec', 'netloom: 1', 'netloom: 2'],
    ['a section', 'outputs:', 'check:'],
    ['two sections', 'depth: 2\nlayers:', 'depth: 3\nlayers:\n'],
    ['a brace left open', 'stride: 2 }', 'stride: 2'],
    ['a quote left open', '"d"', '"d'],
    ['a layer at another level', '  a:', '   a:'],
    ['a layer that is another’s', '  c:', '    c:'],
    ['a name that is taken', '  a:', '  c:'],
    ['a second document', '  c:\n', '  c:\n---\n'],
    ['the end of the document', '  c:\n', '  c:\n...\n'],
    ['an anchor', 'kernel: 3', 'kernel: &k 3'],
    ['a tab', '    kernel: 3', '\tkernel: 3'],
  ])('%s', (_, what, by) => {
    expect(after(block, what, by)).toBeUndefined();
  });
});

test('random edits of the specs give the tree that reading everything gives', () => {
  let state = 20120930;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % below;
  };
  const pieces = ['', '\n', ' ', '  ', '{', '}', ':', ',', '#', '"', '[', ']', '- ', 'x: 1', '\n  x: { op: relu }', '\n    y: 2\n', '= width', '|', '>', '?', '!', '\r\n', 'é'];
  let alone = 0;
  for (let round = 0; round < 500; round++) {
    const { text } = round % 5 === 0 ? { text: block } : (specs[random(specs.length)] ?? { text: block });
    const at = random(text.length);
    const what = text.slice(at, at + random(4) * random(3));
    const by = pieces[random(pieces.length)] ?? '';
    const next = source(text.slice(0, at) + by + text.slice(at + what.length));
    const before = sound(source(text));
    const again = before && reread(before, next);
    if (!again) continue;
    alone++;
    const whole = sound(next);
    if (!whole) throw new Error(`read alone, but wrong: ${JSON.stringify({ what, by, around: text.slice(at - 30, at + 30) })}`);
    expect(printed(again.root, next)).toEqual(printed(whole.root, next));
  }
  expect(alone).toBeGreaterThan(50);
});
