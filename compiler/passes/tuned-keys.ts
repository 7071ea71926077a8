// The keys of a file of tuned ways: what each must be, in words and as a JSON Schema.

import type { JsonSchema } from '../spec/keys.ts';

/** What each key must be, for messages. */
export const tunedKeys = {
  version: '1: there is no other version yet',
  target: 'the name of a target',
  adapter: 'the name of an adapter',
  driver: "a text, the driver's version",
  ways: 'a map from works to the ways they were measured to be done fastest',
} as const;

/** Of a way only its kind is judged here: whether it is one of the ways there are depends on the work and on the target. */
export function tunedSchema(): JsonSchema {
  const text = { type: 'string' };
  const fixed = (properties: Record<string, JsonSchema>): JsonSchema => ({ type: 'object', properties, required: Object.keys(properties), additionalProperties: false });
  const way = { type: 'object', properties: { kind: text, tile: { type: 'object' } }, required: ['kind'], additionalProperties: false };
  const time = { type: 'number', minimum: 0 };
  const entry = fixed({ way, batch: { type: 'integer', minimum: 1 }, milliseconds: fixed({ before: time, after: time }) });
  return fixed({ version: { const: 1 }, target: text, adapter: text, driver: text, ways: { type: 'object', additionalProperties: entry } });
}
