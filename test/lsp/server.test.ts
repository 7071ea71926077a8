// The language server as an editor meets it: another process, spoken to over its standard streams. What it says of texts
// unasked, and that it goes on whatever it is given.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  CompletionRequest,
  DefinitionRequest,
  DidCloseTextDocumentNotification,
  DocumentSymbolRequest,
  HoverRequest,
  InlayHintRequest,
} from 'vscode-languageserver-protocol/node';
import { call } from '../support/call.ts';
import { positionOf, textIn } from '../support/editor.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { all, little, servedSpecs } from '../support/served-specs.ts';

const served = servedSpecs();
const { folder, open, uri } = served;

const alexnet = readFileSync(new URL('../../specs/alexnet.yaml', import.meta.url), 'utf8');

test('it says what it can do', () => {
  expect(served.hello.serverInfo?.name).toBe('netloom');
  expect(served.hello.capabilities).toMatchObject({ hoverProvider: true, inlayHintProvider: true, renameProvider: { prepareProvider: true } });
});

describe('diagnostics', () => {
  test('none for a right spec, and as soon as it is wrong', async () => {
    const name = uri('typed.yaml');
    expect((await served.editor.show(name, little)).diagnostics).toEqual([]);
    const { diagnostics } = await served.editor.type(name, 'filters: 8', 'filtres: 8');
    expect(diagnostics.map(({ severity, source, range }) => [severity, source, textIn(served.editor.textOf(name), range)])).toContainEqual([1, 'netloom', 'filtres']);
    expect((await served.editor.type(name, 'filtres', 'filters')).diagnostics).toEqual([]);
  });

  test('lead to the other places that have to do with them', async () => {
    const name = uri('groups.yaml');
    const { diagnostics } = await served.editor.show(name, little.replace('filters: 8,', 'filters: 8, groups: 3,'));
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]).toMatchObject({ code: 'NL3004', relatedInformation: [{ location: { uri: name }, message: 'the filters to share' }] });
    expect(diagnostics[0]?.message).toContain('3 groups cannot share 8 filters');
    expect(diagnostics[0]?.message).toContain('help: ');
    const [related] = diagnostics[0]?.relatedInformation ?? [];
    expect(related && textIn(served.editor.textOf(name), related.location.range)).toBe('8');
  });

  const codes = new URL('../../compiler/CODES.md', import.meta.url);
  test.skipIf(!existsSync(codes))('link to what their code means', async () => {
    const { diagnostics } = await served.editor.show(uri('linked.yaml'), little.replace('filters: 8,', 'filters: 8, groups: 3,'));
    const [file, line] = diagnostics[0]?.codeDescription?.href.split('#L') ?? [];
    expect(file).toBe(codes.href);
    expect(readFileSync(codes, 'utf8').split('\n')[Number(line) - 1]).toMatch(/^#+ .*NL3004/);
  });

  test('grey what is written for nothing', async () => {
    const { diagnostics } = await served.editor.show(uri('unread.yaml'), little.replace('from: [left, right]', 'from: [left, left]'));
    expect(diagnostics.filter(({ tags }) => tags?.includes(1) === true).map(({ message }) => message)).toEqual([expect.stringContaining('right')]);
  });

  test('go when a text is closed', async () => {
    const name = uri('closed.yaml');
    expect((await served.editor.show(name, 'netloom: 2\n')).diagnostics).not.toEqual([]);
    await served.editor.connection.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri: name } });
    await served.editor.next();
    expect(await served.editor.connection.sendRequest(InlayHintRequest.type, { textDocument: { uri: name }, range: all })).toBeNull();
  });

  test('heed the files beside a spec, as the editor has them', async () => {
    const labels = uri('names.txt');
    const name = uri('labelled.yaml');
    expect((await served.editor.show(name, `${little}labels: names.txt\n`)).diagnostics.map(({ code }) => code)).toHaveLength(1);
    await served.editor.show(labels, Array.from({ length: 10 }, (_, i) => `class ${i}\n`).join(''));
    while ((await served.editor.diagnostics(name)).diagnostics.length > 0) await served.editor.next();
    const place = served.editor.at(name, 'labels: na|mes.txt');
    expect(await served.editor.connection.sendRequest(DefinitionRequest.type, place)).toMatchObject({ uri: labels });
  });
});

