// Two networks compared: real pairs from specs/, and little ones of which each differs in one thing.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { check } from '../compiler/check.ts';
import { diff, type Difference, type Effect } from '../compiler/diff.ts';
import type { TypedGraph } from '../compiler/ir/graph.ts';

const spec = (name: string): string => readFileSync(new URL(`../specs/${name}.yaml`, import.meta.url), 'utf8');

function graphOf(text: string, overrides: Readonly<Record<string, string>> = {}): TypedGraph {
  const { graph, diagnostics } = check({ path: 'spec.yaml', text }, new Map(Object.entries(overrides)));
  if (graph === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return graph;
}

const compare = (before: string, after: string): Difference => diff(graphOf(before), graphOf(after));

/** Each change as `kind layer effect`. */
const told = ({ layers }: Difference): readonly string[] =>
  layers.map(({ kind, before, after, effect }) => `${kind} ${kind === 'renamed' ? `${before?.name ?? ''} to ` : ''}${(after ?? before)?.name ?? ''}: ${effect}`);

const details = ({ layers }: Difference, layer: string): readonly string[] =>
  layers.find(({ before, after }) => (after ?? before)?.name === layer)?.details.map(({ what, before = '-', after = '-' }) => `${what} ${before} to ${after}`) ?? [];

describe('networks as published', () => {
  test('alexnet in two towers and the notebooks’ in one', () => {
    const found = compare(spec('alexnet'), spec('alexnet-notebook'));
    expect(found.effect).toBe('weights');
    expect(found.layers.filter(({ effect }) => effect === 'weights').map(({ after }) => after?.name)).toEqual(['conv2', 'conv4', 'conv5']);
    expect(details(found, 'conv2')).toEqual(['groups 2 to 1', 'in_channels - to 96', 'init { bias: 1 } to -']);
    expect(details(found, 'norm1')).toEqual(['reduce sum to mean']);
    expect(told(found)).toContain('changed norm1: numerics');
    expect(told(found)).toContain('changed fc6: cosmetic');
    expect(found.totals.before.parameters).toBe(60_965_224);
    expect(found.totals.after.parameters).toBe(62_378_344);
    expect(found.tensors.reshaped).toEqual([
      { name: 'conv2.weight', before: [256, 48, 5, 5], after: [256, 96, 5, 5] },
      { name: 'conv4.weight', before: [384, 192, 3, 3], after: [384, 384, 3, 3] },
      { name: 'conv5.weight', before: [256, 192, 3, 3], after: [256, 384, 3, 3] },
    ]);
    expect(found.tensors.kept).toHaveLength(13);
  });

  test('alexnet and torchvision’s, without normalisation', () => {
    const found = compare(spec('alexnet'), spec('alexnet-torchvision'));
    expect(told(found)).toEqual([
      'changed conv1: weights',
      'removed norm1: numerics',
      'changed pool1: numerics',
      'changed conv2: weights',
      'removed norm2: numerics',
      'changed pool2: numerics',
      'follows conv3: weights',
      'changed conv4: weights',
      'changed conv5: weights',
      'changed fc6: cosmetic',
      'changed fc7: cosmetic',
    ]);
    expect(details(found, 'pool1')).toEqual(['reads norm1 to conv1', 'expect 27x27x96 to -']);
    expect(found.tensors.kept).toEqual(['conv3.bias', 'conv5.bias', 'fc6.weight', 'fc6.bias', 'fc7.weight', 'fc7.bias', 'fc8.weight', 'fc8.bias']);
  });

  test('the paper’s input of 227 and a padding come to the same weights', () => {
    const found = compare(spec('alexnet-227'), spec('alexnet-notebook'));
    expect(found.effect).toBe('numerics');
    expect(told(found)).toEqual(['changed conv1: numerics']);
    expect(found.spec.filter(({ effect }) => effect === 'numerics')).toEqual([{ what: 'input', before: '227x227x3', after: '224x224x3', effect: 'numerics' }]);
    expect(found.tensors.kept).toHaveLength(16);
  });

  test('one spec at two widths', () => {
    const found = diff(graphOf(spec('alexnet')), graphOf(spec('alexnet'), { width: '0.125', classes: '10' }));
    expect(found.effect).toBe('weights');
    expect(found.totals.after.parameters).toBe(898_554);
    expect(found.tensors.kept).toEqual([]);
    expect(details(found, 'conv1')).toEqual(['filters 96 to 12', 'expect 55x55x96 to 55x55x12']);
  });

  test.each(['alexnet', 'squeezenet-1.0', 'vgg-16'])('%s is itself', (name) => {
    const found = compare(spec(name), spec(name));
    expect(found).toMatchObject({ effect: undefined, layers: [], spec: [] });
    expect(found.tensors).toMatchObject({ reshaped: [], removed: [], added: [], renamed: [], reordered: [] });
  });
});

const base = `netloom: 1
name: small
params: { width: 4 }
input: { image: 8x8x3 }
layers:
  a: { op: conv, filters: = width, kernel: 3, pad: 1, activation: relu }
  n: { op: lrn, size: 5, alpha: 1e-4, beta: 0.75, k: 2, reduce: sum }
  p: { op: maxpool, kernel: 2, expect: 4x4x4 }
  d: { op: dropout, rate: 0.5 }
  f: { op: dense, units: 5 }
  s: { op: softmax }
`;

describe('one change', () => {
  test.each<readonly [why: string, from: string, to: string, effect: Effect | undefined, changes: readonly string[]]>([
    ['another way to write it', 'filters: = width, kernel: 3', 'kernel: [3, 3], filters: 4, stride: 1', undefined, []],
    ['the same padding by name', 'pad: 1', 'pad: same', 'cosmetic', ['changed a: cosmetic']],
    ['the mean of five times as much', 'alpha: 1e-4, beta: 0.75, k: 2, reduce: sum', 'alpha: 5e-4, beta: 0.75, k: 2, reduce: mean', 'cosmetic', ['changed n: cosmetic']],
    ['an expectation', ', expect: 4x4x4', '', 'cosmetic', ['changed p: cosmetic']],
    ['what only training does', 'rate: 0.5', 'rate: 0.3', 'cosmetic', ['changed d: cosmetic']],
    ['no dropout', '  d: { op: dropout, rate: 0.5 }\n', '', 'cosmetic', ['removed d: cosmetic', 'changed f: cosmetic']],
    ['a flatten that dense does anyway', '  f: {', '  flat: { op: flatten }\n  f: {', 'cosmetic', ['added flat: cosmetic', 'changed f: cosmetic']],
    ['an activation as a layer', ', activation: relu }\n', ' }\n  r: { op: relu }\n', 'cosmetic', ['changed a: cosmetic', 'added r: cosmetic', 'changed n: cosmetic']],
    ['a layer without weights has another name', '  n:', '  norm:', 'cosmetic', ['renamed n to norm: cosmetic']],
    ['another activation', 'activation: relu', 'activation: tanh', 'numerics', ['changed a: numerics']],
    ['another pool', 'op: maxpool', 'op: avgpool', 'numerics', ['changed p: numerics']],
    ['no normalisation', '  n: { op: lrn, size: 5, alpha: 1e-4, beta: 0.75, k: 2, reduce: sum }\n', '', 'numerics', ['removed n: numerics', 'changed p: numerics']],
    ['more filters', 'width: 4', 'width: 6', 'weights', ['changed a: weights', 'follows n: numerics', 'changed p: numerics', 'follows d: numerics', 'follows f: weights']],
    ['no bias', 'units: 5', 'units: 5, bias: false', 'weights', ['changed f: weights']],
    ['a layer with weights has another name', '  a:', '  conv:', 'weights', ['renamed a to conv: weights']],
    ['one more layer with weights', '  s: {', '  g: { op: dense, units: 5 }\n  s: {', 'weights', ['added g: weights', 'changed s: numerics']],
    ['another output', 'op: softmax }', 'op: softmax }\noutputs: [f, s]', 'numerics', []],
    ['hyperparameters', 'op: softmax }', 'op: softmax }\ntrain: { batch: 128 }', 'cosmetic', []],
    ['how a picture is read', 'layers:', 'preprocess: { mean: [1, 2, 3] }\nlayers:', 'numerics', []],
  ])('%s', (_, from, to, effect, changes) => {
    expect(base).toContain(from);
    const after = base.replace(from, to).replace(from === 'width: 4' ? '4x4x4' : 'no such text', '4x4x6');
    const found = compare(base, after);
    expect(told(found)).toEqual(changes);
    expect(found.effect).toBe(effect);
  });

  test('a renamed layer’s tensors are told under both names', () => {
    expect(compare(base, base.replace('  a:', '  conv:')).tensors).toEqual({
      kept: ['f.weight', 'f.bias'],
      renamed: [
        { before: 'a.weight', after: 'conv.weight' },
        { before: 'a.bias', after: 'conv.bias' },
      ],
      reshaped: [],
      reordered: [],
      removed: [],
      added: [],
    });
  });

  test('all layers renamed', () => {
    const renamed = base.replace(/^ {2}(\w): /gm, '  new_$1: ');
    expect(told(compare(base, renamed)).map((line) => line.split(':')[0])).toEqual(['a', 'n', 'p', 'd', 'f', 's'].map((name) => `renamed ${name} to new_${name}`));
  });

  test('renamed and changed at once: known by its place', () => {
    const found = compare(base, base.replace('  a: { op: conv, filters: = width, kernel: 3, pad: 1', '  conv: { op: conv, filters: = width, kernel: 5, pad: 2'));
    expect(told(found)).toEqual(['renamed a to conv: weights']);
    expect(details(found, 'conv')).toEqual(['kernel 3 to 5', 'pad 1 to 2']);
    expect(found.tensors).toMatchObject({
      renamed: [{ before: 'a.bias', after: 'conv.bias' }],
      removed: [{ name: 'a.weight', shape: [4, 3, 3, 3] }],
      added: [{ name: 'conv.weight', shape: [4, 3, 5, 5] }],
    });
  });

  test('all renamed but for the first, which is another: known by their readers', () => {
    const renamed = base.replace(/^ {2}(\w): /gm, '  new_$1: ').replace('op: conv', 'op: conv, bias: false').replace('pad: 1', 'pad: same');
    expect(told(compare(base, renamed)).map((line) => line.split(':')[0])).toEqual(['a', 'n', 'p', 'd', 'f', 's'].map((name) => `renamed ${name} to new_${name}`));
  });

  test('as many values from a picture of other proportions: the matrix has the same shape, and its columns mean other places', () => {
    const wide = compare(base, base.replace('8x8x3', '4x16x3').replace('4x4x4', '2x8x4'));
    expect(wide.effect).toBe('weights');
    expect(wide.tensors).toMatchObject({ reordered: ['f.weight'], kept: ['a.weight', 'a.bias', 'f.bias'] });
  });

  test('what was removed stands where it was', () => {
    const shorter = base.replace(/ {2}n: .*\n/, '').replace(/ {2}s: .*\n/, '');
    expect(told(compare(base, shorter))).toEqual(['removed n: numerics', 'changed p: numerics', 'removed s: numerics']);
  });

  test('order alone', () => {
    const branches = `netloom: 1
name: small
input: { image: 8x8x3 }
layers:
  a: { op: conv, from: image, filters: 4, kernel: 1 }
  b: { op: conv, from: image, filters: 4, kernel: 1 }
  sum: { op: add, from: [a, b] }
`;
    const [, a = '', b = ''] = /( {2}a: .*\n)( {2}b: .*\n)/.exec(branches) ?? [];
    const found = compare(branches, branches.replace(a + b, b + a));
    expect(found).toMatchObject({ effect: 'cosmetic', layers: [], spec: [{ what: 'order' }] });
  });
});
