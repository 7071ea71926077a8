// Where names are defined and used, and how they are renamed: within a text, across files, through blocks.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  CompletionRequest,
  DefinitionRequest,
  DocumentHighlightRequest,
  PrepareRenameRequest,
  ReferencesRequest,
  RenameRequest,
  type CompletionItem,
  type Location,
} from 'vscode-languageserver-protocol/node';
import { edited, positionOf, textIn } from '../support/editor.ts';
import { little, servedSpecs } from '../support/served-specs.ts';

const served = servedSpecs();
const { folder, hints, hoverAt, lines, offered, open, uri } = served;

describe('definitions, references and renaming', () => {
  let name = '';
  beforeAll(async () => {
    name = await open(little);
  });

  test('of a layer', async () => {
    const found = await served.editor.connection.sendRequest(DefinitionRequest.type, served.editor.at(name, '[le|ft'));
    expect(lines([found as Location])).toEqual(['|left|: { op: conv, filters: 8, kernel: 1 }']);
    const place = served.editor.at(name, 'poo|l1: {');
    const uses = (await served.editor.connection.sendRequest(ReferencesRequest.type, { ...place, context: { includeDeclaration: false } })) ?? [];
    expect(lines(uses)).toEqual(['from: |pool1|']);
  });

  test('of a param, in expressions too', async () => {
    const place = served.editor.at(name, '96 * wi|dth');
    expect(lines([(await served.editor.connection.sendRequest(DefinitionRequest.type, place)) as Location])).toEqual(['params: { |width|: 1, classes: 10 }']);
    const uses = (await served.editor.connection.sendRequest(ReferencesRequest.type, { ...place, context: { includeDeclaration: true } })) ?? [];
    expect(lines(uses)).toHaveLength(3);
    const marks = (await served.editor.connection.sendRequest(DocumentHighlightRequest.type, place)) ?? [];
    expect(marks.map(({ kind }) => kind)).toEqual([3, 2, 2]);
  });

  test('renaming changes every use and nothing else', async () => {
    const place = served.editor.at(name, 'sc|ore: {');
    expect(await served.editor.connection.sendRequest(PrepareRenameRequest.type, place)).toEqual({ start: positionOf(little, little.indexOf('score')), end: positionOf(little, little.indexOf('score') + 5) });
    const edit = await served.editor.connection.sendRequest(RenameRequest.type, { ...place, newName: 'logits' });
    expect(edited(little, edit?.changes?.[name] ?? [])).toBe(little.replaceAll('score', 'logits'));
    const width = await served.editor.connection.sendRequest(RenameRequest.type, { ...served.editor.at(name, '8 * (wid|th)'), newName: 'scale-of' });
    expect(edited(little, width?.changes?.[name] ?? [])).toBe(little.replaceAll('width', 'scale-of'));
  });

  test('renaming refuses what would break the spec', async () => {
    const place = served.editor.at(name, 'sc|ore: {');
    const renamed = (newName: string) => served.editor.connection.sendRequest(RenameRequest.type, { ...place, newName });
    await expect(renamed('left')).rejects.toThrow('left is the name of another layer already');
    await expect(renamed('image')).rejects.toThrow('image is the name of another input already');
    await expect(renamed('1st')).rejects.toThrow("'1st' is no name of a layer");
  });
});

