// Numbers as they are written in a spec: plain, with a suffix, as text that YAML does not take for a number, or as an
// expression. What they must be is known to the key they stand at; here is only what they are, and where they go wrong.

import type { Report } from '../source/catalog.ts';
import { catalog } from '../source/catalog.ts';
import type { Span } from '../source/source.ts';
import { textOf } from '../source/source.ts';
import type { Written } from './document.ts';
import type { Names, Value } from './evaluate.ts';
import { evaluate, fractionIn } from './evaluate.ts';
import type { Expression, Place } from './expression.ts';
import { parseExpression, readLiteral } from './expression.ts';

/** A key whose value is being read. */
export interface Slot {
  /** For messages: ``conv1: `kernel` ``. */
  readonly where: string;
  /** Completes "expected …". */
  readonly expected: string;
  readonly names: Names;
  readonly report: Report;
}

/** A value's text, and where each part of that text stands in the source. */
export interface Text {
  readonly text: string;
  readonly span: (place: Place) => Span;
}

/** The text of a scalar, quotes gone. Where escapes or line breaks make offsets differ, every part is the whole value. */
export function scalarText({ value, span }: Written): Text {
  const raw = textOf(span);
  const text = typeof value === 'string' ? value : raw;
  const shift = raw === text ? 0 : raw.slice(1, -1) === text ? 1 : undefined;
  return {
    text,
    span: ({ start, end }) =>
      shift === undefined ? span : { ...span, start: span.start + shift + start, end: span.start + shift + Math.max(end, start + 1) },
  };
}

/** Whether a value is an expression: text that begins with `=`. */
export function isExpression({ value }: Written): boolean {
  return typeof value === 'string' && value.trimStart().startsWith('=');
}

export interface ReadExpression extends Text {
  readonly tree: Expression;
}

/** Reads text as an expression, an `=` in front of it or not; undefined after reporting. */
export function expressionOf(written: Written, report: Report): ReadExpression | undefined {
  const { text, span } = scalarText(written);
  const skip = /^\s*=?/.exec(text)?.[0].length ?? 0;
  const body = text.slice(skip);
  const place = ({ start, end }: Place): Span => span({ start: start + skip, end: end + skip });
  const parsed = parseExpression(body);
  if ('tree' in parsed) return { tree: parsed.tree, text: body, span: place };
  const { fault } = parsed;
  const found = body.slice(fault.start, fault.end);
  report(catalog.badExpression, place(fault), { place: found === '' ? 'its end' : `\`${found}\``, expected: fault.expected });
  return undefined;
}

/** What an expression is worth: a number, a shape, a yes or no. Undefined after reporting. */
export function readExpression(written: Written, names: Names, report: Report): Value | undefined {
  const read = expressionOf(written, report);
  return read && evaluate(read.tree, { names, report, text: read.text, span: read.span });
}

/** A number, however it is written; undefined after reporting. */
export function readNumber(written: Written, slot: Slot): number | undefined {
  const { value } = written;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (isExpression(written)) {
    const result = readExpression(written, slot.names, slot.report);
    if (result === undefined || typeof result === 'number') return result;
    slot.report(catalog.wrongValue, written.span, { where: slot.where, found: typeof result === 'boolean' ? 'a comparison' : 'a shape', expected: slot.expected });
    return undefined;
  }
  const literal = typeof value === 'string' ? readLiteral(value) : undefined;
  if (literal !== undefined && Number.isFinite(literal)) return literal;
  refuse(written, slot);
  return undefined;
}

/** Reports that a value is not what its key takes; of an expression, what it comes to and what makes it so. */
export function refuse(written: Written, { where, expected, names, report }: Slot): void {
  if (isExpression(written)) {
    const silent: Report = () => undefined;
    const read = expressionOf(written, silent);
    const value = read && evaluate(read.tree, { names, report: silent, text: read.text, span: read.span });
    if (read && typeof value === 'number' && !Number.isInteger(value) && expected.includes('whole number')) {
      report(catalog.fractionForCount, read.span(fractionIn(read.tree, names)), { where, value: short(value) });
    } else {
      report(catalog.wrongValue, written.span, { where, found: typeof value === 'number' ? short(value) : describe(written), expected });
    }
    return;
  }
  report(catalog.wrongValue, written.span, { where, found: describe(written), expected });
}

const short = (value: number): string => String(Number(value.toPrecision(10)));

/** A value in a few words: `"big"`, `a list of 3`. */
export function describe(written: Written): string {
  const { value } = written;
  if (value === null) return 'empty';
  if (typeof value === 'string') return `"${cut(value)}"`;
  if (typeof value === 'number') return cut(textOf(written.span));
  if (typeof value === 'boolean') return String(value);
  return 'length' in value ? `a list of ${value.length}` : 'a map';
}

const cut = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);
