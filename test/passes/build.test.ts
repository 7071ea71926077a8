import { describe, expect, test } from 'vitest';
import { textOf } from '../../compiler/source/source.ts';
import { check } from '../support/check.ts';

const spec = (layers: string, rest = ''): string => `netloom: 1\nname: tiny\nparams: { n: 4 }\ninput: { image: 8x8x3 }\nlayers:\n${layers}\n${rest}`;

const checked = (layers: string, rest = '') => check(spec(layers, rest));
const graphOf = (layers: string, rest = '') => {
  const { graph, diagnostics } = checked(layers, rest);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  if (!graph) throw new Error('no graph');
  return graph;
};
const messages = (layers: string, rest = ''): string[] => checked(layers, rest).diagnostics.map(({ code, message, span }) => `${textOf(span)}| ${code} ${message}`);

const branches = `
  stem: { op: conv, filters: 8, kernel: 3, pad: 1 }
  left: { op: conv, filters: 8, kernel: 1 }
  right: { op: conv, from: stem, filters: 8, kernel: 1 }
  both: { op: add, from: [left, right] }
  all: { op: concat, from: [both, stem, image] }`;

test('a layer reads the one above it, the first one the input, or what it names', () => {
  const graph = graphOf(branches);
  expect(graph.nodes.map(({ id, op, inputs }) => `${id} = ${op.name}(${inputs.join(', ')})`)).toEqual([
    'stem = conv(image)',
    'left = conv(stem)',
    'right = conv(stem)',
    'both = add(left, right)',
    'all = concat(both, stem, image)',
  ]);
  expect(graph.input).toEqual({ name: 'image', shape: [8, 8, 3] });
  expect(graph.outputs).toEqual(['all']);
});

test('outputs come in the order of the spec', () => {
  expect(graphOf(branches, 'outputs: [all, left]').outputs).toEqual(['all', 'left']);
  expect(graphOf(branches, 'outputs: both').outputs).toEqual(['both']);
});

test('an activation is a node with the name of its layer', () => {
  const graph = graphOf('  conv1: { op: conv, filters: 4, kernel: 3, activation: leaky_relu }\n  act: { op: tanh, activation: none }');
  expect(graph.nodes.map(({ id, op, inputs, attrs }) => [id, op.name, inputs, attrs['slope']])).toEqual([
    ['conv1:conv', 'conv', ['image'], undefined],
    ['conv1', 'leaky_relu', ['conv1:conv'], 0.01],
    ['act', 'tanh', ['conv1'], undefined],
  ]);
  const [conv, relu] = graph.nodes;
  expect(relu && textOf(relu.at('slope'))).toBe('leaky_relu');
  expect(conv?.origin).toBe(relu?.origin);
});

test('attributes are values, those not written too', () => {
  const graph = graphOf(`
  conv1: { op: conv, filters: = 2 * n, kernel: [3, 1], pad: [1, 0] }
  pool1: { op: maxpool, kernel: [2, 4] }
  pool2: { op: avgpool, kernel: 2, stride: 1 }`);
  expect(graph.nodes.map(({ attrs }) => attrs)).toMatchObject([
    { filters: 8, kernel: [3, 1], stride: [1, 1], pad: [1, 0, 1, 0], groups: 1, bias: true, rounding: 'floor', in_channels: undefined },
    { kernel: [2, 4], stride: [2, 4] },
    { kernel: [2, 2], stride: [1, 1], count_padding: true },
  ]);
});

test('a node knows where its attributes are written', () => {
  const [conv] = graphOf('  conv1: { op: conv, from: image, filters: = 2 * n, kernel: 3, expect: 6x6x8 }').nodes;
  expect(['filters', 'kernel', 'stride', 'from', 'expect', 'op'].map((name) => conv && textOf(conv.at(name)))).toEqual([
    '= 2 * n',
    '3',
    'conv',
    'image',
    '6x6x8',
    'conv',
  ]);
});

test('dotted names are names', () => {
  expect(graphOf('  fire2.squeeze: { op: relu }\n  out: { op: relu, from: fire2.squeeze }').nodes.map(({ id }) => id)).toEqual(['fire2.squeeze', 'out']);
});

