// An editor, as far as a language server can tell: starts `netloom lsp`, speaks the protocol with it, and keeps the
// diagnostics that come. Places in a text are said by the text around them: `conv2: { op: |conv` is at the bar.

import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  createProtocolConnection,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  PublishDiagnosticsNotification,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type InitializeResult,
  type Position,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  type TextDocumentPositionParams,
  type TextEdit,
} from 'vscode-languageserver-protocol/node';

const root = fileURLToPath(new URL('../..', import.meta.url));
const fromSources = ['--import', 'tsx', 'compiler/cli/netloom.ts'];

export class Editor {
  readonly connection: ProtocolConnection;
  private readonly child: ChildProcess;
  private readonly texts = new Map<string, { text: string; version: number }>();
  private readonly published = new Map<string, PublishDiagnosticsParams>();
  private readonly waiting = new Set<() => void>();

  private constructor(child: ChildProcess, connection: ProtocolConnection) {
    this.child = child;
    this.connection = connection;
    connection.onNotification(PublishDiagnosticsNotification.type, (params) => {
      this.published.set(params.uri, params);
      for (const wake of this.waiting) wake();
    });
    connection.listen();
  }

  /** Starts a server, and says hello. `command`: what follows `node`, without `lsp`. */
  static async start(folders: readonly string[] = [], command: readonly string[] = fromSources): Promise<{ editor: Editor; hello: InitializeResult }> {
    const child = spawn(process.execPath, [...command, 'lsp', '--stdio'], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
    const connection = createProtocolConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
    const editor = new Editor(child, connection);
    const hello = await connection.sendRequest(InitializeRequest.type, {
      processId: process.pid,
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- the protocol still asks for it
      rootUri: null,
      capabilities: { textDocument: { publishDiagnostics: { relatedInformation: true } } },
      workspaceFolders: folders.map((uri) => ({ uri, name: 'specs' })),
    });
    await connection.sendNotification(InitializedNotification.type, {});
    return { editor, hello };
  }

  /** Opens a text, or puts another in its place; resolves with what the server says of it. */
  async show(uri: string, text: string): Promise<PublishDiagnosticsParams> {
    const before = this.texts.get(uri);
    const version = (before?.version ?? 0) + 1;
    this.texts.set(uri, { text, version });
    if (before) {
      await this.connection.sendNotification(DidChangeTextDocumentNotification.type, { textDocument: { uri, version }, contentChanges: [{ text }] });
    } else {
      await this.connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument: { uri, version, languageId: 'yaml', text } });
    }
    return this.diagnostics(uri);
  }

  /** Replaces the first `what` of an open text, as somebody who types does; resolves with what the server says of it. */
  async type(uri: string, what: string, by: string): Promise<PublishDiagnosticsParams> {
    const { text, version } = this.texts.get(uri) ?? { text: '', version: 0 };
    const at = text.indexOf(what);
    if (at < 0) throw new Error(`there is no '${what}' in ${uri}`);
    const range = { start: positionOf(text, at), end: positionOf(text, at + what.length) };
    this.texts.set(uri, { text: text.slice(0, at) + by + text.slice(at + what.length), version: version + 1 });
    await this.connection.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version: version + 1 },
      contentChanges: [{ range, text: by }],
    });
    return this.diagnostics(uri);
  }

  /** What the server says of the text as it is now. */
  async diagnostics(uri: string): Promise<PublishDiagnosticsParams> {
    for (;;) {
      const last = this.published.get(uri);
      if (last?.version === this.texts.get(uri)?.version && last) return last;
      await this.next();
    }
  }

  /** The next time that the server says something of any text. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.waiting.delete(wake);
        resolve();
      };
      this.waiting.add(wake);
    });
  }

  textOf(uri: string): string {
    return this.texts.get(uri)?.text ?? '';
  }

  /** The place of a `|` in a piece of an open text that stands there once. */
  at(uri: string, piece: string): TextDocumentPositionParams & { readonly offset: number } {
    const { text } = this.texts.get(uri) ?? { text: '' };
    const bar = piece.indexOf('|');
    const plain = piece.replace('|', '');
    const start = text.indexOf(plain);
    if (bar < 0 || start < 0 || text.includes(plain, start + 1)) throw new Error(`'${piece}' is no single place of ${uri}`);
    return { textDocument: { uri }, position: positionOf(text, start + bar), offset: start + bar };
  }

  /** Says goodbye; resolves with the exit code. */
  async stop(): Promise<number | null> {
    await this.connection.sendRequest(ShutdownRequest.type);
    const ended = new Promise<number | null>((resolve) => this.child.on('exit', resolve));
    await this.connection.sendNotification(ExitNotification.type);
    return ended;
  }
}

/** Where an offset stands, as the protocol counts. */
export function positionOf(text: string, offset: number): Position {
  const lines = text.slice(0, offset).split('\n');
  return { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
}

/** The part of a text that a range covers. */
export function textIn(text: string, { start, end }: { readonly start: Position; readonly end: Position }): string {
  return text.slice(offsetOf(text, start), offsetOf(text, end));
}

/** A text with edits made, which must not overlap. */
export function edited(text: string, edits: readonly TextEdit[]): string {
  return edits
    .toSorted((a, b) => offsetOf(text, b.range.start) - offsetOf(text, a.range.start))
    .reduce((result, { range, newText }) => result.slice(0, offsetOf(text, range.start)) + newText + result.slice(offsetOf(text, range.end)), text);
}

function offsetOf(text: string, { line, character }: Position): number {
  return text.split('\n').slice(0, line).reduce((sum, row) => sum + row.length + 1, 0) + character;
}
