// The edits that the language server proposes: actions, and the usual form of a text.

import { beforeAll, describe, expect, test } from 'vitest';
import { CodeActionRequest, DocumentFormattingRequest, type CodeAction } from 'vscode-languageserver-protocol/node';
import { callWith } from '../support/call.ts';
import { edited } from '../support/editor.ts';
import { little, servedSpecs } from '../support/served-specs.ts';

const served = servedSpecs();
const { open, uri } = served;

/** What `netloom fmt` makes of a text. */
const usualForm = async (text: string): Promise<string> => (await callWith({ input: text }, 'fmt', '-')).out;

describe('actions', () => {
  const at = (name: string, piece: string) => {
    const { position } = served.editor.at(name, piece);
    return { textDocument: { uri: name }, range: { start: position, end: position }, context: { diagnostics: [] } };
  };
  const actionsAt = async (name: string, piece: string): Promise<readonly CodeAction[]> =>
    ((await served.editor.connection.sendRequest(CodeActionRequest.type, at(name, piece))) ?? []) as CodeAction[];
  const taken = (name: string, action: CodeAction | undefined): string => edited(served.editor.textOf(name), action?.edit?.changes?.[name] ?? []);

  test('the right word for a misspelt one', async () => {
    const name = await open(little.replace('kernel: 11', 'kernal: 11').replace('op: maxpool', 'op: maxpol'));
    const found = await actionsAt(name, 'ker|nal');
    expect(found[0]).toMatchObject({ title: 'write kernel', kind: 'quickfix', isPreferred: true });
    expect(taken(name, found[0])).toBe(served.editor.textOf(name).replace('kernal', 'kernel'));
    expect(taken(name, found.find(({ kind }) => kind?.startsWith('source.fixAll')))).toBe(little);
  });

  test('a warning can be silenced on its line', async () => {
    const name = await open(little.replace('kernel: 3, stride: 2', 'kernel: 2, stride: 2'));
    const silence = (await actionsAt(name, 'pool1: { op: maxpool, kernel: |2')).find(({ title }) => title.startsWith('ignore NL'));
    expect(silence).toBeDefined();
    const quiet = uri('quiet.yaml');
    expect((await served.editor.show(quiet, taken(name, silence))).diagnostics).toEqual([]);
  });

  test('nothing where nothing is wrong', async () => {
    expect(await actionsAt(await open(little), 'ker|nel: 11')).toEqual([]);
  });
});

describe('formatting', () => {
  const options = { tabSize: 2, insertSpaces: true };
  const formatted = async (name: string): Promise<string> => {
    const edits = await served.editor.connection.sendRequest(DocumentFormattingRequest.type, { textDocument: { uri: name }, options });
    return edited(served.editor.textOf(name), edits ?? []);
  };
  let usual = '';
  beforeAll(async () => {
    usual = await usualForm(little);
  });

  test('gives a spec the form that `netloom fmt` does, in one edit of what differs', async () => {
    expect(usual).not.toBe(little);
    const name = await open(little);
    expect(await formatted(name)).toBe(usual);
    const edits = (await served.editor.connection.sendRequest(DocumentFormattingRequest.type, { textDocument: { uri: name }, options })) ?? [];
    expect(edits).toHaveLength(1);
    expect(edits[0]?.range.start.line).toBeGreaterThan(4);
  });

  test('whatever its lines end with', async () => {
    expect(await formatted(await open(little.replaceAll('\n', '\r\n')))).toBe(await usualForm(little.replaceAll('\n', '\r\n')));
  });

  test('changes nothing of one that has it, is not YAML, or is no spec', async () => {
    for (const text of [usual, little.replace('params: {', 'params: {{'), 'on:   push\n']) {
      const name = await open(text);
      const edits = await served.editor.connection.sendRequest(DocumentFormattingRequest.type, { textDocument: { uri: name }, options });
      expect(edits ?? []).toEqual([]);
    }
  });
});
