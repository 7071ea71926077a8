// What may be written for an operator's attribute. Each builder below gives the attribute's type, its JSON Schema
// and the conversion of what was written; an operator's table of them is the only place where its keys stand.
//
// Every builder ends in `(…, description, fallback?)`: an attribute without a fallback must be written.

import type { Written } from './document.ts';

/** What an attribute's conversion may ask and say. */
export interface AttrContext {
  /** The value of an expression (`= 96 * width`), of a plain number, or of a number YAML reads as text (`1_000`, `1k`). Reports and returns undefined where there is none. */
  number(written: Written): number | undefined;
  /** Reports that this text is not what the attribute takes. */
  wrong(written: Written, expected: string): void;
}

export interface Attr<T> {
  /** Completes "expected …": `a whole number, at least 1`. */
  readonly expected: string;
  /** For the editor: what it does, its unit. */
  readonly description: string;
  /** JSON Schema (draft 2020-12) of what may be written. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Absent where the attribute must be written; `sameAs` where it follows another attribute. */
  readonly fallback?: Fallback<T>;
  /** The value, or undefined after reporting. */
  convert(written: Written, context: AttrContext): T | undefined;
}

export type Fallback<T> = { readonly value: T } | { readonly sameAs: string };

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- an attribute of whatever type; `unknown` is not assignable both ways
export type AttrTable = Readonly<Record<string, Attr<any>>>;

/** The values of a table's attributes, by name. */
export type AttrValues<Table extends AttrTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Attr<infer T> ? T : never;
};

/** `[vertical, horizontal]`. */
export type Pair = readonly [vertical: number, horizontal: number];

/** Cells added around a picture; `same` adds what keeps `ceil(size / stride)` windows. */
export type Padding = 'same' | readonly [top: number, right: number, bottom: number, left: number];

/** Limits of a number: `min` and `max` may be reached, `above` and `below` may not. */
export interface Range {
  readonly min?: number;
  readonly above?: number;
  readonly max?: number;
  readonly below?: number;
}

/** The fallback of an attribute that follows another one of its operator: a pool's stride is its kernel. */
export function sameAs(attribute: string): { readonly sameAs: string } {
  return { sameAs: attribute };
}

/** A number written as text: digits in groups, a suffix, or an expression. */
const numberText = {
  type: 'string',
  pattern: '^\\s*(=.*|[-+]?[0-9][0-9_]*(\\.[0-9_]*)?([eE][-+]?[0-9]+)?\\s*(k|M|G|KiB|MiB|GiB)?\\s*)$',
} as const;

/** A whole number. */
export function int(range: Range = {}, description = '', fallback?: number): Attr<number> {
  return numeric('integer', range, description, fallback);
}

/** Any number. */
export function number(range: Range = {}, description = '', fallback?: number): Attr<number> {
  return numeric('number', range, description, fallback);
}

function numeric(type: 'integer' | 'number', range: Range, description: string, fallback: number | undefined): Attr<number> {
  const expected = [type === 'integer' ? 'a whole number' : 'a number', ...limits(range)].join(', ');
  const bounds = {
    ...(range.min === undefined ? {} : { minimum: range.min }),
    ...(range.above === undefined ? {} : { exclusiveMinimum: range.above }),
    ...(range.max === undefined ? {} : { maximum: range.max }),
    ...(range.below === undefined ? {} : { exclusiveMaximum: range.below }),
  };
  return {
    expected,
    description,
    schema: document({ anyOf: [{ type, ...bounds }, numberText] }, description, fallback),
    ...orValue(fallback),
    convert(written, context) {
      if (typeof written.value !== 'number' && typeof written.value !== 'string') {
        context.wrong(written, expected);
        return undefined;
      }
      const value = context.number(written);
      if (value === undefined) return undefined;
      if (within(value, range) && (type === 'number' ? Number.isFinite(value) : Number.isSafeInteger(value))) return value;
      context.wrong(written, expected);
      return undefined;
    },
  };
}

