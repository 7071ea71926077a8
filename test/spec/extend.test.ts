import { describe, expect, test } from 'vitest';
import { textOf } from '../../compiler/source/source.ts';
import { check } from '../support/check.ts';

const base = `netloom: 1
name: base
summary: What variants are made from
params: { classes: 10, width: 1 }
input: { image: 8x8x3 }
preprocess: { resize: 8x8, mean: [1, 2, 3], scale: 0.5 }
blocks:
  unit:
    params: { filters: 4 }
    layers:
      conv: { op: conv, filters: = filters, kernel: 3, pad: 1 }
      act: { op: relu }
layers:
  conv1: { op: conv, filters: = 4 * width, kernel: 3, pad: 1, activation: relu, expect: 8x8x4 }
  norm1: { op: lrn, size: 5, alpha: 1e-4, beta: 0.75, k: 2, reduce: sum }
  unit2: { use: unit }
  pool: { op: maxpool, kernel: 2, from: unit2 }
  fc: { op: dense, units: = classes, expect: [= classes] }
check: [macs < 1]
train: { batch: 128, optimizer: { name: sgd, lr: 0.1 } }
`;

const variant = (rest: string): string => `netloom: 1\nname: variant\nextends: base.yaml\n${rest}`;
const checked = (rest: string, files: Record<string, string> = {}, overrides: Record<string, string> = {}) =>
  check(variant(rest), overrides, { 'base.yaml': base, ...files }, 'variant.yaml');

/** Each layer of a right variant as `name = op(what it reads)`. */
function network(rest: string): string[] {
  const { graph, diagnostics } = checked(rest);
  expect(diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message)).toEqual([]);
  return (graph?.nodes ?? []).filter(({ id }) => !id.includes(':')).map(({ id, op, inputs }) => `${id} = ${op.name}(${inputs.join(', ')})`);
}

const messages = (rest: string, files: Record<string, string> = {}): string[] =>
  checked(rest, files).diagnostics.flatMap(({ severity, message, span }) => (severity === 'error' ? [`${span.source.path} ${textOf(span)}| ${message}`] : []));

const names = ['conv1', 'norm1', 'unit2.conv', 'unit2.act', 'pool', 'fc'];
const order = (rest: string): string[] => network(rest).map((line) => line.split(' = ')[0] ?? '');

test('everything but the contracts is inherited', () => {
  const { document, diagnostics } = checked('');
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect([document?.name.value, document?.summary, document?.contracts, document?.preprocess?.scale]).toEqual(['variant', 'What variants are made from', [], 0.5]);
  expect(document?.layers.map(({ name }) => name.value)).toEqual(names);
});

test('a variant of a variant, and `--set` on what comes out', () => {
  const middle = 'netloom: 1\nname: middle\nextends: base.yaml\nparams: { classes: 20 }\nlayers: { norm1: null }\n';
  const { document } = check('netloom: 1\nname: last\nextends: middle.yaml\nparams: { width: 2 }\n', { classes: '7' }, { 'base.yaml': base, 'middle.yaml': middle });
  expect([...(document?.params ?? [])].map(([name, { value }]) => `${name} ${value ?? ''}`)).toEqual(['classes 7', 'width 2']);
  expect(document?.layers.map(({ name }) => name.value)).toEqual(names.filter((name) => name !== 'norm1'));
});

describe('keys', () => {
  test('are changed one by one, `null` removes, a list is another list', () => {
    const { document } = checked('preprocess: { scale: null, mean: [4, 5, 6] }\nparams: { classes: 3, more: = classes }\ntrain: { optimizer: { lr: 0.2 } }');
    expect(document?.preprocess).toMatchObject({ resize: [8, 8], mean: [4, 5, 6], scale: 1 });
    expect([...(document?.params ?? [])].map(([name, { value }]) => `${name} ${value ?? ''}`)).toEqual(['classes 3', 'width 1', 'more 3']);
  });

  test('of a layer too', () => {
    const { graph } = checked('layers: { conv1: { kernel: 5, pad: 2, expect: null } }');
    expect(graph?.nodes[0]?.attrs).toMatchObject({ kernel: [5, 5], pad: [2, 2, 2, 2], filters: 4 });
    expect(graph?.nodes[0]?.origin.expect).toBeUndefined();
  });

  test('of another operator go', () => {
    expect(network('layers: { norm1: { op: batchnorm } }')[1]).toBe('norm1 = batchnorm(conv1)');
    expect(network('layers: { norm1: { op: maxpool, kernel: 1 }, unit2: { op: relu } }').slice(1, 3)).toEqual(['norm1 = maxpool(conv1)', 'unit2 = relu(norm1)']);
    expect(network('layers: { norm1: { use: unit } }').slice(1, 3)).toEqual(['norm1.conv = conv(conv1)', 'norm1.act = relu(norm1.conv)']);
  });
});

