// Judges the structure of a target profile by its JSON Schema. As `spec/structure.ts`: the bundle puts a module in the place
// of this one that carries the schema compiled.

import type { ValidateFunction } from 'ajv/dist/2020.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { profileSchema } from '../ir/target-keys.ts';
import { options, type Violation } from '../spec/structure.ts';

let compiled: ValidateFunction | undefined;

/** Every violation of the schema. */
export function validateProfile(profile: unknown): readonly Violation[] {
  compiled ??= new Ajv2020(options).compile(profileSchema());
  return compiled(profile) ? [] : (compiled.errors ?? []);
}
