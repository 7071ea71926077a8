// A language server of its own for a test file, with a folder of specs, and what tests ask of it about them.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';
import { CompletionRequest, HoverRequest, InlayHintRequest, type CompletionItem, type InitializeResult, type Location, type MarkupContent } from 'vscode-languageserver-protocol/node';
import { Editor } from './editor.ts';
import { scratchFolder } from './scratch-folder.ts';

export const little = `netloom: 1
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

/** The range of a whole text. */
export const all = { start: { line: 0, character: 0 }, end: { line: 100_000, character: 0 } };

export interface ServedSpecs {
  readonly editor: Editor;
  readonly hello: InitializeResult;
  /** A project of its own. */
  readonly folder: string;
  readonly uri: (name: string) => string;
  /** Opens a text under a name of its own. */
  readonly open: (text: string) => Promise<string>;
  /** Hints as text behind the first word of their line. */
  readonly hints: (name: string) => Promise<readonly string[]>;
  readonly hoverAt: (name: string, piece: string) => Promise<string | undefined>;
  /** What is offered at a place of a text, in the order shown. */
  readonly offered: (text: string, piece: string) => Promise<{ readonly labels: readonly string[]; readonly items: readonly CompletionItem[]; readonly name: string }>;
  /** Locations as the lines they are in, the place itself in bars. */
  readonly lines: (found: readonly Location[]) => readonly string[];
}

/** Starts the server before the tests of the file that calls this, and stops it after them. */
export function servedSpecs(): ServedSpecs {
  const folder = scratchFolder('lsp');
  mkdirSync(join(folder, '.git'));
  const uri = (name: string): string => pathToFileURL(join(folder, name)).href;
  let started: { readonly editor: Editor; readonly hello: InitializeResult } | undefined;
  const server = () => started ?? expect.fail('the server is not there yet');
  let opened = 0;

  beforeAll(async () => {
    started = await Editor.start([pathToFileURL(folder).href]);
  }, 60_000);
  afterAll(async () => {
    expect(await server().editor.stop()).toBe(0);
  });

  const open = async (text: string): Promise<string> => {
    const name = uri(`open-${++opened}.yaml`);
    await server().editor.show(name, text);
    return name;
  };
  return {
    get editor() {
      return server().editor;
    },
    get hello() {
      return server().hello;
    },
    folder,
    uri,
    open,
    async hints(name) {
      const { editor } = server();
      const found = (await editor.connection.sendRequest(InlayHintRequest.type, { textDocument: { uri: name }, range: all })) ?? [];
      return found.map(({ position: { line }, label }) => `${/[\w.]+/.exec(editor.textOf(name).split('\n')[line] ?? '')?.[0] ?? ''} ${label as string}`);
    },
    async hoverAt(name, piece) {
      const { editor } = server();
      const found = await editor.connection.sendRequest(HoverRequest.type, editor.at(name, piece));
      return (found?.contents as MarkupContent | undefined)?.value;
    },
    async offered(text, piece) {
      const { editor } = server();
      const name = await open(text);
      const items = ((await editor.connection.sendRequest(CompletionRequest.type, editor.at(name, piece))) ?? []) as CompletionItem[];
      const sorted = items.toSorted((a, b) => ((a.sortText ?? '') < (b.sortText ?? '') ? -1 : 1));
      return { labels: sorted.map(({ label }) => label), items: sorted, name };
    },
    lines: (found) =>
      found.map(({ uri: where, range: { start, end } }) => {
        const line = server().editor.textOf(where).split('\n')[start.line] ?? '';
        return `${line.slice(0, start.character)}|${line.slice(start.character, end.character)}|${line.slice(end.character)}`.trim();
      }),
  };
}
