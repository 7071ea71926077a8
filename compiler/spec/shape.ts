// Shapes as they are written: `224x224x3`, `4096`, `[55, 55, = 96 * width]`, and in `expect` a `?` for any size. Read from
// the source text, because YAML would take `0x10` for sixteen.

import { catalog } from '../source/catalog.ts';
import type { Span } from '../source/source.ts';
import type { Written } from './document.ts';
import { readLiteral, readShape } from './expression.ts';
import { shapeMeantBy } from './meant.ts';
import type { Slot } from './number.ts';
import { isExpression, readExpression, readNumber, scalarText } from './number.ts';

type Size = number | '?';

/** The sizes of a shape, three or one; undefined after reporting. A `?` only where `wildcards` are allowed. */
export function shapeOf(written: Written, wildcards: boolean, slot: Slot): readonly Size[] | undefined {
  const { value } = written;
  const { report, where } = slot;
  const fail = (span: Span, problem: string): void => {
    const text = span.source.text.slice(written.span.start, written.span.end);
    report(catalog.badShape, span, { where, text: text === '' ? 'nothing' : text, problem }, { help: shapeMeantBy(text) });
  };

  let sizes: readonly Size[] | undefined;
  let spanOf: (axis: number) => Span = () => written.span;
  if (Array.isArray(value)) {
    const items = value as readonly Written[];
    const read = items.map((item) => (item.value === '?' ? '?' : readNumber(item, { ...slot, where: `${where}: a size`, expected: 'a whole number, at least 1' })));
    if (!read.every((size) => size !== undefined)) return undefined;
    sizes = read;
    spanOf = (axis) => items[axis]?.span ?? written.span;
  } else if (isExpression(written)) {
    const result = readExpression(written, slot.names, report);
    if (result === undefined) return undefined;
    if (typeof result === 'boolean') {
      fail(written.span, 'a comparison, not a shape');
      return undefined;
    }
    sizes = typeof result === 'number' ? [result] : result;
  } else if (typeof value === 'string' || typeof value === 'number') {
    const { text, span } = scalarText(written);
    const number = readLiteral(text);
    sizes = readShape(text) ?? (number === undefined ? undefined : [number]);
    if (!sizes) {
      const wrong = partsOf(text).find(({ part }) => !/^(\d+|\?)$/.test(part)) ?? { part: text, start: 0, end: text.length };
      fail(span(wrong), wrong.part === '' ? 'a size is missing' : `\`${wrong.part}\` is not a size`);
      return undefined;
    }
    spanOf = (axis) => {
      const places = partsOf(text);
      return places.length === sizes?.length && places[axis] ? span(places[axis]) : written.span;
    };
  } else {
    fail(written.span, 'not a shape');
    return undefined;
  }

  if (sizes.length !== 1 && sizes.length !== 3) {
    fail(written.span, `${sizes.length} sizes; a picture has 3, a vector 1`);
    return undefined;
  }
  for (const [axis, size] of sizes.entries()) {
    if (size === '?' && !wildcards) {
      fail(spanOf(axis), '`?` stands for any size only in `expect`');
      return undefined;
    }
    if (size !== '?' && !(Number.isSafeInteger(size) && size >= 1)) {
      fail(spanOf(axis), `${size} is not a size: whole numbers from 1`);
      return undefined;
    }
  }
  return sizes;
}

function partsOf(text: string): readonly { readonly part: string; readonly start: number; readonly end: number }[] {
  let at = 0;
  return text.split(/[x×]/).map((piece) => {
    const part = piece.trim();
    const start = at + (piece.length - piece.trimStart().length);
    at += piece.length + 1;
    return { part, start, end: start + part.length };
  });
}
