import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { fileSchema, specSchema } from '../../compiler/emit/json-schema.ts';
import { ops } from '../../compiler/ops/index.ts';
import type { JsonSchema } from '../../compiler/spec/keys.ts';
import { validate } from '../../compiler/spec/structure.ts';

const schema = fileSchema(ops);
const whole = specSchema(ops);
/** What breaks a schema; that a branch was broken is said by what breaks it. */
const judge = (document: unknown, by: JsonSchema = whole): string[] =>
  validate(document, () => by).flatMap(({ keyword, instancePath }) => (keyword === 'if' ? [] : [`${instancePath} ${keyword}`]));

/** Every schema of a key, with its path. */
function keysOf(at: unknown, path = ''): [path: string, key: JsonSchema][] {
  if (typeof at !== 'object' || at === null || Array.isArray(at)) return [];
  return Object.entries(at).flatMap(([name, value]) => {
    const here = `${path}/${name}`;
    const own = name === 'properties' && !path.endsWith('/if') ? Object.entries(value as object).flatMap(([key, sub]) => (sub === false ? [] : [[`${here}/${key}`, sub as JsonSchema] as [string, JsonSchema]])) : [];
    return [...own, ...keysOf(value, here)];
  });
}

test('specs/spec.schema.json is what the operators make of it', () => {
  const file = new URL('../../specs/spec.schema.json', import.meta.url);
  const text = `${JSON.stringify(schema, undefined, 2)}\n`;
  if (process.env['UPDATE'] === '1') writeFileSync(file, text);
  expect(existsSync(file) && readFileSync(file, 'utf8') === text, 'specs/spec.schema.json is stale: UPDATE=1 npx vitest run test/emit').toBe(true);
});

describe('what an editor shows', () => {
  const keys = keysOf(schema);

  test('every key is described and has an example', () => {
    expect(keys.length).toBeGreaterThan(100);
    expect(keys.filter(([, key]) => key['$ref'] === undefined && (typeof key['description'] !== 'string' || key['description'].length < 10)).map(([path]) => path)).toEqual([]);
    const maps = keys.filter(([, key]) => key['properties'] !== undefined || key['additionalProperties'] !== undefined).map(([path]) => path);
    const shown = (key: JsonSchema): boolean => ['$ref', 'examples', 'const', 'enum', 'default'].some((word) => key[word] !== undefined) || key['type'] === 'boolean';
    expect(keys.filter(([path, key]) => !shown(key) && !maps.includes(path)).map(([path]) => path)).toEqual([]);
  });

  test('every example and default is right', () => {
    const ajv = new Ajv2020({ strict: false });
    ajv.addSchema(schema, 'spec');
    const wrong = keys.flatMap(([path, { examples = [], default: fallback }]) => {
      const compiled = ajv.compile({ $ref: `spec#${path}` });
      const values = [...(examples as readonly unknown[]), ...(fallback === undefined ? [] : [fallback])];
      return values.filter((value) => !compiled(value)).map((value) => `${path}: ${JSON.stringify(value)}`);
    });
    expect(wrong).toEqual([]);
  });

  test('each operator has its keys and no others', () => {
    const conv = (schema['$defs'] as Record<string, JsonSchema>)['op-conv'];
    expect(conv?.['required']).toEqual(['op', 'filters', 'kernel']);
    expect(Object.keys(conv?.['properties'] as object)).toContain('dilation');
    expect(conv?.['additionalProperties']).toBe(false);
  });
});

describe('what the schema says of specs', () => {
  const folders = ['../../specs/', '../../../shared/golden/networks/'].map((path) => new URL(path, import.meta.url));
  const files = folders.flatMap((folder) => {
    if (!existsSync(folder)) {
      console.warn(`skipped: no specs in ${folder.pathname}`);
      return [];
    }
    return readdirSync(folder).filter((name) => name.endsWith('.yaml')).map((name) => new URL(name, folder));
  });

  test.each(files.map((file) => [file.pathname.split('/').at(-1), file] as const))('%s is right', (_, file) => {
    expect(judge(parseYaml(readFileSync(file, 'utf8')), schema)).toEqual([]);
  });

  const layer = (value: unknown) => judge({ netloom: 1, name: 'a', input: { image: '8x8x3' }, layers: { a: value } });

  test.each([
    [{ op: 'conv', filters: 8, kernel: 3 }, []],
    [{ op: 'conv', filters: '= 2 * n', kernel: [3, '= k'] }, []],
    [{ op: 'conv', kernel: 3 }, ['/layers/a required']],
    [{ op: 'conv', filters: 8, kernel: 3, units: 4 }, ['/layers/a additionalProperties']],
    [{ op: 'cnv', filters: 8 }, ['/layers/a/op enum']],
    [{}, ['/layers/a required']],
    [3, ['/layers/a type']],
    [{ use: 'fire', squeeze: 16, expand: '= 4 * n', repeat: 2 }, []],
    [{ use: 'fire', squeeze: 'wide', repeat: 0 }, ['/layers/a/squeeze type', '/layers/a/squeeze pattern', '/layers/a/squeeze anyOf', '/layers/a/repeat minimum', '/layers/a/repeat type', '/layers/a/repeat anyOf']],
    [{ use: 'fire', op: 'conv' }, ['/layers/a/op false schema']],
  ])('%j', (value, expected) => {
    expect(layer(value)).toEqual(expected);
  });
});

describe('what the schema says of variants', () => {
  const variant = (rest: object) => judge({ netloom: 1, name: 'a', extends: 'b.yaml', ...rest }, schema);

  test.each([
    [{}],
    [{ params: { classes: 10, width: null }, labels: null, preprocess: { crop: null }, train: null }],
    [{ layers: { norm1: null, conv1: { kernel: 5, expect: null }, bn5: { op: 'batchnorm', after: 'conv5' }, fire2: { squeeze: '= 2 * n', layers: { a: null } } } }],
    [{ blocks: { fire: { params: { squeeze: 3 }, layers: { out: null, more: { op: 'relu', before: 'squeeze' } } }, old: null } }],
  ])('%j is right', (rest) => {
    expect(variant(rest)).toEqual([]);
  });

  test.each([
    [{ layers: { conv1: { kernel: -5 } } }, '/layers/conv1/kernel'],
    [{ layers: { conv1: { op: 'cnv' } } }, '/layers/conv1/op'],
    [{ layer: {} }, ' additionalProperties'],
    [{ name: null }, '/name'],
  ])('%j is wrong', (rest, place) => {
    expect(variant(rest).some((violation) => violation.startsWith(place))).toBe(true);
  });
});
