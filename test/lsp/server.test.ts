// The language server as an editor meets it: another process, spoken to over its standard streams.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CodeActionRequest,
  CompletionRequest,
  DefinitionRequest,
  DidCloseTextDocumentNotification,
  DocumentFormattingRequest,
  DocumentHighlightRequest,
  DocumentSymbolRequest,
  HoverRequest,
  InlayHintRequest,
  PrepareRenameRequest,
  ReferencesRequest,
  RenameRequest,
  type CodeAction,
  type CompletionItem,
  type DocumentSymbol,
  type InitializeResult,
  type InlayHint,
  type Location,
  type MarkupContent,
} from 'vscode-languageserver-protocol/node';
import { call, callWith } from '../support/call.ts';
import { Editor, edited, positionOf, textIn } from '../support/editor.ts';

const folder = mkdtempSync(join(tmpdir(), 'netloom-lsp-'));
mkdirSync(join(folder, '.git'));
const uri = (name: string): string => pathToFileURL(join(folder, name)).href;
const alexnet = readFileSync(new URL('../../specs/alexnet.yaml', import.meta.url), 'utf8');

const little = `netloom: 1
name: little
params: { width: 1, classes: 10 }
input: { image: 224x224x3 }
layers:
  conv1: { op: conv, filters: = 96 * width, kernel: 11, stride: 4, pad: 2, activation: relu }
  pool1: { op: maxpool, kernel: 3, stride: 2 }
  left: { op: conv, filters: 8, kernel: 1 }
  right:
    op: conv
    from: pool1
    filters: = 8 * (width)
    kernel: 1
  both: { op: concat, from: [left, right] }
  score: { op: dense, units: = classes, expect: [= classes] }
outputs: [score]
`;

/** What `netloom fmt` makes of a text. */
const usualForm = async (text: string): Promise<string> => (await callWith({ input: text }, 'fmt', '-')).out;

let editor: Editor;
let hello: InitializeResult;

beforeAll(async () => {
  ({ editor, hello } = await Editor.start([pathToFileURL(folder).href]));
}, 60_000);

afterAll(async () => {
  expect(await editor.stop()).toBe(0);
});

let opened = 0;
/** Opens a text under a name of its own. */
async function open(text: string): Promise<string> {
  const name = uri(`open-${++opened}.yaml`);
  await editor.show(name, text);
  return name;
}

test('it says what it can do', () => {
  expect(hello.serverInfo?.name).toBe('netloom');
  expect(hello.capabilities).toMatchObject({ hoverProvider: true, inlayHintProvider: true, renameProvider: { prepareProvider: true } });
});

