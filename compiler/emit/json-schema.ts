// The JSON Schema of a spec (draft 2020-12), made from the keys of the language and the operators' attribute tables. It
// is what judges a spec's structure here, and what lets an editor complete and explain every key.

import type { JsonSchema, Key, Keys, Vocabulary } from '../spec/keys.ts';
import { argument, instanceKeys, layerKeys, placementKeys, specKeys } from '../spec/keys.ts';

const { op: opKey, ...commonKeys } = layerKeys;
const { use: useKey, ...ownKeys } = instanceKeys;

const draft = 'https://json-schema.org/draft/2020-12/schema';
const title = 'netloom spec';
const description = 'A neural network, from which netloom makes a GPU program.';

/** The schema of all specs that use these operators; of a variant, with its base. */
export function specSchema(operators: readonly Vocabulary[]): JsonSchema {
  return { $schema: draft, title, description, ...mapOf(specKeys), $defs: definitions(operators) };
}

/** The schema of single files, which may be variants: what a key may be that its base has is anybody's guess. */
export function fileSchema(operators: readonly Vocabulary[]): JsonSchema {
  return {
    $schema: draft,
    title,
    description,
    if: { type: 'object', properties: { extends: true }, required: ['extends'] },
    then: { $ref: '#/$defs/variant' },
    else: { $ref: '#/$defs/spec' },
    $defs: { spec: mapOf(specKeys), variant: variantSchema(), 'changed-layer': changedLayerSchema(operators), ...definitions(operators), instance: instanceSchema('changed-layer') },
  };
}

function definitions(operators: readonly Vocabulary[]): Readonly<Record<string, JsonSchema>> {
  return {
    layer: layerSchema(operators),
    instance: instanceSchema('layer'),
    ...Object.fromEntries(Object.entries(commonKeys).map(([name, key]) => [name, valueOf(key)])),
    ...Object.fromEntries(operators.map((operator) => [`op-${operator.name}`, operatorSchema(operator)])),
  };
}

/** A layer: its operator decides which keys it takes. */
function layerSchema(operators: readonly Vocabulary[]): JsonSchema {
  const names = operators.map(({ name }) => name);
  return {
    type: 'object',
    properties: { use: valueOf(useKey) },
    if: { type: 'object', properties: { use: true }, required: ['use'] },
    then: { $ref: '#/$defs/instance' },
    else: {
      properties: { op: { enum: names, description: opKey.description, examples: names.slice(0, 3) } },
      required: ['op'],
      allOf: operators.map(({ name }) => ({
        if: { type: 'object', properties: { op: { const: name } }, required: ['op'] },
        then: { $ref: `#/$defs/op-${name}` },
      })),
    },
  };
}

/** A layer that is a block: what else it takes, the block knows. `layer` is what the definition of its own layers is called. */
function instanceSchema(layer: string): JsonSchema {
  const { layers } = ownKeys;
  const map = mapOf({ use: useKey, ...ownKeys, layers: { ...layers, schema: { ...layers.schema, additionalProperties: { $ref: `#/$defs/${layer}` } } } });
  return { title: 'block', description: useKey.description, ...map, properties: { ...propertiesOf(map), op: false }, additionalProperties: valueOf(argument) };
}

function operatorSchema({ name, summary, attrs }: Vocabulary): JsonSchema {
  const own: Keys = Object.fromEntries(
    Object.entries(attrs).map(([key, attr]) => [key, { ...attr, required: attr.fallback === undefined, ...exampleOf(attr.schema) }]),
  );
  const map = mapOf({ op: { ...opKey, schema: { const: name }, description: summary }, ...own });
  const common = Object.fromEntries(Object.keys(commonKeys).map((key) => [key, { $ref: `#/$defs/${key}` }]));
  return { title: name, description: summary, ...map, properties: { ...propertiesOf(map), ...common } };
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

/** A variant: every key of a spec, none of them needed, and `null` for what is removed. */
function variantSchema(): JsonSchema {
  const { netloom, name, extends: base, blocks, layers } = specKeys;
  const { keys = {} } = blocks.each;
  const changed = { ...valueOf(layers), additionalProperties: { $ref: '#/$defs/changed-layer' }, minProperties: 0, examples: [changesExample] };
  const changedBlock = { ...patchOf(keys), description: blocks.each.description, properties: { ...propertiesOf(patchOf(keys)), layers: changed } };
  return {
    type: 'object',
    required: ['extends'],
    properties: {
      ...propertiesOf(patchOf(specKeys)),
      ...Object.fromEntries(Object.entries({ netloom, name, extends: base }).map(([key, own]) => [key, valueOf(own)])),
      layers: changed,
      blocks: { description: blocks.description, type: 'object', additionalProperties: orNull(changedBlock), examples: blocks.examples },
    },
    additionalProperties: false,
  };
}

const changesExample = { norm1: null, conv1: { kernel: 5 }, bn5: { op: 'batchnorm', after: 'conv5' } };

const propertiesOf = (schema: JsonSchema): JsonSchema => schema['properties'] as JsonSchema;

/** A layer of a variant: a new one, or changes to one of the base, of which no more is known than that some operator takes them. */
function changedLayerSchema(operators: readonly Vocabulary[]): JsonSchema {
  const attributes = new Map<string, JsonSchema[]>();
  for (const [key, { schema }] of operators.flatMap(({ attrs }) => Object.entries(attrs))) attributes.set(key, [...(attributes.get(key) ?? []), schema]);
  const { layers } = ownKeys;
  return orNull({
    description: 'A new layer, or changes to one of the base; `null` removes it.',
    type: 'object',
    properties: {
      op: { enum: operators.map(({ name }) => name), description: opKey.description },
      use: valueOf(useKey),
      ...propertiesOf(patchOf({ ...commonKeys, ...placementKeys, repeat: ownKeys.repeat })),
      layers: { description: layers.description, type: 'object', examples: layers.examples },
      ...Object.fromEntries([...attributes].map(([key, schemas]) => [key, alternatives(schemas)])),
    },
  });
}

/** What one of several operators takes for a key of the same name. */
function alternatives(schemas: readonly JsonSchema[]): JsonSchema {
  const [first = {}] = schemas;
  const bare = schemas.map((schema) => Object.fromEntries(Object.entries(schema).filter(([word]) => word !== 'description' && word !== 'default')));
  const different = [...new Map(bare.map((schema) => [JSON.stringify(schema), schema])).values()];
  return { description: first['description'], anyOf: [...different, { type: 'null' }], ...exampleOf(first) };
}

/** These keys as a patch has them. */
function patchOf(keys: Keys): JsonSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, patchOfValue(key)])),
    additionalProperties: false,
  };
}

function patchOfValue(key: Key): JsonSchema {
  const { description, examples, keys, each } = key;
  if (!keys && !each) return orNull(valueOf(key));
  return {
    description,
    ...(keys ? patchOf(keys) : { additionalProperties: each && patchOfValue(each) }),
    type: ['object', 'null'],
    ...(examples ? { examples } : {}),
  };
}

/** The same, or `null`. */
function orNull(schema: JsonSchema): JsonSchema {
  if (Array.isArray(schema['enum'])) return { ...schema, enum: [...(schema['enum'] as readonly unknown[]), null] };
  const { description, examples, default: fallback, ...rest } = schema;
  return {
    ...(description === undefined ? {} : { description }),
    anyOf: [rest, { type: 'null' }],
    ...(examples === undefined ? {} : { examples }),
    ...(fallback === undefined ? {} : { default: fallback }),
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
