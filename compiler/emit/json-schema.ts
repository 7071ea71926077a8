// The JSON Schema of a spec (draft 2020-12), made from the keys of the language and the operators' attribute tables. It
// is what judges a spec's structure here, and what lets an editor complete and explain every key.

import type { JsonSchema, Key, Keys, Vocabulary } from '../spec/keys.ts';
import { layerKeys, specKeys } from '../spec/keys.ts';

const commonKeys: Keys = Object.fromEntries(Object.entries(layerKeys).filter(([name]) => name !== 'op'));

/** The schema of all specs that use these operators. */
export function specSchema(operators: readonly Vocabulary[]): JsonSchema {
  const { layers, ...others } = specKeys;
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'netloom spec',
    description: 'A neural network, from which netloom makes a GPU program.',
    ...mapOf({
      ...others,
      layers: { ...layers, schema: { ...layers.schema, type: 'object', additionalProperties: { $ref: '#/$defs/layer' } } },
    }),
    $defs: {
      layer: layerSchema(operators),
      ...Object.fromEntries(Object.entries(commonKeys).map(([name, key]) => [name, valueOf(key)])),
      ...Object.fromEntries(operators.map((operator) => [`op-${operator.name}`, operatorSchema(operator)])),
    },
  };
}

/** A layer: its operator decides which keys it takes. */
function layerSchema(operators: readonly Vocabulary[]): JsonSchema {
  const names = operators.map(({ name }) => name);
  return {
    type: 'object',
    required: ['op'],
    properties: { op: { enum: names, description: layerKeys.op.description, examples: names.slice(0, 3) } },
    allOf: operators.map(({ name }) => ({
      if: { type: 'object', properties: { op: { const: name } }, required: ['op'] },
      then: { $ref: `#/$defs/op-${name}` },
    })),
  };
}

function operatorSchema({ name, summary, attrs }: Vocabulary): JsonSchema {
  const own: Keys = Object.fromEntries(
    Object.entries(attrs).map(([key, attr]) => [key, { ...attr, required: attr.fallback === undefined, ...exampleOf(attr.schema) }]),
  );
  const { properties, ...map } = mapOf({ op: { ...layerKeys.op, schema: { const: name }, description: summary }, ...own });
  const common = Object.fromEntries(Object.keys(commonKeys).map((key) => [key, { $ref: `#/$defs/${key}` }]));
  return { title: name, description: summary, ...map, properties: { ...(properties as JsonSchema), ...common } };
}

/** A map with these keys and no others. */
function mapOf(keys: Keys): JsonSchema {
  const required = Object.entries(keys).flatMap(([name, key]) => (key.required === true ? [name] : []));
  return {
    type: 'object',
    ...(required.length > 0 ? { required } : {}),
    properties: Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, valueOf(key)])),
    additionalProperties: false,
  };
}

function valueOf({ description, schema, examples, keys, each }: Key): JsonSchema {
  return {
    description,
    ...schema,
    ...(keys ? mapOf(keys) : {}),
    ...(each ? { type: 'object', additionalProperties: valueOf(each) } : {}),
    ...(examples ? { examples } : {}),
  };
}

/** An operator's attribute shows its default, or the smallest number it takes. */
function exampleOf(schema: JsonSchema): { readonly examples?: readonly unknown[] } {
  if (schema['default'] !== undefined) return { examples: [schema['default']] };
  if (Array.isArray(schema['enum'])) return { examples: schema['enum'] as readonly unknown[] };
  const alternatives = (schema['anyOf'] ?? []) as readonly JsonSchema[];
  const limits = alternatives.find(({ type }) => type === 'integer' || type === 'number');
  if (!limits) return {};
  const least = typeof limits['minimum'] === 'number' ? limits['minimum'] : 1;
  return { examples: [Math.max(least, limits['type'] === 'integer' ? 1 : least)] };
}