describe('diagnostics', () => {
  test('none for a right spec, and as soon as it is wrong', async () => {
    const name = uri('typed.yaml');
    expect((await editor.show(name, little)).diagnostics).toEqual([]);
    const { diagnostics } = await editor.type(name, 'filters: 8', 'filtres: 8');
    expect(diagnostics.map(({ severity, source, range }) => [severity, source, textIn(editor.textOf(name), range)])).toContainEqual([1, 'netloom', 'filtres']);
    expect((await editor.type(name, 'filtres', 'filters')).diagnostics).toEqual([]);
  });

  test('lead to the other places that have to do with them', async () => {
    const name = uri('groups.yaml');
    const { diagnostics } = await editor.show(name, little.replace('filters: 8,', 'filters: 8, groups: 3,'));
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]).toMatchObject({ code: 'NL3004', relatedInformation: [{ location: { uri: name }, message: 'the filters to share' }] });
    expect(diagnostics[0]?.message).toContain('3 groups cannot share 8 filters');
    expect(diagnostics[0]?.message).toContain('help: ');
    const [related] = diagnostics[0]?.relatedInformation ?? [];
    expect(related && textIn(editor.textOf(name), related.location.range)).toBe('8');
  });

  const codes = new URL('../../compiler/CODES.md', import.meta.url);
  test.skipIf(!existsSync(codes))('link to what their code means', async () => {
    const { diagnostics } = await editor.show(uri('linked.yaml'), little.replace('filters: 8,', 'filters: 8, groups: 3,'));
    const [file, line] = diagnostics[0]?.codeDescription?.href.split('#L') ?? [];
    expect(file).toBe(codes.href);
    expect(readFileSync(codes, 'utf8').split('\n')[Number(line) - 1]).toMatch(/^#+ .*NL3004/);
  });

  test('grey what is written for nothing', async () => {
    const { diagnostics } = await editor.show(uri('unread.yaml'), little.replace('from: [left, right]', 'from: [left, left]'));
    expect(diagnostics.filter(({ tags }) => tags?.includes(1) === true).map(({ message }) => message)).toEqual([expect.stringContaining('right')]);
  });

  test('go when a text is closed', async () => {
    const name = uri('closed.yaml');
    expect((await editor.show(name, 'netloom: 2\n')).diagnostics).not.toEqual([]);
    await editor.connection.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri: name } });
    await editor.next();
    expect(await editor.connection.sendRequest(InlayHintRequest.type, { textDocument: { uri: name }, range: all })).toBeNull();
  });

  test('heed the files beside a spec, as the editor has them', async () => {
    const labels = uri('names.txt');
    const name = uri('labelled.yaml');
    expect((await editor.show(name, `${little}labels: names.txt\n`)).diagnostics.map(({ code }) => code)).toHaveLength(1);
    await editor.show(labels, Array.from({ length: 10 }, (_, i) => `class ${i}\n`).join(''));
    while ((await editor.diagnostics(name)).diagnostics.length > 0) await editor.next();
    const place = editor.at(name, 'labels: na|mes.txt');
    expect(await editor.connection.sendRequest(DefinitionRequest.type, place)).toMatchObject({ uri: labels });
  });
});

describe('a path out of the project reads as it does from `check`', () => {
  const variant = (base: string): string => `netloom: 1\nname: variant\nextends: ${base}\n`;
  const told = async (place: string): Promise<readonly unknown[]> => {
    const path = join(place, 'main.yaml');
    const { diagnostics } = await editor.show(pathToFileURL(path).href, readFileSync(path, 'utf8'));
    const { files } = JSON.parse((await call('check', path, '--format', 'json')).out) as { files: readonly [{ diagnostics: readonly { code: string; message: string }[] }] };
    expect(diagnostics.map(({ code, message }) => [code, /^.*/.exec(typeof message === 'string' ? message : message.value)?.[0]])).toEqual(files[0].diagnostics.map(({ code, message }) => [code, message]));
    return diagnostics.map(({ code }) => code);
  };

  test('in a repository', async () => {
    writeFileSync(join(folder, 'main.yaml'), variant('../little.yaml'));
    expect(await told(folder)).toEqual(['NL2047']);
    writeFileSync(join(folder, 'main.yaml'), `${little}labels: /etc/hostname\n`);
    expect(await told(folder)).toEqual(['NL2047']);
  });

  test('in none, where it is the folder of the spec that is read first', async () => {
    const place = mkdtempSync(join(tmpdir(), 'netloom-lsp-'));
    mkdirSync(join(place, 'bases'));
    writeFileSync(join(place, 'little.yaml'), little);
    writeFileSync(join(place, 'bases/main.yaml'), variant('../little.yaml'));
    expect(await told(join(place, 'bases'))).toEqual(['NL2047']);
    // What may not read its base as a spec of its own may, as the base of a spec above it.
    writeFileSync(join(place, 'main.yaml'), variant('bases/main.yaml'));
    expect(await told(place)).toEqual([]);
  });
});

const all = { start: { line: 0, character: 0 }, end: { line: 100_000, character: 0 } };