describe('across files', () => {
  const base = `${little}blocks:
  fire:
    params: { squeeze: 16 }
    layers:
      squeeze: { op: conv, filters: = squeeze * width, kernel: 1 }
      out: { op: conv, from: squeeze, filters: 8, kernel: 3 }
`;
  const variant = `netloom: 1
name: wide
extends: base.yaml
params: { width: 2 }
layers:
  left: { kernel: 3, pad: 1 }
  fire2: { use: fire, squeeze: = 4 * width, after: both }
  last: { op: relu, from: fire2.squeeze, after: score, expect: 27x27x16 }
outputs: [score, last]
check: [shape(fire2.out) == 25x25x8, shape(left) == 27x27x8, parameters < 1M]
`;
  const [baseUri, variantUri] = [uri('base.yaml'), uri('wide.yaml')];

  beforeAll(async () => {
    writeFileSync(join(folder, 'base.yaml'), base);
    writeFileSync(join(folder, 'wide.yaml'), variant);
    await served.editor.show(variantUri, variant);
    await served.editor.show(baseUri, base);
  });

  const definitionAt = async (where: string, piece: string): Promise<readonly string[]> => {
    const found = (await served.editor.connection.sendRequest(DefinitionRequest.type, served.editor.at(where, piece))) as Location | null;
    return found ? [found.uri.slice(found.uri.lastIndexOf('/') + 1), ...lines([found])] : [];
  };

  test('a variant is checked with its base, as the editor has it', async () => {
    const codes = async (): Promise<readonly string[]> => (await served.editor.diagnostics(variantUri)).diagnostics.map(({ message }) => (message as string).split('\n')[0] ?? '');
    const before = await codes();
    expect(before).toEqual([]);
    await served.editor.type(baseUri, 'op: maxpool', 'op: maxpol');
    await served.editor.next();
    const found = (await served.editor.diagnostics(variantUri)).diagnostics.find(({ message }) => (message as string).includes('maxpol'));
    expect(found && textIn(served.editor.textOf(variantUri), found.range)).toBe('base.yaml');
    expect(found?.relatedInformation?.map(({ location }) => location.uri)).toContain(baseUri);
    await served.editor.type(baseUri, 'op: maxpol', 'op: maxpool');
    await served.editor.next();
    expect(await codes()).toEqual(before);
  });

  test('hints stand at the layers that a variant names', async () => {
    expect(await hints(variantUri)).toEqual(['left 27x27x8 · 13,832 parameters', 'fire2 25x25x8 · 1,560 parameters', 'last 27x27x16']);
  });

  test('completion offers the layers of the base, and where new ones go', async () => {
    const patch = variant.replace('  left: { kernel: 3, pad: 1 }\n', '  left: {  }\n  ne\n').replace('name: wide', 'name: wider');
    const name = uri('wider.yaml');
    await served.editor.show(name, patch);
    const labels = async (piece: string): Promise<readonly string[]> =>
      ((await served.editor.connection.sendRequest(CompletionRequest.type, served.editor.at(name, piece))) as CompletionItem[]).map(({ label }) => label);
    expect(await labels('  ne|\n')).toEqual(expect.arrayContaining(['conv1', 'pool1', 'score']));
    expect(await labels('left: { | }')).toEqual(expect.arrayContaining(['kernel', 'stride', 'after']));
    expect(await labels('after: sco|re')).toEqual(expect.arrayContaining(['conv1', 'both']));
  });

  test('a name is defined where the base has it', async () => {
    expect(await definitionAt(variantUri, 'le|ft: {')).toEqual(['base.yaml', '|left|: { op: conv, filters: 8, kernel: 1 }']);
    expect(await definitionAt(variantUri, '4 * wi|dth')).toEqual(['base.yaml', 'params: { |width|: 1, classes: 10 }']);
    expect(await definitionAt(variantUri, 'use: fi|re')).toEqual(['base.yaml', '|fire|:']);
    expect(await definitionAt(variantUri, 'extends: ba|se.yaml')).toEqual(['base.yaml', '||netloom: 1']);
    expect(await definitionAt(variantUri, 'shape(le|ft)')).toEqual(['base.yaml', '|left|: { op: conv, filters: 8, kernel: 1 }']);
  });

  test('a block’s params and layers are found through its instances', async () => {
    expect(await definitionAt(variantUri, ', sque|eze: =')).toEqual(['base.yaml', 'params: { |squeeze|: 16 }']);
    expect(await definitionAt(variantUri, 'fire2.squ|eeze')).toEqual(['base.yaml', '|squeeze|: { op: conv, filters: = squeeze * width, kernel: 1 }']);
    expect(await definitionAt(variantUri, 'fi|re2.squeeze')).toEqual(['wide.yaml', '|fire2|: { use: fire, squeeze: = 4 * width, after: both }']);
    expect(await definitionAt(baseUri, 'from: squ|eeze, filters: 8')).toEqual(['base.yaml', '|squeeze|: { op: conv, filters: = squeeze * width, kernel: 1 }']);
    expect(await definitionAt(baseUri, '= squ|eeze * width')).toEqual(['base.yaml', 'params: { |squeeze|: 16 }']);
  });

  test('renaming in the base reaches the specs that extend it', async () => {
    const renamed = async (where: string, piece: string, newName: string): Promise<readonly string[]> => {
      const edit = await served.editor.connection.sendRequest(RenameRequest.type, { ...served.editor.at(where, piece), newName });
      return [edited(base, edit?.changes?.[baseUri] ?? []), edited(variant, edit?.changes?.[variantUri] ?? [])];
    };
    expect(await renamed(baseUri, 'le|ft: {', 'west')).toEqual([base.replaceAll('left', 'west'), variant.replaceAll('left', 'west')]);
    expect(await renamed(variantUri, 'use: fi|re', 'module')).toEqual([base.replace('fire:', 'module:'), variant.replace('use: fire', 'use: module')]);
    expect(await renamed(baseUri, '  ou|t: {', 'joined')).toEqual([base.replace('      out:', '      joined:'), variant.replace('fire2.out', 'fire2.joined')]);
    expect(await renamed(baseUri, 'params: { squ|eeze', 'narrow')).toEqual([
      base.replace('params: { squeeze', 'params: { narrow').replace('= squeeze *', '= narrow *'),
      variant.replace(', squeeze: =', ', narrow: ='),
    ]);
    expect(await renamed(variantUri, 'fi|re2: {', 'fire9')).toEqual([base, variant.replaceAll('fire2', 'fire9')]);
  });
});