describe('a path out of the project reads as it does from `check`', () => {
  const variant = (base: string): string => `netloom: 1\nname: variant\nextends: ${base}\n`;
  const told = async (place: string): Promise<readonly unknown[]> => {
    const path = join(place, 'main.yaml');
    const { diagnostics } = await served.editor.show(pathToFileURL(path).href, readFileSync(path, 'utf8'));
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
    const place = scratchFolder('lsp', onTestFinished);
    mkdirSync(join(place, 'bases'));
    writeFileSync(join(place, 'little.yaml'), little);
    writeFileSync(join(place, 'bases/main.yaml'), variant('../little.yaml'));
    expect(await told(join(place, 'bases'))).toEqual(['NL2047']);
    // What may not read its base as a spec of its own may, as the base of a spec above it.
    writeFileSync(join(place, 'main.yaml'), variant('bases/main.yaml'));
    expect(await told(place)).toEqual([]);
  });
});

describe('it goes on', () => {
  test('after texts that are no YAML, and after those built to break it', async () => {
    for (const text of ['{', '[[[[', '\u0000', '- a\n- b', '&a [*a]', '{a: '.repeat(5000), '? ? ?', `layers:\n${'  - x\n'.repeat(100)}`, 'layers: { a: { from: [', 'x: "', ': : :\n\t- {', 'params: { a: = a, b: = (((((' ]) {
      const name = await open(text.startsWith('{') ? text.replace('{', '{netloom: 1, ') : `${text}\nnetloom: 1\n`);
      expect((await served.editor.diagnostics(name)).diagnostics.length, text.slice(0, 20)).toBeGreaterThan(0);
      const place = { textDocument: { uri: name }, position: { line: 0, character: 2 } };
      await served.editor.connection.sendRequest(HoverRequest.type, place);
      await served.editor.connection.sendRequest(CompletionRequest.type, place);
      await served.editor.connection.sendRequest(DefinitionRequest.type, place);
      await served.editor.connection.sendRequest(DocumentSymbolRequest.type, place);
      await served.editor.connection.sendRequest(InlayHintRequest.type, { ...place, range: all });
    }
  });

  test('while a spec is cut off at every character', async () => {
    const name = uri('cut.yaml');
    await served.editor.show(name, alexnet);
    for (let length = 0; length < alexnet.length; length += 97) {
      const text = alexnet.slice(0, length);
      await served.editor.show(name, text);
      const place = { textDocument: { uri: name }, position: positionOf(text, length) };
      await served.editor.connection.sendRequest(CompletionRequest.type, place);
      await served.editor.connection.sendRequest(HoverRequest.type, place);
      await served.editor.connection.sendRequest(InlayHintRequest.type, { ...place, range: all });
    }
    expect((await served.editor.show(name, alexnet)).diagnostics).toEqual([]);
  });

  test('and is silent about YAML that is no spec', async () => {
    const name = uri('workflow.yaml');
    expect((await served.editor.show(name, 'on: push\njobs: { build: { steps: [{ run: npm test }] } }\n')).diagnostics).toEqual([]);
    expect(await served.editor.connection.sendRequest(HoverRequest.type, served.editor.at(name, 'jo|bs'))).toBeNull();
    expect(await served.editor.connection.sendRequest(CompletionRequest.type, served.editor.at(name, 'build: {| '))).toBeNull();
    expect((await served.editor.type(name, 'on: push', 'netloom: 1')).diagnostics).not.toEqual([]);
  });

  test('after questions that it does not know, and about texts that are not open', async () => {
    await expect(served.editor.connection.sendRequest('netloom/dance', {})).rejects.toThrow(/unhandled method/i);
    await served.editor.connection.sendNotification('netloom/unheard', {});
    expect(await served.editor.connection.sendRequest(HoverRequest.type, { textDocument: { uri: uri('nowhere.yaml') }, position: { line: 0, character: 0 } })).toBeNull();
    const name = await open(little);
    expect(await served.editor.connection.sendRequest(HoverRequest.type, { textDocument: { uri: name }, position: { line: 5000, character: 900 } })).toBeNull();
  });

  test('with a text that is no file', async () => {
    const { diagnostics } = await served.editor.show('untitled:Untitled-1', little.replace('kernel: 11', 'kernal: 11'));
    expect(diagnostics.length).toBeGreaterThan(0);
  });

  test('with a text that is too large', async () => {
    const { diagnostics } = await served.editor.show(uri('large.yaml'), `netloom: 1\nname: large # ${'x'.repeat(4_100_000)}\n`);
    expect(diagnostics.map(({ code }) => code)).toEqual(['NL1002']);
  });
});
