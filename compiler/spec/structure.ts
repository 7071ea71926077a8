// Judges the structure of a spec by its JSON Schema. Here the schema is compiled when the first spec is met; the bundle
// puts a module in the place of this one that carries it compiled, with the same options and the same name.

import type { Options, ValidateFunction } from 'ajv/dist/2020.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { JsonSchema } from './keys.ts';

/** One way in which a value breaks the schema. */
export interface Violation {
  readonly keyword: string;
  /** JSON pointer to the value. */
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Present where it speaks of a key of that value. */
  readonly propertyName?: string;
}

/** Judges a document as plain data. */
export type Structure = (document: unknown) => readonly Violation[];

/** All violations are wanted; their English is not. */
export const options: Options = { allErrors: true, messages: false, strict: true, allowUnionTypes: true, strictTypes: false, inlineRefs: false };

const compiled = new WeakMap<() => JsonSchema, ValidateFunction>();

/** Every violation of the schema, which is made and compiled once for each `schema`. */
export function validate(document: unknown, schema: () => JsonSchema): readonly Violation[] {
  let judge = compiled.get(schema);
  if (!judge) {
    judge = new Ajv2020(options).compile(schema());
    compiled.set(schema, judge);
  }
  return judge(document) ? [] : (judge.errors ?? []);
}
