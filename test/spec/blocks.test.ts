import { describe, expect, test } from 'vitest';
import { textOf } from '../../compiler/source/source.ts';
import { check } from '../support/check.ts';

const spec = (layers: string, blocks = fire): string => `netloom: 1\nname: tiny\nparams: { n: 4 }\ninput: { image: 8x8x3 }\nblocks:\n${blocks}\nlayers:\n${layers}\n`;

const fire = `
  fire:
    params: { squeeze: = n, expand: }
    layers:
      squeeze: { op: conv, filters: = squeeze, kernel: 1 }
      left: { op: conv, filters: = expand, kernel: 1 }
      right: { op: conv, from: squeeze, filters: = 2 * expand, kernel: 3, pad: 1 }
      out: { op: concat, from: [left, right] }`;

/** Each layer of a right spec as `name = op(what it reads)`. */
function network(layers: string, blocks?: string): string[] {
  const { graph, diagnostics } = check(spec(layers, blocks));
  expect(diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message)).toEqual([]);
  return (graph?.nodes ?? []).map(({ id, op, inputs }) => `${id} = ${op.name}(${inputs.join(', ')})`);
}

const messages = (layers: string, blocks?: string): string[] =>
  check(spec(layers, blocks)).diagnostics.flatMap(({ severity, message, span }) => (severity === 'error' ? [`${textOf(span)}| ${message}`] : []));

test('an instance stands for all layers of its block, by whole names', () => {
  expect(network('  conv1: { op: conv, filters: 8, kernel: 1 }\n  fire2: { use: fire, squeeze: 2, expand: 3 }\n  end: { op: relu }')).toEqual([
    'conv1 = conv(image)',
    'fire2.squeeze = conv(conv1)',
    'fire2.left = conv(fire2.squeeze)',
    'fire2.right = conv(fire2.squeeze)',
    'fire2.out = concat(fire2.left, fire2.right)',
    'end = relu(fire2.out)',
  ]);
});

test('params are given, or stand for themselves in terms of the spec’s', () => {
  const { graph } = check(spec('  a: { use: fire, expand: = 2 * n }\n  b: { use: fire, expand: 1, squeeze: 3 }'));
  const filters = (graph?.nodes ?? []).flatMap(({ id, attrs }) => ('filters' in attrs ? [`${id} ${String(attrs['filters'])}`] : []));
  expect(filters).toEqual(['a.squeeze 4', 'a.left 8', 'a.right 16', 'b.squeeze 3', 'b.left 1', 'b.right 2']);
});

test('a param of the block hides one of the spec, and an expression beside `use` sees the spec’s', () => {
  const { graph } = check(spec('  a: { use: b, n: = n + 1 }', '  b: { params: { n: 1 }, layers: { c: { op: conv, filters: = n, kernel: 1 } } }'));
  expect(graph?.nodes[0]?.attrs['filters']).toBe(5);
});

describe('what is read', () => {
  const shortcut = '  unit: { layers: { conv: { op: conv, filters: 3, kernel: 1 }, sum: { op: add, from: [conv, input] } } }';

  test('`input` is what arrives: the layer above, or what `from` names', () => {
    expect(network('  a: { op: relu }\n  u: { use: unit }\n  v: { use: unit, from: a }', shortcut)).toEqual([
      'a = relu(image)',
      'u.conv = conv(a)',
      'u.sum = add(u.conv, a)',
      'v.conv = conv(a)',
      'v.sum = add(v.conv, a)',
    ]);
    expect(network('  u: { use: unit }', shortcut)).toEqual(['u.conv = conv(image)', 'u.sum = add(u.conv, image)']);
  });

  test('repetitions are fed by the one before', () => {
    expect(network('  u: { use: unit, repeat: = n / 2 }\n  sum: { op: add, from: [u, u.1] }', shortcut)).toEqual([
      'u.1.conv = conv(image)',
      'u.1.sum = add(u.1.conv, image)',
      'u.2.conv = conv(u.1.sum)',
      'u.2.sum = add(u.2.conv, u.1.sum)',
      'sum = add(u.2.sum, u.1.sum)',
    ]);
    expect(network('  u: { use: unit, repeat: 1 }', shortcut)[0]).toBe('u.1.conv = conv(image)');
  });

  test('several inputs arrive together', () => {
    expect(network('  a: { op: relu }\n  b: { op: tanh }\n  j: { use: join, from: [a, b] }', '  join: { layers: { sum: { op: add }, all: { op: concat, from: [sum, input] } } }')).toEqual([
      'a = relu(image)',
      'b = tanh(a)',
      'j.sum = add(a, b)',
      'j.all = concat(j.sum, a, b)',
    ]);
  });

  test('single layers of an instance, and it may be an output', () => {
    expect(network('  f: { use: fire, expand: 2 }\n  g: { op: relu, from: f.squeeze }\noutputs: [f, g]')).toContain('g = relu(f.squeeze)');
    expect(check(spec('  f: { use: fire, expand: 2 }\noutputs: [f]')).graph?.outputs).toEqual(['f.out']);
  });
});