describe('layers', () => {
  test('that are removed are read around', () => {
    expect(network('layers: { norm1: null }')[1]).toBe('unit2.conv = conv(conv1)');
  });

  test.each([
    ['{ a: { op: relu, after: conv1 } }', ['conv1', 'a', 'norm1', 'unit2.conv', 'unit2.act', 'pool', 'fc']],
    ['{ a: { op: relu, before: conv1 } }', ['a', ...names]],
    ['{ a: { op: relu, after: image } }', ['a', ...names]],
    ['{ a: { op: relu, after: fc } }', [...names, 'a']],
    ['{ a: { op: relu, after: conv1 }, b: { op: tanh, after: conv1 } }', ['conv1', 'a', 'b', ...names.slice(1)]],
    ['{ b: { op: tanh, after: a }, a: { op: relu, after: conv1 } }', ['conv1', 'a', 'b', ...names.slice(1)]],
    ['{ a: { op: relu, before: norm1 }, b: { op: tanh, before: a } }', ['conv1', 'b', 'a', ...names.slice(1)]],
    ['{ a: { op: relu, after: unit2 } }', ['conv1', 'norm1', 'unit2.conv', 'unit2.act', 'a', 'pool', 'fc']],
    ['{ a: { use: unit, after: conv1 } }', ['conv1', 'a.conv', 'a.act', ...names.slice(1)]],
  ])('%s', (layers, expected) => {
    expect(order(`layers: ${layers}`)).toEqual(expected);
  });

  test('a new one is read by those that only follow, not by those that name', () => {
    expect(network('layers: { a: { op: batchnorm, after: conv1 }, b: { op: tanh, after: unit2 } }')).toEqual([
      'conv1 = relu(conv1:conv)',
      'a = batchnorm(conv1)',
      'norm1 = lrn(a)',
      'unit2.conv = conv(norm1)',
      'unit2.act = relu(unit2.conv)',
      'b = tanh(unit2.act)',
      'pool = maxpool(unit2.act)',
      'fc = dense(pool)',
    ]);
  });

  test('of blocks, and of one instance', () => {
    expect(order('blocks: { unit: { params: { filters: 8 }, layers: { norm: { op: batchnorm, after: conv } } } }').slice(2, 5)).toEqual(['unit2.conv', 'unit2.norm', 'unit2.act']);
    const { graph } = checked('layers: { unit2: { filters: 6, layers: { conv: { kernel: 1, pad: 0 }, act: null } } }');
    expect(graph?.nodes.filter(({ id }) => id.startsWith('unit2')).map(({ id, attrs }) => [id, attrs['kernel'], attrs['filters']])).toEqual([['unit2.conv', [1, 1], 6]]);
  });
});

