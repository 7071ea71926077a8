import { expect, test } from 'vitest';
import type { Source } from '../../compiler/source/source.ts';
import { lineText, offsetAt, positionAt, textOf } from '../../compiler/source/source.ts';

const of = (text: string): Source => ({ path: 'a.yaml', text });

test.each([
  ['line feeds', 'ab\ncd\n', 4, { line: 2, column: 2 }],
  ['Windows line ends', 'ab\r\ncd', 5, { line: 2, column: 2 }],
  ['old Mac line ends', 'ab\rcd', 3, { line: 2, column: 1 }],
  ['a line end itself', 'ab\ncd', 2, { line: 1, column: 3 }],
  ['the end', 'ab\n', 3, { line: 2, column: 1 }],
  ['past the end', 'ab', 9, { line: 1, column: 3 }],
  ['UTF-16 units: an emoji is two', '🚀b', 2, { line: 1, column: 3 }],
  ['a byte order mark is no column', '\uFEFFab\ncd', 2, { line: 1, column: 2 }],
])('an offset is a line and a column: %s', (_, text, offset, position) => {
  expect(positionAt(of(text), offset)).toEqual(position);
});

test('every offset comes back', () => {
  for (const text of ['', 'a', 'ab\ncd\n\nx', 'ab\r\ncd\r\n', '\uFEFFa\nb']) {
    const source = of(text);
    for (let offset = text.startsWith('\uFEFF') ? 1 : 0; offset < text.length; offset++) {
      // Inside a line end there is no column to name.
      if (text[offset] !== '\n') expect(offsetAt(source, positionAt(source, offset))).toBe(offset);
    }
  }
});

test('positions outside the text go to its nearest end', () => {
  const source = of('ab\ncd');
  expect(offsetAt(source, { line: 1, column: 99 })).toBe(2);
  expect(offsetAt(source, { line: 7, column: 1 })).toBe(5);
});

test('lines come without their ends', () => {
  expect([1, 2, 3, 4].map((line) => lineText(of('a\r\nb\n\r\n'), line))).toEqual(['a', 'b', '', '']);
  expect(textOf({ source: of('abc'), start: 1, end: 3 })).toBe('bc');
});