/** Hints as text behind the first word of their line. */
async function hints(name: string): Promise<readonly string[]> {
  const found = ((await editor.connection.sendRequest(InlayHintRequest.type, { textDocument: { uri: name }, range: all })) ?? []);
  return found.map(({ position: { line }, label }) => `${/[\w.]+/.exec(editor.textOf(name).split('\n')[line] ?? '')?.[0] ?? ''} ${label as string}`);
}

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
    await editor.show(name, little);
    expect(await hints(name)).toEqual(littleHints);
    await editor.type(name, 'stride: 4', 'stride: 2');
    expect((await hints(name)).slice(0, 2)).toEqual(['conv1 109x109x96 · 34,944 parameters', 'pool1 54x54x96']);
  });

  test('stand behind the layer, or behind its name where it has several lines', async () => {
    const name = await open(little);
    const found = (await editor.connection.sendRequest(InlayHintRequest.type, { textDocument: { uri: name }, range: all })) as InlayHint[];
    const at = (piece: string) => editor.at(name, piece).position;
    expect(found.map(({ position }) => position)).toEqual([at('activation: relu }|'), at('stride: 2 }|'), at('8, kernel: 1 }|'), at('right:|'), at('[left, right] }|'), at('[= classes] }|')]);
  });

  test('go on while the text is broken, with the last right network', async () => {
    const name = await open(little);
    await editor.type(name, 'params:', 'params: {');
    expect(await hints(name)).toEqual(littleHints.map((hint) => hint.replace(/ (.*)/, ' ($1)')));
    await editor.type(name, 'left: {', '\n  left: {');
    expect((await hints(name))[2]).toBe('left (27x27x8 · 776 parameters)');
    await editor.type(name, 'params: {', 'params:');
    expect(await hints(name)).toEqual(littleHints);
  });

  test('of layers behind a mistake are those of before it', async () => {
    const name = await open(little);
    await editor.type(name, 'kernel: 3', 'kernel: 300');
    expect(await hints(name)).toEqual(littleHints.map((hint, index) => (index === 0 ? hint : hint.replace(/ (.*)/, ' ($1)'))));
  });
});

async function hoverAt(name: string, piece: string): Promise<string | undefined> {
  const found = await editor.connection.sendRequest(HoverRequest.type, editor.at(name, piece));
  return (found?.contents as MarkupContent | undefined)?.value;
}

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

/** What is offered at a place, and what becomes of the text when the first of it is taken. */
async function offered(text: string, piece: string): Promise<{ readonly labels: readonly string[]; readonly items: readonly CompletionItem[]; readonly name: string }> {
  const name = await open(text);
  const items = ((await editor.connection.sendRequest(CompletionRequest.type, editor.at(name, piece))) ?? []) as CompletionItem[];
  const sorted = items.toSorted((a, b) => ((a.sortText ?? '') < (b.sortText ?? '') ? -1 : 1));
  return { labels: sorted.map(({ label }) => label), items: sorted, name };
}

