// Judges the structure of a file of tuned ways by its JSON Schema. As `spec/structure.ts`: the bundle puts a module in the
// place of this one that carries the schema compiled.

import type { ValidateFunction } from 'ajv/dist/2020.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { options, type Violation } from '../spec/structure.ts';
import { tunedSchema } from './tuned-keys.ts';

let compiled: ValidateFunction | undefined;

/** Every violation of the schema. */
export function validateTuned(data: unknown): readonly Violation[] {
  compiled ??= new Ajv2020(options).compile(tunedSchema());
  return compiled(data) ? [] : (compiled.errors ?? []);
}