function limits({ min, above, max, below }: Range): readonly string[] {
  return [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
}

function within(value: number, { min = -Infinity, above = -Infinity, max = Infinity, below = Infinity }: Range): boolean {
  return value >= min && value > above && value <= max && value < below;
}

/** One number for both directions, or `[height, width]`. */
export function pair(each: Attr<number>, description: string, fallback?: number | { readonly sameAs: string }): Attr<Pair> {
  const expected = `${each.expected}, or two of them as [height, width]`;
  const schema = document(
    { anyOf: [...alternatives(each), { type: 'array', items: element(each), minItems: 2, maxItems: 2 }] },
    description,
    typeof fallback === 'number' ? fallback : undefined,
  );
  return {
    expected,
    description,
    schema,
    ...(typeof fallback === 'object' ? { fallback } : orValue<Pair>(fallback === undefined ? undefined : [fallback, fallback])),
    convert(written, context) {
      const values = numbers(written, each, expected, [2], context);
      if (values === undefined) return undefined;
      const [vertical, horizontal = vertical] = values;
      return vertical === undefined || horizontal === undefined ? undefined : [vertical, horizontal];
    },
  };
}

/** Cells around a picture: one number, `[height, width]`, `[top, right, bottom, left]`, or `same`. Default 0. */
export function padding(description: string): Attr<Padding> {
  const each = int({ min: 0 });
  const expected = `${each.expected}, or [height, width], or [top, right, bottom, left], or \`same\``;
  const list = { type: 'array', items: element(each) };
  return {
    expected,
    description,
    schema: document(
      {
        anyOf: [
          { const: 'same' },
          ...alternatives(each),
          { ...list, minItems: 2, maxItems: 2 },
          { ...list, minItems: 4, maxItems: 4 },
        ],
      },
      description,
      0,
    ),
    fallback: { value: [0, 0, 0, 0] },
    convert(written, context) {
      if (written.value === 'same') return 'same';
      const values = numbers(written, each, expected, [2, 4], context);
      if (values === undefined) return undefined;
      const [top, right = top, bottom = top, left = right] = values;
      if (top === undefined || right === undefined || bottom === undefined || left === undefined) return undefined;
      return [top, right, bottom, left];
    },
  };
}

/** One number, or a list of as many as `lengths` allows. */
function numbers(
  written: Written,
  each: Attr<number>,
  expected: string,
  lengths: readonly number[],
  context: AttrContext,
): readonly number[] | undefined {
  if (!isList(written.value)) {
    if (typeof written.value !== 'number' && typeof written.value !== 'string') {
      context.wrong(written, expected);
      return undefined;
    }
    const value = each.convert(written, context);
    return value === undefined ? undefined : [value];
  }
  if (!lengths.includes(written.value.length)) {
    context.wrong(written, expected);
    return undefined;
  }
  const values = written.value.map((item) => each.convert(item, context));
  return values.every((value) => value !== undefined) ? values : undefined;
}

function isList(value: Written['value']): value is readonly Written[] {
  return Array.isArray(value);
}

/** One of these words. */
export function oneOf<const Word extends string>(words: readonly Word[], description: string, fallback?: Word): Attr<Word> {
  const expected = listed(words.map((word) => `\`${word}\``));
  return {
    expected,
    description,
    schema: document({ enum: words }, description, fallback),
    ...orValue(fallback),
    convert(written, context) {
      const word = words.find((candidate) => candidate === written.value);
      if (word === undefined) context.wrong(written, expected);
      return word;
    },
  };
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

/** Yes or no. */
export function flag(description: string, fallback: boolean): Attr<boolean> {
  const expected = '`true` or `false`';
  return {
    expected,
    description,
    schema: document({ type: 'boolean' }, description, fallback),
    fallback: { value: fallback },
    convert(written, context) {
      if (typeof written.value === 'boolean') return written.value;
      context.wrong(written, expected);
      return undefined;
    },
  };
}

/** The same attribute, where leaving it out means something of its own. */
export function optional<T>(attr: Attr<T>): Attr<T | undefined> {
  return { ...attr, fallback: { value: undefined } };
}

function orValue<T>(value: T | undefined): { readonly fallback?: Fallback<T> } {
  return value === undefined ? {} : { fallback: { value } };
}

/** A schema with what an editor shows beside it. */
function document(schema: Readonly<Record<string, unknown>>, description: string, fallback: unknown): Readonly<Record<string, unknown>> {
  return { ...(description === '' ? {} : { description }), ...schema, ...(fallback === undefined ? {} : { default: fallback }) };
}

/** A number's schema as an item of a list. */
function element(each: Attr<number>): Readonly<Record<string, unknown>> {
  return { anyOf: alternatives(each) };
}

function alternatives(each: Attr<number>): readonly unknown[] {
  return each.schema['anyOf'] as readonly unknown[];
}