describe('completion', () => {
  const typing = (line: string): string => little.replace('  left: { op: conv, filters: 8, kernel: 1 }', line);

  test('operators', async () => {
    const { labels, items, name } = await offered(typing('  left: { op: co'), 'op: co|\n');
    expect(labels).toEqual(expect.arrayContaining(['conv', 'concat', 'maxpool']));
    const edit = items[0]?.textEdit;
    if (!edit || !('range' in edit)) throw new Error('no edit');
    expect(edited(editor.textOf(name), [edit])).toContain('left: { op: conv\n');
  });

  test('the keys that a layer still lacks, those it must have first', async () => {
    const { labels } = await offered(typing('  left: { op: conv, kernel: 1,  }'), 'kernel: 1, | }');
    expect(labels.slice(0, 1)).toEqual(['filters']);
    expect(labels).toEqual(expect.arrayContaining(['stride', 'groups', 'from', 'activation', 'expect']));
    expect(labels).not.toContain('op');
    expect(labels).not.toContain('kernel');
    expect(labels).not.toContain('rate');
  });

  test('keys behind the cursor count as written, and the braces may be open', async () => {
    expect((await offered(typing('  left: { op: conv, f, kernel: 1 }'), 'conv, f|,')).labels).not.toContain('kernel');
    expect((await offered(typing('  left: { op: dropout, '), 'dropout, |\n')).labels).toContain('rate');
    expect((await offered(typing('  left:\n    op: lrn\n    \n'), 'op: lrn\n    |\n')).labels).toContain('alpha');
  });

  test('layers above in from, the nearest first, with their shapes', async () => {
    const { labels, items } = await offered(little.replace('[left, right]', '[left, ]'), 'from: [left, |]');
    expect(labels).toEqual(['right', 'left', 'pool1', 'conv1', 'image']);
    expect(items.find(({ label }) => label === 'pool1')?.detail).toBe('27x27x96');
  });

  test('params and functions in expressions', async () => {
    const { labels, items, name } = await offered(little.replace('= 96 * width', '= 96 * wi'), '96 * wi|');
    expect(labels.slice(0, 2)).toEqual(['width', 'classes']);
    expect(labels).toContain('round()');
    const edit = items[0]?.textEdit;
    if (!edit || !('range' in edit)) throw new Error('no edit');
    expect(edited(editor.textOf(name), [edit])).toContain('filters: = 96 * width,');
  });

  test('words of a key', async () => {
    expect((await offered(typing('  left: { op: conv, activation: '), 'activation: |\n')).labels).toContain('leaky_relu');
    expect((await offered(typing('  left: { op: conv, pad: '), 'pad: |\n')).labels).toContain('same');
    expect((await offered(typing('  left: { op: lrn, reduce: '), 'reduce: |\n')).labels).toEqual(['sum', 'mean']);
    expect((await offered(typing('  left: { op: conv, bias: '), 'bias: |\n')).labels).toEqual(['true', 'false']);
  });

  test('keys of the spec and of its sections', async () => {
    expect((await offered(`${little}tr`, '[score]\ntr|')).labels).toEqual(expect.arrayContaining(['train', 'preprocess', 'labels']));
    expect((await offered(`${little}tr`, '[score]\ntr|')).labels).not.toContain('layers');
    expect((await offered(`${little}train:\n  optimizer: { name: `, 'optimizer: { name: |')).labels).toContain('sgd');
    expect((await offered('# yaml-language-server: $schema=./spec.schema.json\n', 'json\n|')).labels.slice(0, 3)).toEqual(['netloom', 'name', 'input']);
  });

  test('the shape that a layer has, for expect', async () => {
    const name = await open(little);
    await editor.type(name, 'stride: 2 }', 'stride: 2, expect:  }');
    const items = (await editor.connection.sendRequest(CompletionRequest.type, editor.at(name, 'expect: | }'))) as CompletionItem[];
    expect(items.map(({ label }) => label)).toEqual(['27x27x96']);
  });

  test('in a long text as in a short one', async () => {
    const long = Array.from({ length: 300 }, (_, i) => `  more${i}: { op: conv, filters: 8, kernel: 1 }\n`).join('');
    const text = little.replace('  both:', `${long}  both:`);
    expect((await offered(text.replace('[left, right]', '[left, ]'), 'from: [left, |]')).labels.slice(0, 2)).toEqual(['more299', 'more298']);
    expect((await offered(text.replace('more299: { op: conv, ', 'more299: { op: conv, st, '), 'op: conv, st|, ')).labels).not.toContain('kernel');
    expect((await offered(text.replace('more299: {', 'more298b:\n    op: lrn\n    \n  more299: {'), 'op: lrn\n    |\n')).labels).toContain('alpha');
    expect((await offered(`${text}tr`, '[score]\ntr|')).labels).not.toContain('layers');
  });

  test('nothing in a comment', async () => {
    expect((await offered(`${little}# see `, '# see |')).labels).toEqual([]);
  });
});

/** Locations as the lines they are in, the place itself in bars. */
function lines(found: readonly Location[]): readonly string[] {
  return found.map(({ uri: where, range: { start, end } }) => {
    const line = editor.textOf(where).split('\n')[start.line] ?? '';
    return `${line.slice(0, start.character)}|${line.slice(start.character, end.character)}|${line.slice(end.character)}`.trim();
  });
}