test('blocks use blocks', () => {
  const blocks = `${fire}\n  two: { params: { wide: }, layers: { first: { use: fire, expand: = wide }, second: { use: fire, from: [first], expand: = wide, squeeze: = wide }, sum: { op: add, from: [first, second, first.out] } } }`;
  const layers = network('  t: { use: two, wide: 6 }', blocks);
  expect(layers).toHaveLength(9);
  expect(layers[4]).toBe('t.second.squeeze = conv(t.first.out)');
  expect(layers[8]).toBe('t.sum = add(t.first.out, t.second.out, t.first.out)');
});

test('an instance changes layers of its block for itself', () => {
  const layers = network('  a: { use: fire, expand: 2, layers: { squeeze: { kernel: 3, pad: 1 }, left: null, out: { from: [right, mid] }, mid: { op: batchnorm, after: squeeze } } }\n  b: { use: fire, expand: 2 }');
  expect(layers.slice(0, 4)).toEqual(['a.squeeze = conv(image)', 'a.mid = batchnorm(a.squeeze)', 'a.right = conv(a.squeeze)', 'a.out = concat(a.right, a.mid)']);
  expect(layers.slice(4, 6)).toEqual(['b.squeeze = conv(a.out)', 'b.left = conv(b.squeeze)']);
});

describe('where a mistake is', () => {
  test('in the block, once for all that use it, with their lines', () => {
    const [only, ...others] = check(spec('  a: { use: fire, expand: 2 }\n  b: { use: fire, expand: 2, repeat: 3 }', fire.replace('from: squeeze', 'from: sqeeze'))).diagnostics;
    expect(others).toEqual([]);
    expect(only && textOf(only.span)).toBe('sqeeze');
    expect(only?.related.map(({ span, note }) => `${textOf(span)}: ${note}`)).toEqual(['a: a uses fire', 'b: b.1 uses fire']);
  });

  test('in a layer that only one instance makes wrong', () => {
    const { diagnostics } = check(spec('  a: { use: fire, expand: 2 }\n  b: { use: fire, expand: 0 }\n  c: { op: relu, expect: 8x8x? }'));
    expect(diagnostics.map(({ message, related }) => [message, related.map(({ span }) => textOf(span))])).toEqual([
      ['b.left: `filters` cannot be 0', ['b']],
      ['b.right: `filters` cannot be 0', ['b']],
    ]);
  });

  test('is told of a block that nobody uses too', () => {
    expect(messages('  a: { op: relu }', '  spare: { params: { f: }, layers: { c: { op: conv, filters: = f + g, kernel: 1 }, d: { op: relu, from: e } } }')).toEqual([
      'g| there is no param `g`',
      'e| spare.d: there is no layer `e`',
    ]);
  });

  test.each([
    ['a: { use: fire }', ['fire| a: fire needs `expand`']],
    ['a: { use: fire, expand: 1, expnd: 2 }', ['expnd| a: fire has no key `expnd`']],
    ['a: { use: fire, expand: 1, activation: relu }', ['activation| a: fire has no key `activation`']],
    ['a: { usee: fire, expand: 1 }', ['usee| a has no key `usee`']],
    ['a: { type: relu }', ['type| a has no key `type`']],
    ['a: { expand: 1 }', ['a| a needs `op`']],
    ['a: { use: 3 }', ['3| a: `use` cannot be 3']],
    ['a: { use: fire, expand: = m }', ['m| there is no param `m`']],
    ['a: { use: fire, expand: 1, repeat: 1.5 }', ['1.5| a: `repeat` cannot be 1.5']],
    ['a: { use: fire, expand: 1, repeat: = n / 3 }', ['/| a: `repeat` is 1.333333333, not a whole number']],
    ['a: { use: fire, expand: 1, from: b }', ['b| a: there is no layer `b`']],
    ['image: { use: fire, expand: 1 }', ['image| image is the name of the input, so no layer may have it']],
    ['a: { use: fire, expand: 1, layers: { sqeeze: null } }', ['sqeeze| the block fire has no layer `sqeeze` to remove']],
    ['a: { use: fire, expand: 1, expect: 8x8x4 }', ['8x8x4| a.out gives 8x8x3, not the expected 8x8x4']],
    ['1a: { use: fire, expand: 1 }', ['1a| `1a` cannot be the name of a layer']],
  ])('%s', (layer, expected) => {
    expect(messages(`  ${layer}`)).toEqual(expected);
  });
});
