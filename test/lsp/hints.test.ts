// What the language server tells of a text without changing it: hints, hover, the outline.

import { beforeAll, describe, expect, test } from 'vitest';
import {
  DocumentSymbolRequest,
  InlayHintRequest,
  type DocumentSymbol,
  type InlayHint,
} from 'vscode-languageserver-protocol/node';
import { all, little, servedSpecs } from '../support/served-specs.ts';

const served = servedSpecs();
const { hints, hoverAt, open, uri } = served;

const littleHints = [
  'conv1 55x55x96 · 34,944 parameters',
  'pool1 27x27x96',
  'left 27x27x8 · 776 parameters',
  'right 27x27x8 · 776 parameters',
  'both 27x27x16',
  'score 10 · 116,650 parameters',
];

describe('hints', () => {
  test('tell the shape and the parameters of each layer', async () => {
    const name = uri('hinted.yaml');
    await served.editor.show(name, little);
    expect(await hints(name)).toEqual(littleHints);
    await served.editor.type(name, 'stride: 4', 'stride: 2');
    expect((await hints(name)).slice(0, 2)).toEqual(['conv1 109x109x96 · 34,944 parameters', 'pool1 54x54x96']);
  });

  test('stand behind the layer, or behind its name where it has several lines', async () => {
    const name = await open(little);
    const found = (await served.editor.connection.sendRequest(InlayHintRequest.type, { textDocument: { uri: name }, range: all })) as InlayHint[];
    const at = (piece: string) => served.editor.at(name, piece).position;
    expect(found.map(({ position }) => position)).toEqual([at('activation: relu }|'), at('stride: 2 }|'), at('8, kernel: 1 }|'), at('right:|'), at('[left, right] }|'), at('[= classes] }|')]);
  });

  test('go on while the text is broken, with the last right network', async () => {
    const name = await open(little);
    await served.editor.type(name, 'params:', 'params: {');
    expect(await hints(name)).toEqual(littleHints.map((hint) => hint.replace(/ (.*)/, ' ($1)')));
    await served.editor.type(name, 'left: {', '\n  left: {');
    expect((await hints(name))[2]).toBe('left (27x27x8 · 776 parameters)');
    await served.editor.type(name, 'params: {', 'params:');
    expect(await hints(name)).toEqual(littleHints);
  });

  test('of layers behind a mistake are those of before it', async () => {
    const name = await open(little);
    await served.editor.type(name, 'kernel: 3', 'kernel: 300');
    expect(await hints(name)).toEqual(littleHints.map((hint, index) => (index === 0 ? hint : hint.replace(/ (.*)/, ' ($1)'))));
  });
});

describe('hover', () => {
  let name = '';
  beforeAll(async () => {
    name = await open(little);
  });

  test('a layer: how its shape and its parameters come about', async () => {
    const text = await hoverAt(name, 'con|v1:');
    expect(text).toContain('`(224 + 2*2 - 11)/4 + 1 = 55.25 -> 55`');
    expect(text).toContain('image 224x224x3 → **55x55x96**');
    expect(text).toContain('34,944 parameters: conv1.weight 96x3x11x11 = 34,848, conv1.bias 96');
    expect(text).toContain('105,415,200 multiply-adds');
    expect(await hoverAt(name, 'from: po|ol1')).toContain('`(55 - 3)/2 + 1 = 27`');
  });

  test('a key, an operator, an activation: what they do', async () => {
    expect(await hoverAt(name, 'strid|e: 4')).toBe('**stride**: How far apart neighbouring windows start, in pixels.\n\nTakes a whole number, at least 1, or two of them as [height, width]. Default: `1`.');
    expect(await hoverAt(name, 'op: max|pool')).toMatch(/^\*\*maxpool\*\*: .*\n\n- `kernel`: .* Required\./);
    expect(await hoverAt(name, 'activation: re|lu')).toMatch(/^\*\*relu\*\*: /);
    expect(await hoverAt(name, 'outp|uts:')).toContain('Default: the last layer.');
  });

  test('a param and an expression: what they are worth', async () => {
    expect(await hoverAt(name, '96 * wid|th')).toBe('**width** = 1');
    expect(await hoverAt(name, 'filters: = 9|6')).toContain('`= 96 * width` is 96');
  });

  test('nothing where there is nothing to say', async () => {
    expect(await hoverAt(name, 'layers|:\n')).toContain('The layers by name');
    expect(await hoverAt(name, 'name: lit|tle')).toContain('The model’s name');
    expect(await hoverAt(name, 'layers:\n | conv1')).toBeUndefined();
  });
});

test('the outline of a spec', async () => {
  const name = await open(little);
  const symbols = ((await served.editor.connection.sendRequest(DocumentSymbolRequest.type, { textDocument: { uri: name } })) ?? []) as DocumentSymbol[];
  expect(symbols.map((one) => one.name)).toEqual(['netloom', 'name', 'params', 'input', 'layers', 'outputs']);
  expect(symbols[4]?.children?.map((one) => `${one.name}: ${one.detail ?? ''}`)).toEqual([
    'conv1: conv 55x55x96 · 34,944 parameters',
    'pool1: maxpool 27x27x96',
    'left: conv 27x27x8 · 776 parameters',
    'right: conv 27x27x8 · 776 parameters',
    'both: concat 27x27x16',
    'score: dense 10 · 116,650 parameters',
  ]);
});