describe('definitions, references and renaming', () => {
  let name = '';
  beforeAll(async () => {
    name = await open(little);
  });

  test('of a layer', async () => {
    const found = await editor.connection.sendRequest(DefinitionRequest.type, editor.at(name, '[le|ft'));
    expect(lines([found as Location])).toEqual(['|left|: { op: conv, filters: 8, kernel: 1 }']);
    const place = editor.at(name, 'poo|l1: {');
    const uses = (await editor.connection.sendRequest(ReferencesRequest.type, { ...place, context: { includeDeclaration: false } })) ?? [];
    expect(lines(uses)).toEqual(['from: |pool1|']);
  });

  test('of a param, in expressions too', async () => {
    const place = editor.at(name, '96 * wi|dth');
    expect(lines([(await editor.connection.sendRequest(DefinitionRequest.type, place)) as Location])).toEqual(['params: { |width|: 1, classes: 10 }']);
    const uses = (await editor.connection.sendRequest(ReferencesRequest.type, { ...place, context: { includeDeclaration: true } })) ?? [];
    expect(lines(uses)).toHaveLength(3);
    const marks = (await editor.connection.sendRequest(DocumentHighlightRequest.type, place)) ?? [];
    expect(marks.map(({ kind }) => kind)).toEqual([3, 2, 2]);
  });

  test('renaming changes every use and nothing else', async () => {
    const place = editor.at(name, 'sc|ore: {');
    expect(await editor.connection.sendRequest(PrepareRenameRequest.type, place)).toEqual({ start: positionOf(little, little.indexOf('score')), end: positionOf(little, little.indexOf('score') + 5) });
    const edit = await editor.connection.sendRequest(RenameRequest.type, { ...place, newName: 'logits' });
    expect(edited(little, edit?.changes?.[name] ?? [])).toBe(little.replaceAll('score', 'logits'));
    const width = await editor.connection.sendRequest(RenameRequest.type, { ...editor.at(name, '8 * (wid|th)'), newName: 'scale-of' });
    expect(edited(little, width?.changes?.[name] ?? [])).toBe(little.replaceAll('width', 'scale-of'));
  });

  test('renaming refuses what would break the spec', async () => {
    const place = editor.at(name, 'sc|ore: {');
    const renamed = (newName: string) => editor.connection.sendRequest(RenameRequest.type, { ...place, newName });
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
    await editor.show(variantUri, variant);
    await editor.show(baseUri, base);
  });

  const definitionAt = async (where: string, piece: string): Promise<readonly string[]> => {
    const found = (await editor.connection.sendRequest(DefinitionRequest.type, editor.at(where, piece))) as Location | null;
    return found ? [found.uri.slice(found.uri.lastIndexOf('/') + 1), ...lines([found])] : [];
  };

  test('a variant is checked with its base, as the editor has it', async () => {
    const codes = async (): Promise<readonly string[]> => (await editor.diagnostics(variantUri)).diagnostics.map(({ message }) => (message as string).split('\n')[0] ?? '');
    const before = await codes();
    expect(before).toEqual([]);
    await editor.type(baseUri, 'op: maxpool', 'op: maxpol');
    await editor.next();
    const found = (await editor.diagnostics(variantUri)).diagnostics.find(({ message }) => (message as string).includes('maxpol'));
    expect(found && textIn(editor.textOf(variantUri), found.range)).toBe('base.yaml');
    expect(found?.relatedInformation?.map(({ location }) => location.uri)).toContain(baseUri);
    await editor.type(baseUri, 'op: maxpol', 'op: maxpool');
    await editor.next();
    expect(await codes()).toEqual(before);
  });

  test('hints stand at the layers that a variant names', async () => {
    expect(await hints(variantUri)).toEqual(['left 27x27x8 · 13,832 parameters', 'fire2 25x25x8 · 1,560 parameters', 'last 27x27x16']);
  });

  test('completion offers the layers of the base, and where new ones go', async () => {
    const patch = variant.replace('  left: { kernel: 3, pad: 1 }\n', '  left: {  }\n  ne\n').replace('name: wide', 'name: wider');
    const name = uri('wider.yaml');
    await editor.show(name, patch);
    const labels = async (piece: string): Promise<readonly string[]> =>
      ((await editor.connection.sendRequest(CompletionRequest.type, editor.at(name, piece))) as CompletionItem[]).map(({ label }) => label);
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
      const edit = await editor.connection.sendRequest(RenameRequest.type, { ...editor.at(where, piece), newName });
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
    expect((await editor.diagnostics(name)).diagnostics).toEqual([]);
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
      const found = (await editor.connection.sendRequest(DefinitionRequest.type, editor.at(name, piece))) as Location | null;
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
      const edit = await editor.connection.sendRequest(RenameRequest.type, { ...editor.at(name, piece), newName });
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

describe('actions', () => {
  const at = (name: string, piece: string) => {
    const { position } = editor.at(name, piece);
    return { textDocument: { uri: name }, range: { start: position, end: position }, context: { diagnostics: [] } };
  };
  const actionsAt = async (name: string, piece: string): Promise<readonly CodeAction[]> =>
    ((await editor.connection.sendRequest(CodeActionRequest.type, at(name, piece))) ?? []) as CodeAction[];
  const taken = (name: string, action: CodeAction | undefined): string => edited(editor.textOf(name), action?.edit?.changes?.[name] ?? []);

  test('the right word for a misspelt one', async () => {
    const name = await open(little.replace('kernel: 11', 'kernal: 11').replace('op: maxpool', 'op: maxpol'));
    const found = await actionsAt(name, 'ker|nal');
    expect(found[0]).toMatchObject({ title: 'write kernel', kind: 'quickfix', isPreferred: true });
    expect(taken(name, found[0])).toBe(editor.textOf(name).replace('kernal', 'kernel'));
    expect(taken(name, found.find(({ kind }) => kind?.startsWith('source.fixAll')))).toBe(little);
  });

  test('a warning can be silenced on its line', async () => {
    const name = await open(little.replace('kernel: 3, stride: 2', 'kernel: 2, stride: 2'));
    const silence = (await actionsAt(name, 'pool1: { op: maxpool, kernel: |2')).find(({ title }) => title.startsWith('ignore NL'));
    expect(silence).toBeDefined();
    const quiet = uri('quiet.yaml');
    expect((await editor.show(quiet, taken(name, silence))).diagnostics).toEqual([]);
  });

  test('nothing where nothing is wrong', async () => {
    expect(await actionsAt(await open(little), 'ker|nel: 11')).toEqual([]);
  });
});

describe('formatting', () => {
  const options = { tabSize: 2, insertSpaces: true };
  const formatted = async (name: string): Promise<string> => {
    const edits = await editor.connection.sendRequest(DocumentFormattingRequest.type, { textDocument: { uri: name }, options });
    return edited(editor.textOf(name), edits ?? []);
  };
  let usual = '';
  beforeAll(async () => {
    usual = await usualForm(little);
  });

  test('gives a spec the form that `netloom fmt` does, in one edit of what differs', async () => {
    expect(usual).not.toBe(little);
    const name = await open(little);
    expect(await formatted(name)).toBe(usual);
    const edits = (await editor.connection.sendRequest(DocumentFormattingRequest.type, { textDocument: { uri: name }, options })) ?? [];
    expect(edits).toHaveLength(1);
    expect(edits[0]?.range.start.line).toBeGreaterThan(4);
  });

  test('whatever its lines end with', async () => {
    expect(await formatted(await open(little.replaceAll('\n', '\r\n')))).toBe(await usualForm(little.replaceAll('\n', '\r\n')));
  });

  test('changes nothing of one that has it, is not YAML, or is no spec', async () => {
    for (const text of [usual, little.replace('params: {', 'params: {{'), 'on:   push\n']) {
      const name = await open(text);
      const edits = await editor.connection.sendRequest(DocumentFormattingRequest.type, { textDocument: { uri: name }, options });
      expect(edits ?? []).toEqual([]);
    }
  });
});

test('the outline of a spec', async () => {
  const name = await open(little);
  const symbols = ((await editor.connection.sendRequest(DocumentSymbolRequest.type, { textDocument: { uri: name } })) ?? []) as DocumentSymbol[];
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

describe('it goes on', () => {
  test('after texts that are no YAML, and after those built to break it', async () => {
    for (const text of ['{', '[[[[', '\u0000', '- a\n- b', '&a [*a]', '{a: '.repeat(5000), '? ? ?', `layers:\n${'  - x\n'.repeat(100)}`, 'layers: { a: { from: [', 'x: "', ': : :\n\t- {', 'params: { a: = a, b: = (((((' ]) {
      const name = await open(text.startsWith('{') ? text.replace('{', '{netloom: 1, ') : `${text}\nnetloom: 1\n`);
      expect((await editor.diagnostics(name)).diagnostics.length, text.slice(0, 20)).toBeGreaterThan(0);
      const place = { textDocument: { uri: name }, position: { line: 0, character: 2 } };
      await editor.connection.sendRequest(HoverRequest.type, place);
      await editor.connection.sendRequest(CompletionRequest.type, place);
      await editor.connection.sendRequest(DefinitionRequest.type, place);
      await editor.connection.sendRequest(DocumentSymbolRequest.type, place);
      await editor.connection.sendRequest(InlayHintRequest.type, { ...place, range: all });
    }
  });

  test('while a spec is cut off at every character', async () => {
    const name = uri('cut.yaml');
    await editor.show(name, alexnet);
    for (let length = 0; length < alexnet.length; length += 97) {
      const text = alexnet.slice(0, length);
      await editor.show(name, text);
      const place = { textDocument: { uri: name }, position: positionOf(text, length) };
      await editor.connection.sendRequest(CompletionRequest.type, place);
      await editor.connection.sendRequest(HoverRequest.type, place);
      await editor.connection.sendRequest(InlayHintRequest.type, { ...place, range: all });
    }
    expect((await editor.show(name, alexnet)).diagnostics).toEqual([]);
  });

  test('and is silent about YAML that is no spec', async () => {
    const name = uri('workflow.yaml');
    expect((await editor.show(name, 'on: push\njobs: { build: { steps: [{ run: npm test }] } }\n')).diagnostics).toEqual([]);
    expect(await editor.connection.sendRequest(HoverRequest.type, editor.at(name, 'jo|bs'))).toBeNull();
    expect(await editor.connection.sendRequest(CompletionRequest.type, editor.at(name, 'build: {| '))).toBeNull();
    expect((await editor.type(name, 'on: push', 'netloom: 1')).diagnostics).not.toEqual([]);
  });

  test('after questions that it does not know, and about texts that are not open', async () => {
    await expect(editor.connection.sendRequest('netloom/dance', {})).rejects.toThrow(/unhandled method/i);
    await editor.connection.sendNotification('netloom/unheard', {});
    expect(await editor.connection.sendRequest(HoverRequest.type, { textDocument: { uri: uri('nowhere.yaml') }, position: { line: 0, character: 0 } })).toBeNull();
    const name = await open(little);
    expect(await editor.connection.sendRequest(HoverRequest.type, { textDocument: { uri: name }, position: { line: 5000, character: 900 } })).toBeNull();
  });

  test('with a text that is no file', async () => {
    const { diagnostics } = await editor.show('untitled:Untitled-1', little.replace('kernel: 11', 'kernal: 11'));
    expect(diagnostics.length).toBeGreaterThan(0);
  });

  test('with a text that is too large', async () => {
    const { diagnostics } = await editor.show(uri('large.yaml'), `netloom: 1\nname: large # ${'x'.repeat(4_100_000)}\n`);
    expect(diagnostics.map(({ code }) => code)).toEqual(['NL1002']);
  });
});
