import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { specSchema } from '../compiler/emit/json-schema.ts';
import { ops } from '../compiler/ops/index.ts';
import { shareSchemas } from '../compiler/share-schemas.ts';
import { options } from '../compiler/spec/structure.ts';

const size = { type: 'integer', minimum: 1, exclusiveMaximum: 1_000_000, description: 'A size.' };

test('equal parts stand in one place, annotations nowhere', () => {
  const shared = shareSchemas({
    title: 'all',
    properties: { title: { ...size, description: 'Another.' }, width: size, short: { type: 'null' }, other: { type: 'null' } },
  });
  const reference = { $ref: '#/$defs/shared1' };
  expect(shared).toEqual({
    properties: { title: reference, width: reference, short: { type: 'null' }, other: { type: 'null' } },
    $defs: { shared1: { type: 'integer', minimum: 1, exclusiveMaximum: 1_000_000 } },
  });
});

test('a part of a part is shared too', () => {
  const pair = { type: 'array', items: size, minItems: 2, maxItems: 2 };
  const { $defs } = shareSchemas({ properties: { a: pair, b: pair, c: size } });
  expect(Object.values($defs as object)).toContainEqual({ type: 'array', items: { $ref: '#/$defs/shared1' }, minItems: 2, maxItems: 2 });
});

test('the schema of specs says the same as before', () => {
  const whole = specSchema(ops);
  const judges = [whole, shareSchemas(whole)].map((schema) => new Ajv2020({ ...options, inlineRefs: false }).compile(schema));
  const right = {
    netloom: 1,
    name: 'a',
    input: { image: '8x8x3' },
    layers: { c: { op: 'conv', filters: 4, kernel: [3, 3], activation: 'relu' }, d: { op: 'dense', units: '= 2 * 5' } },
  };
  const edits: readonly object[] = [
    {},
    { netloom: 2 },
    { name: undefined },
    { nmae: 'b' },
    { params: { 'a b': 1, c: [] } },
    { preprocess: { mean: ['x'], std: [0], crop: 'left' } },
    { layers: {} },
    { layers: { c: { op: 'convolution' } } },
    { layers: { c: { op: 'conv', filters: 0, kernel: [3, 3, 3], pad: -1, actvation: 'relu', init: { weight: 'normal(0)' } } } },
    { layers: { c: { op: 'lrn', size: 5, reduce: 'max' }, d: { op: 'concat', from: [1] } } },
    { train: { optimizer: { lr: 0 }, epochs: 1.5, augment: { flip: 'yes' } } },
  ];
  for (const edit of edits) {
    const document: unknown = JSON.parse(JSON.stringify({ ...right, ...edit }));
    const [expected, got] = judges.map((judge) => {
      judge(document);
      const violations = judge.errors ?? [];
      return violations.map(({ keyword, instancePath, params, propertyName }) => JSON.stringify({ keyword, instancePath, params, propertyName })).sort();
    });
    expect(got).toEqual(expected);
    if (edit === edits[0]) expect(got).toEqual([]);
    else expect(got?.length).toBeGreaterThan(0);
  }
});
