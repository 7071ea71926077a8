// A JSON Schema that means the same and says everything once: what only editors read is left out, and a part that stands
// in several places stands in `$defs`, with references to it. Compiled to code, the spec's schema shrinks to a fifth.

import type { JsonSchema } from './spec/keys.ts';

const annotations: readonly string[] = ['title', 'description', 'examples', 'default', '$schema'];

/** Keywords whose value is a schema, a list of schemas, or a map from names to schemas. */
const one: readonly string[] = ['additionalProperties', 'items', 'if', 'then', 'else', 'not'];
const list: readonly string[] = ['allOf', 'anyOf', 'oneOf'];
const map: readonly string[] = ['properties', 'patternProperties', '$defs'];

/** Shorter ones are as short as a reference to them. */
const leastCharacters = 40;

/** `schema` without annotations, equal parts shared. */
export function shareSchemas(schema: JsonSchema): JsonSchema {
  const counts = new Map<string, number>();
  const bare = rebuild(schema, (part) => {
    const text = JSON.stringify(part);
    counts.set(text, (counts.get(text) ?? 0) + 1);
    return part;
  });
  const names = new Map<string, string>();
  const shared: Record<string, JsonSchema> = {};
  const whole = rebuild(bare, (part, original) => {
    const text = JSON.stringify(original);
    if (text.length < leastCharacters || (counts.get(text) ?? 0) < 2) return part;
    const name = names.get(text) ?? `shared${names.size + 1}`;
    names.set(text, name);
    shared[name] = part;
    return { $ref: `#/$defs/${name}` };
  });
  return { ...whole, $defs: { ...(whole['$defs'] as JsonSchema | undefined), ...shared } };
}

/** `schema` with each schema inside it replaced, inner ones first; `replace` gets what became of it and what it was. */
function rebuild(schema: JsonSchema, replace: (part: JsonSchema, original: JsonSchema) => JsonSchema): JsonSchema {
  const inner = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || '$ref' in value) return value;
    return replace(rebuild(value as JsonSchema, replace), value as JsonSchema);
  };
  const entries = Object.entries(schema).flatMap(([keyword, value]): readonly (readonly [string, unknown])[] => {
    if (annotations.includes(keyword)) return [];
    // ajv names the key that breaks a rule only where the rule stands right here.
    if (keyword === 'propertyNames') return [[keyword, rebuild(value as JsonSchema, replace)]];
    if (one.includes(keyword)) return [[keyword, inner(value)]];
    if (list.includes(keyword)) return [[keyword, (value as readonly unknown[]).map(inner)]];
    if (map.includes(keyword)) {
      // What stands in `$defs` is referred to by its name already.
      const within = keyword === '$defs' ? (part: unknown) => rebuild(part as JsonSchema, replace) : inner;
      return [[keyword, Object.fromEntries(Object.entries(value as JsonSchema).map(([name, part]) => [name, within(part)]))]];
    }
    return [[keyword, value]];
  });
  return Object.fromEntries(entries);
}