describe('names that lead nowhere', () => {
  test.each([
    ['unknown', '  a: { op: relu }\n  b: { op: relu, from: aa }', ['aa| NL2009 b: there is no layer `aa`']],
    ['the layer itself', '  a: { op: relu }\n  b: { op: relu, from: b }', ['b| NL2011 b reads its own output']],
    ['a cycle through the layers between', '  a: { op: relu, from: c }\n  b: { op: relu }\n  c: { op: relu }', ['c| NL2012 a depends on itself: a reads c reads b reads a']],
    ['a later layer that does not come back', '  a: { op: relu, from: b }\n  b: { op: relu, from: image }', ['b| NL2010 a reads b, which comes after it']],
    ['two at once', '  a: { op: add, from: [x1, x2] }', ['x1| NL2009 a: there is no layer `x1`', 'x2| NL2009 a: there is no layer `x2`']],
    ['an empty list', '  a: { op: concat, from: [] }', ['a| NL2017 a reads nothing']],
    ['the name of the input', '  image: { op: relu }\n  b: { op: relu }', ['image| NL2013 image is the name of the input, so no layer may have it']],
    ['two inputs for one', '  a: { op: relu }\n  b: { op: relu, from: [a, image] }', ['image| NL2016 b: relu takes one input, not 2']],
  ])('%s', (_, layers, expected) => {
    expect(messages(layers)).toEqual(expected);
  });

  test.each([
    ['unknown', 'outputs: [aa]', ['aa| NL2009 outputs: there is no layer `aa`']],
    ['twice', 'outputs: [a, a]', ['a| NL2014 a is an output twice']],
    ['the input', 'outputs: [a, image]', ['image| NL2015 the input image cannot be an output']],
  ])('as an output: %s', (_, rest, expected) => {
    expect(messages('  a: { op: relu }', rest)).toEqual(expected);
  });
});

describe('a broken layer stays silent about its followers', () => {
  test.each([
    ['an unknown operator', '  a: { op: rleu }', 'NL2005'],
    ['a misspelt key', '  a: { op: conv, filters: 4, kernel: 3, pda: 1 }', 'NL2001'],
    ['a wrong value', '  a: { op: conv, filters: none, kernel: 3 }', 'NL2004'],
    ['an expression that fails', '  a: { op: conv, filters: = m, kernel: 3 }', 'NL2021'],
    ['a name written twice', '  a: { op: relu }\n  a: { op: relu }', 'NL1007'],
    ['a name that is none', '  1a: { op: relu }', 'NL2008'],
    ['a name that leads nowhere', '  a: { op: relu, from: zzz }', 'NL2009'],
  ])('%s', (_, layers, code) => {
    const { diagnostics, graph } = checked(`${layers}\n  next: { op: maxpool, kernel: 99, expect: 1x1x1 }\n  last: { op: softmax }`);
    expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual([code]);
    expect(graph?.nodes).toEqual([]);
    expect(graph?.outputs).toEqual([]);
  });

  test('but says what is wrong with their own words, and with layers beside it', () => {
    const layers = '  a: { op: rleu }\n  b: { op: conv, filters: = 1 / 0, kernel: 3 }\n  c: { op: maxpool, from: image, kernel: 99 }';
    expect(messages(layers).map((message) => message.split(' ').slice(0, 2).join(' '))).toEqual(['rleu| NL2005', '/| NL2024', '99| NL3001']);
  });
});

describe('a layer that nobody reads', () => {
  const layers = '  a: { op: relu, expect: 8x8x? }\n  b: { op: tanh, from: image }\n  c: { op: sigmoid, expect: [8, 8, = n - 1] }';

  test('is a warning', () => {
    expect(messages(layers)).toEqual(['a| NL2018 nobody reads a']);
    expect(checked(layers).diagnostics[0]?.severity).toBe('warning');
    expect(checked(layers).graph?.nodes.length).toBe(3);
  });

  test('but no output', () => {
    expect(messages(layers, 'outputs: [a, c]')).toEqual([]);
  });

  test('and nothing is said of it while a name leads nowhere', () => {
    expect(messages('  a: { op: relu }\n  b: { op: relu, from: aa }')).toEqual(['aa| NL2009 b: there is no layer `aa`']);
  });
});

test('thousands of layers in a wrong order are told one by one', () => {
  const layers = Array.from({ length: 3000 }, (_, index) => `  l${index}: { op: relu, from: l${index + 1} }`).join('\n');
  const { diagnostics } = checked(`${layers}\n  l3000: { op: relu, from: image }`);
  expect(diagnostics.length).toBe(3000);
  expect(new Set(diagnostics.map(({ code }) => code))).toEqual(new Set(['NL2010']));
});
