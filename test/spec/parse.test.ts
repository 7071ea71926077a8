import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { textOf } from '../../compiler/source/source.ts';
import { check } from '../support/check.ts';

const spec = (more: { params?: string; input?: string; layers?: string; rest?: string } = {}): string =>
  [
    'netloom: 1',
    'name: tiny',
    ...(more.params === undefined ? [] : [`params: ${more.params}`]),
    `input: ${more.input ?? '{ image: 8x8x3 }'}`,
    `layers:${more.layers ?? ' { conv1: { op: conv, filters: 4, kernel: 3 } }'}`,
    ...(more.rest === undefined ? [] : [more.rest]),
    '',
  ].join('\n');

/** The document of a right spec. */
function right(text: string, overrides: Record<string, string> = {}, files: Record<string, string> = {}) {
  const { document, diagnostics } = check(text, overrides, files);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  if (!document) throw new Error('no document');
  return document;
}

const messages = (text: string, overrides: Record<string, string> = {}, files: Record<string, string> = {}): string[] =>
  check(text, overrides, files).diagnostics.flatMap(({ severity, message, span }) => (severity === 'error' ? [`${textOf(span)}| ${message}`] : []));

describe('a whole spec', () => {
  const text = spec({
    params: '{ classes: 2, wide: = 2 * classes }',
    layers: '\n  conv1: { op: conv, filters: = wide, kernel: [3, 1], activation: relu, expect: 6x8x?, init: { bias: 1 } }\n  fc2:\n    op: dense\n    units: = classes\n',
    rest: 'outputs: fc2\nlabels: names.txt\ntrain: { batch: 128, optimizer: { name: sgd, lr: = 1 / 100 } }\nsummary: One line',
  });
  const document = right(text, {}, { 'names.txt': '\uFEFFcat\r\nbig dog\r\n' });

  test('is carried with its parts', () => {
    expect(document.name.value).toBe('tiny');
    expect(document.summary).toBe('One line');
    expect([...document.params].map(([name, { value }]) => [name, value])).toEqual([['classes', 2], ['wide', 4]]);
    expect(document.input.name.value).toBe('image');
    expect(document.input.shape.value).toEqual([8, 8, 3]);
    expect(document.outputs.map(({ value }) => value)).toEqual(['fc2']);
    expect(document.labels?.value).toEqual({ name: 'names.txt', classes: ['cat', 'big dog'] });
    expect(document.train && textOf(document.train.span)).toBe('{ batch: 128, optimizer: { name: sgd, lr: = 1 / 100 } }');
  });

  test('knows where everything stands', () => {
    const [conv1, fc2] = document.layers;
    expect(conv1 && textOf(conv1.op.span)).toBe('conv');
    expect(conv1?.expect && textOf(conv1.expect.span)).toBe('6x8x?');
    expect(conv1?.expect?.value).toEqual([6, 8, '?']);
    expect([...(conv1?.attributes ?? [])].map(([name, { key, value }]) => [name, textOf(key), textOf(value.span)])).toEqual([
      ['filters', 'filters', '= wide'],
      ['kernel', 'kernel', '[3, 1]'],
    ]);
    expect(conv1 && textOf(conv1.span)).toMatch(/^conv1: \{ .* \}$/);
    expect(fc2 && textOf(fc2.span)).toBe('fc2:\n    op: dense\n    units: = classes');
  });
});

describe('numbers, however they are written', () => {
  test.each([
    ['1_000', 1000],
    ['1k', 1000],
    ['"12"', 12],
    ['0x10', 16],
    ['= 3 * 4', 12],
    ['"= max(3, 4)"', 4],
    ["'= 5'", 5],
  ])('filters: %s', (written, filters) => {
    const { graph } = check(spec({ layers: ` { conv1: { op: conv, filters: ${written}, kernel: 3 } }` }));
    expect(graph?.nodes[0]?.attrs['filters']).toBe(filters);
  });
});

