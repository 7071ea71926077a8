// What may be written for an operator's attribute. Each builder below gives the attribute's type, its JSON Schema
// and the conversion of what was written; an operator's table of them is the only place where its keys stand.

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
  /** Absent where the attribute must be written; a function where it follows another attribute. */
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
