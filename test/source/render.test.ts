import { describe, expect, test } from 'vitest';
import type { Diagnostic } from '../../compiler/source/diagnostic.ts';
import { json } from '../../compiler/source/json.ts';
import { render } from '../../compiler/source/render.ts';
import type { Source, Span } from '../../compiler/source/source.ts';

const of = (text: string, path = 'a.yaml'): Source => ({ path, text });
const find = (source: Source, word: string, from = 0): Span => {
  const start = source.text.indexOf(word, from);
  return { source, start, end: start + word.length };
};
const wrong = (span: Span, label: string, more: Partial<Diagnostic> = {}): Diagnostic => ({
  code: 'NL9999',
  severity: 'error',
  message: 'conv2: 3 groups cannot share 256 filters evenly',
  span,
  label,
  related: [],
  ...more,
});

const spec = of(`${'\n'.repeat(18)}    filters: 256\n    pad: 2\n    groups: 3\n`, 'specs/alexnet.yaml');

test('two places of one file share a frame, in the order of the file', () => {
  const related = [{ span: find(spec, '256'), note: 'the filters to share' }];
  expect(render(wrong(find(spec, '3'), '256 / 3 leaves 1 over', { related, help: 'use a divisor of both' }))).toBe(
    [
      'error[NL9999]: conv2: 3 groups cannot share 256 filters evenly',
      '  ┌─ specs/alexnet.yaml:21:13',
      '19│     filters: 256',
      '  │              ─── the filters to share',
      '21│     groups: 3',
      '  │             ^ 256 / 3 leaves 1 over',
      'help: use a divisor of both',
      '',
    ].join('\n'),
  );
});

test('another file has a frame of its own, and the gutter fits the largest line number', () => {
  const base = of(`${'\n'.repeat(122)}norm1: 3\n`, 'base.yaml');
  const related = [{ span: find(base, 'norm1'), note: 'inherited from here' }];
  expect(render(wrong(find(spec, 'pad'), 'here', { related, severity: 'warning' })).split('\n').slice(0, -1)).toEqual([
    'warning[NL9999]: conv2: 3 groups cannot share 256 filters evenly',
    '   ┌─ specs/alexnet.yaml:20:5',
    ' 20│     pad: 2',
    '   │     ^^^ here',
    '   ┌─ base.yaml:123:1',
    '123│ norm1: 3',
    '   │ ───── inherited from here',
  ]);
});

test('several places of one line each have a mark of their own', () => {
  const source = of('a: { kernel: 3, kernel: 5 }');
  const related = [{ span: find(source, 'kernel'), note: 'first' }];
  expect(render(wrong(find(source, 'kernel', 10), 'again', { related })).split('\n').slice(2, -1)).toEqual([
    ' 1│ a: { kernel: 3, kernel: 5 }',
    '  │      ────── first',
    '  │                 ^^^^^^ again',
  ]);
});

describe('what a terminal shows', () => {
  test.each([
    ['tabs jump', 'a:\tbad', 'bad', '1:5', ' 1│ a:  bad', '  │     ^^^'],
    ['Chinese takes two columns', '名前: bad', 'bad', '1:7', ' 1│ 名前: bad', '  │       ^^^'],
    ['and is marked whole', 'x: 名前', '名前', '1:4', ' 1│ x: 名前', '  │    ^^^^'],
    ['so do emoji', 'x: 🚀 bad', 'bad', '1:7', ' 1│ x: 🚀 bad', '  │       ^^^'],
    ['families are one emoji', 'x: 👩‍👩‍👧 bad', 'bad', '1:7', ' 1│ x: 👩‍👩‍👧 bad', '  │       ^^^'],
    ['accents on their own take none', 'e\u0301: bad', 'bad', '1:4', ' 1│ e\u0301: bad', '  │    ^^^'],
    ['a byte order mark takes none', '\uFEFFx: bad', 'bad', '1:4', ' 1│ x: bad', '  │    ^^^'],
    ['escape sequences do not reach it', 'x: \u001B[2J bad', 'bad', '1:9', ' 1│ x: �[2J bad', '  │         ^^^'],
    ['nor does what turns the direction of writing', 'x\u202E: bad', 'bad', '1:5', ' 1│ x�: bad', '  │     ^^^'],
  ])('%s', (_, text, word, place, line, marks) => {
    const lines = render(wrong(find(of(text), word), 'x', { message: 'm' })).split('\n');
    expect(lines.slice(1, 4)).toEqual([`  ┌─ a.yaml:${place}`, line, `${marks} x`]);
  });

  test('the message and the path are made harmless too', () => {
    const shown = render(wrong(find(of('x', 'a\u001B[2J.yaml'), 'x'), '\u0007', { message: '\u001B[2J' }));
    expect(shown).not.toContain('\u001B');
    expect(shown).not.toContain('\u0007');
  });

  test('an empty place and the end of a file are marked', () => {
    const source = of('a: 1\n');
    expect(render(wrong({ source, start: 5, end: 5 }, '')).split('\n').slice(1, 4)).toEqual(['  ┌─ a.yaml:2:1', ' 2│', '  │ ^']);
  });

  test('a place of several lines is marked to the end of its first', () => {
    const source = of('a: |\n  b\nc: 1\n');
    expect(render(wrong({ source, start: 3, end: 9 }, 'text')).split('\n').slice(2, 4)).toEqual([' 1│ a: |', '  │    ^ text']);
  });

  test('a huge line is cut around the mark', () => {
    const source = of(`${'🚀'.repeat(500_000)}bad${'x'.repeat(500_000)}`);
    const [, head, line = '', marks = ''] = render(wrong(find(source, 'bad'), 'here')).split('\n');
    expect(head).toBe('  ┌─ a.yaml:1:1000001');
    expect(line.length).toBeLessThan(200);
    expect(line).toMatch(/^ 1│ …🚀+badx+…$/u);
    const columnsBefore = Array.from(line.slice(4, line.indexOf('bad'))).reduce((sum, character) => sum + (character === '🚀' ? 2 : 1), 0);
    expect(marks).toBe(`  │ ${' '.repeat(columnsBefore)}^^^ here`);
  });

  test('colours are only for those who ask', () => {
    const diagnostic = wrong(find(spec, '3'), 'x', { help: 'h' });
    expect(render(diagnostic)).not.toContain('\u001B');
    const coloured = render(diagnostic, { color: true });
    expect(coloured).toContain('\u001B[1;31merror[NL9999]\u001B[0m');
    // eslint-disable-next-line no-control-regex -- the colours are what is taken out
    expect(coloured.replace(/\u001B\[[\d;]*m/g, '')).toBe(render(diagnostic));
  });
});

test('as data: lines and columns from 1, in UTF-16 units, the end exclusive', () => {
  const source = of('x: 1\ny: 🚀 bad\n');
  const related = [{ span: find(source, 'x'), note: 'first' }];
  expect(json(wrong(find(source, 'bad'), 'label', { related }))).toEqual({
    code: 'NL9999',
    severity: 'error',
    message: 'conv2: 3 groups cannot share 256 filters evenly',
    file: 'a.yaml',
    range: { start: { line: 2, column: 7 }, end: { line: 2, column: 10 } },
    help: null,
    related: [{ file: 'a.yaml', range: { start: { line: 1, column: 1 }, end: { line: 1, column: 2 } }, message: 'first' }],
    fix: null,
  });
});