describe('shapes are read from the text', () => {
  test.each([
    ['224x224x3', [224, 224, 3]],
    ['224 × 224 × 3', [224, 224, 3]],
    ['"17 x 18 x 3"', [17, 18, 3]],
    ['[9, = 3 * 3, 1k]', [9, 9, 1000]],
    ['4096', [4096]],
    ['1_000', [1000]],
    ['= 40 + 2', [42]],
  ])('%s', (written, shape) => {
    const layers = shape.length === 1 ? ' { fc: { op: dense, units: 2 } }' : ' { conv: { op: conv, filters: 4, kernel: 1 } }';
    expect(right(spec({ input: `\n  image: ${written}`, layers })).input.shape.value).toEqual(shape);
  });

  test.each([
    ['0x10', '0x10| the input image: `0x10` is not a shape'],
    ['8x8', '8x8| the input image: `8x8` is not a shape'],
    ['8x8x3x1', '8x8x3x1| the input image: `8x8x3x1` is not a shape'],
    ['8xax3', 'a| the input image: `8xax3` is not a shape'],
    ['-3', '-3| `input.image` cannot be -3'],
    ['[8, 8, = 1 / 2]', '= 1 / 2| the input image: `[8, 8, = 1 / 2]` is not a shape'],
    ['?x8x3', '?| the input image: `?x8x3` is not a shape'],
    ['= 8 > 3', '= 8 > 3| the input image: `= 8 > 3` is not a shape'],
  ])('%s is none', (written, message) => {
    expect(messages(spec({ input: `\n  image: ${written}` }))).toEqual([message]);
  });
});

describe('params', () => {
  test('may use each other in any order', () => {
    const { params } = right(spec({ params: '{ c: = a + b, a: = 2 * b, b: 3 }' }));
    expect([...params].map(([name, { value }]) => `${name} ${value ?? ''}`)).toEqual(['c 9', 'a 6', 'b 3']);
  });

  test('are set from outside, by number or expression, and what depends on them follows', () => {
    const { params } = right(spec({ params: '{ width: 1, wide: = 96 * width, classes: 1000 }' }), { width: '0.125', classes: '= 2 * 5' });
    expect([...params.values()].map(({ value }) => value)).toEqual([0.125, 12, 10]);
  });

  test.each([
    ['{ a: = b, b: = a }', {}, ['= b| the params a → b → a depend on each other']],
    ['{ a: = a }', {}, ['= a| the params a → a depend on each other']],
    ['{ a: = 1 / 0, b: = a + 1 }', {}, ['/| 1 / 0 divides by zero']],
    ['{ a: big }', {}, ['big| `params.a` cannot be "big"']],
    ['{ a: 3 }', { b: '4' }, ['b| --set b: the spec has no such param']],
    ['{ a: 3 }', { a: '1O' }, ['O| the expression goes wrong at `O`']],
    ['{ a: 3 }', { a: '' }, ['| the expression goes wrong at its end']],
    [undefined, { a: '1' }, ['a| --set a: the spec has no such param']],
  ])('%s with %j', (params, overrides, expected) => {
    expect(messages(spec({ ...(params === undefined ? {} : { params }), layers: ' { conv1: { op: conv, filters: 4, kernel: 3 } }' }), overrides)).toEqual(expected);
  });

  test('a broken one makes no more mistakes of what uses it', () => {
    const text = spec({ params: '{ a: = 1 / 0 }', layers: ' { conv1: { op: conv, filters: = a, kernel: 3, expect: 9x9x9 }, prob: { op: softmax } }' });
    expect(messages(text)).toEqual(['/| 1 / 0 divides by zero']);
  });
});