describe('what is wrong', () => {
  test('in the base is told there, with the line that extends it', () => {
    const [wrong] = checked('', { 'base.yaml': base.replace('op: lrn', 'op: lnr') }).diagnostics;
    expect(wrong && [wrong.span.source.path, textOf(wrong.span)]).toEqual(['base.yaml', 'lnr']);
    expect(wrong?.related.map(({ span, note }) => [span.source.path, textOf(span), note])).toEqual([['variant.yaml', 'base.yaml', 'is built on base.yaml']]);
  });

  test('in what the variant changes is told there, with the line that is changed', () => {
    const [wrong] = checked('layers: { conv1: { kernel: -5 } }').diagnostics;
    expect(wrong && [wrong.span.source.path, textOf(wrong.span)]).toEqual(['variant.yaml', '-5']);
    expect(wrong?.related.map(({ span, note }) => [span.source.path, textOf(span), note])).toEqual([['base.yaml', '3', 'instead of this']]);
  });

  test('in an inherited layer because of a change shows both', () => {
    const [wrong] = checked('layers: { conv1: { filters: 6 } }').diagnostics;
    expect(wrong && [wrong.span.source.path, textOf(wrong.span), wrong.message]).toEqual(['base.yaml', '8x8x4', 'conv1 gives 8x8x6, not the expected 8x8x4']);
    expect(wrong?.related.some(({ span }) => span.source.path === 'variant.yaml')).toBe(true);
  });

  test.each([
    ['layers: { conv2: null }', ['variant.yaml conv2| base.yaml has no layer `conv2` to remove']],
    ['layers: { conv2: { kernel: 3 } }', ['variant.yaml conv2| base.yaml has no layer `conv2` to change']],
    ['layers: { conv2: 3 }', ['variant.yaml conv2| base.yaml has no layer `conv2` to change']],
    ['layers: { a: { op: relu } }', ['variant.yaml a| a is new, and does not say where it goes']],
    ['layers: { a: { op: relu, after: b }, b: { op: relu, after: a } }', ['variant.yaml b| a: `after`: there is no layer `b`']],
    ['layers: { a: { op: relu, after: a } }', ['variant.yaml a| a: `after`: there is no layer `a`']],
    ['layers: { a: { op: relu, after: [conv1] } }', ['variant.yaml [conv1]| a: `after` cannot be a list of 1']],
    ['layers: { a: { op: relu, after: 3, from: conv1 }, fc: { from: a } }', ['variant.yaml 3| a: `after` cannot be 3']],
    ['layers: { conv1: { after: pool } }', ['variant.yaml after| conv1 has its place in base.yaml already']],
    ['layers: { unit2: null }', ['base.yaml unit2| pool: there is no layer `unit2`']],
    ['layers: null', ['variant.yaml null| `layers` cannot be empty']],
    ['layers: { conv1: { op: null } }', ['variant.yaml conv1| conv1 needs `op`']],
    ['layers: 3', ['variant.yaml 3| `layers` cannot be 3']],
    ['params: { with: null }', ['variant.yaml with| `params` in base.yaml has no `with` to remove']],
    ['blocks: { unit: { layers: { bn: null } } }', ['variant.yaml bn| the block unit has no layer `bn` to remove']],
    ['blocks: { unit: null }', ['base.yaml unit| unit2: there is no block `unit`']],
    ['input: { picture: 8x8x3 }', ['variant.yaml picture| a network has exactly one input, not 2']],
    ['extend: 3', ['variant.yaml extend| a spec has no key `extend`']],
  ])('%s', (rest, expected) => {
    expect(messages(rest)).toEqual(expected);
  });

  test('a circle, wherever it begins', () => {
    const spec = (name: string, to: string): string => `netloom: 1\nname: ${name}\nextends: ${to}.yaml\n`;
    const files = { 'a.yaml': spec('a', 'b'), 'b.yaml': spec('b', 'c'), 'c.yaml': spec('c', 'b') };
    const { diagnostics } = check(spec('a', 'b'), {}, files, './a.yaml');
    expect(diagnostics.map(({ message, span }) => `${span.source.path}: ${message}`)).toEqual(['c.yaml: the spec is built on itself: b.yaml → c.yaml → b.yaml']);
    expect(check(spec('a', 'a'), {}, { 'a.yaml': spec('a', 'a') }, './a.yaml').diagnostics.map(({ code }) => code)).toEqual(['NL2048']);
  });

  test('thousands of new layers, each after the one before, in any order', () => {
    const layers = Array.from({ length: 5000 }, (_, index) => `  a${index}: { op: tanh, after: ${index === 0 ? 'conv1' : `a${index - 1}`} }`).reverse();
    expect(order(`layers:\n${layers.join('\n')}\n`).slice(0, 4)).toEqual(['conv1', 'a0', 'a1', 'a2']);
  });
});