describe('blocks', () => {
  const blocks = `netloom: 1
name: blocky
params: { width: 2 }
input: { image: 32x32x3 }
blocks:
  inner:
    params: { filters: }
    layers:
      conv: { op: conv, filters: = filters, kernel: 3, pad: 1 }
      sum: { op: add, from: [conv, input] }
  outer:
    params: { filters: 4, deep: 1 }
    layers:
      first: { op: conv, filters: = filters, kernel: 1 }
      rest: { use: inner, repeat: = deep, filters: = filters }
layers:
  a: { use: outer }
  b: { use: outer, filters: = 4 * width, deep: 2 }
  c: { use: inner, filters: 8, layers: { conv: { bias: false } } }
  out: { op: dense, units: 10, expect: 10 }
check: [shape(b.rest.1.sum) == 32x32x8, parameters(c.conv) == 576]
`;
  let name = '';
  beforeAll(async () => {
    name = await open(blocks);
  });

  test('are right', async () => {
    expect((await served.editor.diagnostics(name)).diagnostics).toEqual([]);
  });

  test('their instances tell what comes out of the last layer, their layers what they are in each instance', async () => {
    expect(await hints(name)).toEqual([
      'a 32x32x4 · 164 parameters',
      'b 32x32x8 · 1,208 parameters',
      'c 32x32x8 · 576 parameters',
      'out 10 · 81,930 parameters',
      'conv 32x32x4, 32x32x8',
      'sum 32x32x4, 32x32x8 ',
      'first 32x32x4, 32x32x8',
    ].map((hint) => hint.trim()));
  });

  test('hover tells the layers of an instance', async () => {
    const text = await hoverAt(name, '  b|: {');
    expect(text).toContain('**b**: 5 layers, **32x32x8**, 1,208 parameters');
    expect(text).toContain('- b.rest.2.conv: conv, 32x32x8, 584 parameters');
    expect(await hoverAt(name, 'use: inn|er, repeat')).toBe('**inner**: a block of 2 layers (conv, sum); params filters');
    expect(await hoverAt(name, 'filters: = fil|ters, kernel: 3')).toContain('a param of the block `inner`');
  });

  test('names are found through instances, however deep', async () => {
    const place = async (piece: string): Promise<string | undefined> => {
      const found = (await served.editor.connection.sendRequest(DefinitionRequest.type, served.editor.at(name, piece))) as Location | null;
      return found ? lines([found])[0] : undefined;
    };
    expect(await place('shape(b.rest.1.s|um)')).toBe('|sum|: { op: add, from: [conv, input] }');
    expect(await place('shape(b.re|st.1.sum)')).toBe('|rest|: { use: inner, repeat: = deep, filters: = filters }');
    expect(await place('layers: { co|nv: { bias')).toBe('|conv|: { op: conv, filters: = filters, kernel: 3, pad: 1 }');
    expect(await place('repeat: = de|ep')).toBe('params: { filters: 4, |deep|: 1 }');
    expect(await place('use: outer, fil|ters')).toBe('params: { |filters|: 4, deep: 1 }');
    expect(await place('[conv, inp|ut]')).toBeUndefined();
  });

  test('renaming a layer of a block reaches all that go through its instances', async () => {
    const renamed = async (piece: string, newName: string): Promise<string> => {
      const edit = await served.editor.connection.sendRequest(RenameRequest.type, { ...served.editor.at(name, piece), newName });
      return edited(blocks, edit?.changes?.[name] ?? []);
    };
    expect(await renamed('  con|v: { op', 'window')).toBe(
      blocks.replace('conv: { op', 'window: { op').replace('[conv,', '[window,').replace('{ conv: { bias', '{ window: { bias').replace('c.conv', 'c.window'),
    );
    expect(await renamed('= fil|ters, kernel: 3', 'n')).toBe(
      blocks.replace('params: { filters: }', 'params: { n: }').replace('= filters, kernel: 3', '= n, kernel: 3').replace('= deep, filters:', '= deep, n:').replace('use: inner, filters:', 'use: inner, n:'),
    );
    await expect(renamed('= fil|ters, kernel: 3', 'use')).rejects.toThrow('use is the name of another key already');
    await expect(renamed('wid|th: 2', 'macs')).rejects.toThrow('macs is the name of another amount already');
  });

  test('completion knows blocks, their params and what stands in them', async () => {
    expect((await offered(blocks.replace('a: { use: outer }', 'a: { use: }'), 'a: { use: |}')).labels).toEqual(['inner', 'outer']);
    const { labels } = await offered(blocks.replace('a: { use: outer }', 'a: { use: outer, }'), 'use: outer, |}');
    expect(labels).toEqual(expect.arrayContaining(['filters', 'deep', 'repeat', 'from', 'expect']));
    expect(labels).not.toContain('op');
    expect((await offered(blocks.replace('[conv, input]', '[conv, ]'), 'from: [conv, |]')).labels).toEqual(['conv', 'input']);
    expect((await offered(blocks.replace('= filters, kernel: 1', '= fi, kernel: 1'), '= fi|, kernel: 1')).labels.slice(0, 3)).toEqual(['filters', 'deep', 'width']);
    const contract = await offered(`${blocks.slice(0, blocks.indexOf('check:'))}check:\n  - par`, '- par|');
    expect(contract.labels).toEqual(expect.arrayContaining(['width', 'parameters', 'macs', 'shape()', 'a', 'out']));
  });
});
