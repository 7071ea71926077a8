import { describe, expect, test } from 'vitest';
import { textOf } from '../../compiler/source/source.ts';
import { check } from '../support/check.ts';

const advice = (layers: string, rest = '', params = ''): string[] =>
  check(`netloom: 1\nname: tiny\n${params}input: { image: 8x8x3 }\nlayers:\n${layers}\n${rest}`).diagnostics.map(({ severity, code, message, span }) => {
    expect(severity).toBe('warning');
    return `${textOf(span)}| ${code} ${message}`;
  });

describe('readers', () => {
  test('a layer that nobody reads', () => {
    expect(advice('  a: { op: relu }\n  b: { op: tanh, from: image, expect: 8x8x3 }')).toEqual(['a| NL2018 nobody reads a']);
  });
});

describe('outputs', () => {
  test('each wants an `expect`', () => {
    expect(advice('  a: { op: relu }\n  b: { op: tanh, expect: ?x8x? }\n  c: { op: sigmoid }', 'outputs: [a, b, c]')).toEqual([
      'a| NL3020 a is an output, and no `expect` says what it must be',
      'c| NL3020 c is an output, and no `expect` says what it must be',
    ]);
  });
});

describe('unused', () => {
  test.each([
    ['{ a: 1 }', '', ['a| NL2040 nothing uses the param `a`']],
    ['{ a: 1, b: = a }', '', ['b| NL2040 nothing uses the param `b`']],
    ['{ a: 1 }', 'check: [a == 1]', []],
    ['{ a: 1 }', 'train: { batch: = a }', []],
    ['{ long-name: 1 }', 'train: { batch: "= if(1 < 2, 3, long-name)" }', []],
  ])('params %s with %s', (params, rest, expected) => {
    expect(advice('  r: { op: relu, expect: 8x8x3 }', rest, `params: ${params}\n`)).toEqual(expected);
  });

  test('blocks, and the params of those that are used', () => {
    const rest = 'blocks:\n  no: { params: { p: 1 }, layers: { a: { op: relu } } }\n  yes: { params: { p: 1, q: 2 }, layers: { a: { op: conv, filters: = q, kernel: 1 } } }';
    expect(advice('  r: { use: yes, expect: 8x8x2 }', rest)).toEqual(['no| NL2041 no layer uses the block `no`', 'p| NL2040 nothing uses the param `p`']);
  });

  test('a param of the spec is not used where a block’s has its name', () => {
    const rest = 'blocks:\n  b: { params: { p: 1 }, layers: { a: { op: conv, filters: = p, kernel: 1 } } }';
    expect(advice('  r: { use: b, expect: 8x8x1 }', rest, 'params: { p: 2 }\n')).toEqual(['p| NL2040 nothing uses the param `p`']);
    expect(advice('  r: { use: b, p: = p, expect: 8x8x2 }', rest, 'params: { p: 2 }\n')).toEqual([]);
  });
});

describe('layers that undo each other', () => {
  test('dropout behind the last weights', () => {
    const dense = (name: string): string => `  ${name}: { op: dense, units: 2, expect: 2 }\n`;
    expect(advice(`  d: { op: dropout }\n${dense('a')}`)).toEqual([]);
    expect(advice(`${dense('a')}  d: { op: dropout }\n  s: { op: softmax, expect: 2 }`)).toEqual(['dropout| NL3022 d: no layer with weights follows this dropout']);
    expect(advice(`  d: { op: dropout }\n  s: { op: add, from: [d, image] }\n${dense('a')}`)).toEqual([]);
  });

  test('a bias before batchnorm, unless something comes between or the biased value is used', () => {
    const layers = (conv: string, rest = ''): string => `  c: { op: conv, filters: 4, kernel: 1${conv} }\n  b: { op: batchnorm, expect: 8x8x4 }${rest}`;
    expect(advice(layers(''))).toEqual(['conv| NL3023 c: its bias is taken away again by b']);
    expect(advice(layers(', bias: true'))).toEqual(['true| NL3023 c: its bias is taken away again by b']);
    expect(advice(layers(', bias: false'))).toEqual([]);
    expect(advice(layers(', activation: relu'))).toEqual([]);
    expect(advice(layers('', '\n  s: { op: add, from: [b, c], expect: 8x8x4 }'))).toEqual([]);
    expect(advice(layers(', expect: 8x8x4', '\noutputs: [c, b]'))).toEqual([]);
  });

  test('the same activation twice', () => {
    expect(advice('  a: { op: relu }\n  b: { op: relu, expect: 8x8x3 }')).toEqual(['relu| NL3024 b: relu comes right after relu']);
    expect(advice('  a: { op: batchnorm, activation: tanh }\n  b: { op: tanh, expect: 8x8x3 }')).toEqual(['tanh| NL3024 b: tanh comes right after tanh']);
    expect(advice('  a: { op: relu }\n  b: { op: tanh, expect: 8x8x3 }')).toEqual([]);
  });
});

test('nothing is said of a network with holes, but of its outputs', () => {
  const { diagnostics } = check('netloom: 1\nname: tiny\nparams: { a: 1 }\ninput: { image: 8x8x3 }\nlayers:\n  a: { op: relu }\n  b: { op: relu }\n  c: { op: conv, filters: -1, kernel: 1 }\n');
  expect(diagnostics.map(({ code }) => code)).toEqual(['NL2004']);
});

describe('the input', () => {
  const said = (shape: string, layers: string, rest = ''): readonly string[] =>
    check(`netloom: 1\nname: a\ninput: { image: ${shape} }\n${rest}layers:\n${layers}`).diagnostics.filter(({ code }) => code === 'NL3026').map(({ help }) => help ?? '');
  const conv = '  c: { op: conv, filters: 4, kernel: 3, pad: 1 }\n';

  test.each(['3x64x64', '1x28x28', '4x240x320'])('%s has its channels first', (shape) => {
    const [channels, height, width] = shape.split('x');
    expect(said(shape, conv)).toEqual([`a picture is height x width x channels: write \`${height ?? ''}x${width ?? ''}x${channels ?? ''}\``]);
    expect(said(shape, '  r: { op: relu }\n  p: { op: maxpool, kernel: 2, from: image }\n')).toHaveLength(1);
  });

  test('and it is said beside the error that comes of it', () => {
    expect(said('3x227x227', '  c: { op: conv, filters: 96, kernel: 11, stride: 4 }\n')).toHaveLength(1);
  });

  test.each([
    ['64x64x3', conv], ['2x64x64', conv], ['3x64x8', conv], ['3x8x64', conv], ['5000', '  d: { op: dense, units: 4 }\n'],
    ['1x64x64', '  c: { op: conv, filters: 4, kernel: [1, 3] }\n'], ['3x64x64', '  d: { op: dense, units: 4 }\n'], ['3x64x64', '  c: { op: conv, filters: 4, kernel: 1 }\n'],
  ])('%s may be meant, read by %s', (shape, layers) => {
    expect(said(shape, layers)).toEqual([]);
  });

  test('of one that images become no more is said than that', () => {
    expect(said('3x64x64', conv, 'preprocess: { resize: 64x64 }\n')).toEqual([]);
  });
});