describe('preprocess', () => {
  const withInput = (preprocess: string, input = '{ image: 8x8x3 }'): string => spec({ input, rest: `preprocess: ${preprocess}` });

  test('fills in what is not said', () => {
    expect(right(withInput('{}')).preprocess).toEqual({ channels: 'RGB', mean: [0, 0, 0], std: [1, 1, 1], scale: 1 });
    expect(right(withInput('{ mean: [128] }', '{ image: 8x8x1 }')).preprocess).toEqual({ channels: 'RGB', mean: [128], std: [1], scale: 1 });
  });

  test('reads what is said', () => {
    const written = '{ resize: 16 x 20, crop: center, channels: BGR, mean: [1, = 1 + 1, 3], std: [1, 2, 4], scale: = 1 / 4 }';
    expect(right(withInput(written)).preprocess).toEqual({
      resize: [16, 20],
      crop: 'center',
      channels: 'BGR',
      mean: [1, 2, 3],
      std: [1, 2, 4],
      scale: 0.25,
    });
    expect(right(withInput('{ resize: 1k, crop: center }')).preprocess?.resize).toBe(1000);
  });

  test.each([
    ['{ resize: 16 }', ['16| preprocess: a shorter side of 16 does not become 8x8']],
    ['{ resize: 9x8 }', ['9x8| preprocess: 9x8 does not become 8x8']],
    ['{ resize: 4, crop: center }', ['4| preprocess: a shorter side of 4 does not become 8x8']],
    ['{ resize: 8x8x3, crop: center }', ['8x8x3| preprocess: `resize` cannot be "8x8x3"']],
    ['{ resize: = 8.5, crop: center }', ['8.5| preprocess: `resize` is 8.5, not a whole number']],
    ['{ std: [1, 0, 1] }', ['0| `preprocess.std` cannot be a list with 0']],
    ['{ crop: left }', ['left| `preprocess.crop` cannot be `left`']],
    ['center', ['center| `preprocess` cannot be "center"']],
  ])('%s', (written, expected) => {
    expect(messages(withInput(written))).toEqual(expected);
  });
});

describe('labels', () => {
  test('imagenet-1k is built in', () => {
    const classes = right(spec({ layers: ' { fc: { op: dense, units: 1000 } }', rest: 'labels: imagenet-1k' })).labels?.value.classes ?? [];
    expect(classes.length).toBe(1000);
    expect([classes[0], classes[281], classes[999]]).toEqual(['tench', 'tabby', 'toilet tissue']);
    const list = new URL('../../../shared/pretrained/imagenet-classes.json', import.meta.url);
    if (existsSync(list)) expect(classes).toEqual((JSON.parse(readFileSync(list, 'utf8')) as { name: string }[]).map(({ name }) => name));
    else console.warn('skipped: the list of classes to compare with is not here');
  });
});

describe('YAML', () => {
  test('anchors and aliases work', () => {
    const document = right(spec({ layers: '\n  conv1: &conv { op: conv, filters: 4, kernel: 3 }\n  conv2: *conv' }));
    expect(document.layers.map(({ name, op }) => `${name.value} ${op.value}`)).toEqual(['conv1 conv', 'conv2 conv']);
  });

  test('a mistake behind an alias is told once', () => {
    expect(messages(spec({ layers: '\n  conv1: &conv { op: conv, filters: many, kernel: 3 }\n  conv2: *conv' }))).toEqual(['many| conv1: `filters` cannot be "many"']);
  });

  test('any word can be a key', () => {
    for (const word of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(messages(`${spec()}${word}: 1\n`)).toEqual([`${word}| a spec has no key \`${word}\``]);
      const layers = ` { conv1: { op: conv, filters: 4, kernel: 3, ${word}: 1 } }`;
      expect(messages(spec({ layers }))).toEqual([`${word}| conv1: conv has no key \`${word}\``]);
    }
    expect(messages(spec({ layers: ' { constructor: { op: relu }, toString: { op: relu } }' }))).toEqual([]);
  });

  test('all problems come in one run', () => {
    const text = spec({
      params: '{ a: = b }',
      layers: '\n  conv1: { op: conv, filters: 4, kernel: 3, pading: 1 }\n  conv2: { op: cnv }\n  fc3: { op: dense, units: 3.5, from: conv9 }\n',
      rest: 'outputs: [fc4]\nlayres: 3',
    });
    expect(messages(text)).toEqual([
      'b| there is no param `b`',
      'pading| conv1: conv has no key `pading`',
      'cnv| conv2: there is no operator `cnv`',
      '3.5| fc3: `units` cannot be 3.5',
      'conv9| fc3: there is no layer `conv9`',
      'fc4| outputs: there is no layer `fc4`',
      'layres| a spec has no key `layres`',
    ]);
  });

  test.each([
    ['a list', '- a\n- b\n', ['a spec cannot be a list of 2']],
    ['a word', 'alexnet\n', ['a spec cannot be "alexnet"']],
    ['another kind of file', 'services:\n  web: { image: nginx }\nvolumes: {}\n', ['a spec has no key `services`']],
  ])('%s is no spec', (_, text, expected) => {
    expect(check(text).diagnostics.map(({ message }) => message)).toEqual(expected);
  });
});
