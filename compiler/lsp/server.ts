// The language server: what an editor asks, each question answered by the file that knows. It speaks the protocol over
// standard input and output, and ends when the editor says so or goes away.

import { CodeActionKind, createConnection, DidChangeWatchedFilesNotification, ErrorCodes, ProposedFeatures, ResponseError, TextDocuments, TextDocumentSyncKind } from 'vscode-languageserver/node';
import type { ClientCapabilities, InitializeResult } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { Source } from '../source/source.ts';
import { actions } from './actions.ts';
import { complete } from './completion.ts';
import { show } from './diagnostics.ts';
import { formatting } from './formatting.ts';
import { inlayHint } from './hints.ts';
import { hover } from './hover.ts';
import { definition, mentionAt, references, renamable, rename } from './navigation.ts';
import { sameThing } from './mentions.ts';
import { outline } from './outline.ts';
import { offsetAt, rangeOf, touches } from './place.ts';
import { Workspace, type OpenSpec } from './workspace.ts';

/** A spec that is checked in less, in ms, is checked at every key; for others the next key is waited for, but not longer. */
const shortCheck = 60;
const longestDelay = 400;

const capabilities: InitializeResult['capabilities'] = {
  textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: false },
  hoverProvider: true,
  completionProvider: { triggerCharacters: [' ', ':', '[', '=', '.'] },
  definitionProvider: true,
  referencesProvider: true,
  documentHighlightProvider: true,
  documentSymbolProvider: true,
  renameProvider: { prepareProvider: true },
  documentFormattingProvider: true,
  codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.SourceFixAll] },
  inlayHintProvider: true,
  workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
};

/**
 * Answers an editor until it is done.
 * @returns when the connection is made; the process ends by the editor's `exit`, or with its streams
 */
export function serve(input: NodeJS.ReadableStream, output: NodeJS.WritableStream, version: string): void {
  const connection = createConnection(ProposedFeatures.all, input, output);
  const documents = new TextDocuments(TextDocument);
  const workspace = new Workspace();
  const timers = new Map<string, NodeJS.Timeout>();
  let client: ClientCapabilities = {};

  connection.onInitialize(({ capabilities: asked, workspaceFolders }) => {
    client = asked;
    workspace.setFolders((workspaceFolders ?? []).map(({ uri }) => uri));
    return { capabilities, serverInfo: { name: 'netloom', version } };
  });
  connection.onInitialized(() => {
    if (client.workspace?.didChangeWatchedFiles?.dynamicRegistration === true) {
      void connection.client.register(DidChangeWatchedFilesNotification.type, { watchers: [{ globPattern: '**/*.{yaml,yml,txt}' }] });
    }
    if (client.workspace?.workspaceFolders === true) {
      connection.workspace.onDidChangeWorkspaceFolders(async () => {
        const folders = await connection.workspace.getWorkspaceFolders();
        workspace.setFolders((folders ?? []).map(({ uri }) => uri));
      });
    }
  });

  /** Tells what is wrong with a spec as soon as there is time. */
  const schedule = (spec: OpenSpec): void => {
    clearTimeout(timers.get(spec.uri));
    const last = durations.get(spec.uri) ?? 0;
    timers.set(spec.uri, setTimeout(() => { publish(spec); }, last < shortCheck ? 0 : Math.min(longestDelay, last)));
  };
  const durations = new Map<string, number>();
  const publish = (spec: OpenSpec): void => {
    const start = performance.now();
    try {
      const diagnostics = spec.isSpec ? problemsOf(spec).map(({ shown }) => shown) : [];
      void connection.sendDiagnostics({ uri: spec.uri, version: spec.version, diagnostics });
    } catch (error) {
      connection.console.error(`a mistake in netloom itself, not in your spec: ${String(error)}`);
    }
    durations.set(spec.uri, performance.now() - start);
  };
  const problemsOf = (spec: OpenSpec) => {
    const { diagnostics } = workspace.checked(spec);
    return diagnostics.map((diagnostic) => ({ diagnostic, shown: show(diagnostic, spec.source, workspace.tree(spec.source)) }));
  };
  const recheck = (specs: readonly OpenSpec[]): void => {
    for (const spec of specs) schedule(spec);
  };

  documents.onDidChangeContent(({ document }) => {
    recheck(workspace.set(document.uri, document.version, document.getText()));
  });
  documents.onDidClose(({ document: { uri } }) => {
    clearTimeout(timers.get(uri));
    recheck(workspace.close(uri));
    void connection.sendDiagnostics({ uri, diagnostics: [] });
  });
  connection.onDidChangeWatchedFiles(({ changes }) => {
    recheck(workspace.reload(changes.map(({ uri }) => uri)));
  });

  /** A text that is a spec, or may become one. */
  const specAt = (uri: string): OpenSpec | undefined => {
    const open = workspace.get(uri);
    return open?.isSpec === true || open?.source.text.trim() === '' ? open : undefined;
  };
  /** What an open spec has to answer at a place; null where there is none. */
  const at = <Params extends { readonly textDocument: { readonly uri: string }; readonly position: { readonly line: number; readonly character: number } }, Answer>(
    answer: (spec: OpenSpec, offset: number, params: Params) => Answer,
  ) => (params: Params): Answer | null => {
    const spec = specAt(params.textDocument.uri);
    return spec ? answer(spec, offsetAt(spec.source, params.position), params) : null;
  };
  const toldOf = (spec: OpenSpec): ReadonlyMap<string, string> => new Map(workspace.hints(spec).map(({ id, text }) => [id, text]));
  const shapesOf = (spec: OpenSpec): ReadonlyMap<string, string> => new Map(workspace.hints(spec).map(({ id, text }) => [id, /^[^ ,]*/.exec(text)?.[0] ?? '']));
  const subjectOf = (spec: OpenSpec, source: Source) => {
    const root = workspace.tree(source);
    return root && { root, view: workspace.view(source), mentions: workspace.mentions(source), checked: workspace.checked(spec) };
  };

  connection.onHover(at((spec, offset) => {
    const subject = subjectOf(spec, spec.source);
    return (subject && hover(subject, offset)) ?? null;
  }));
  connection.onCompletion(at((spec, offset) => {
    const shapes = shapesOf(spec);
    return [...complete(spec.source, offset, workspace.view(spec.source), (layer) => shapes.get(layer))];
  }));
  connection.onDefinition(at((spec, offset) => definition(spec.source, offset, workspace) ?? null));
  connection.onReferences(at((spec, offset, { context }) => [...references(spec.source, offset, context.includeDeclaration, workspace)]));
  connection.onDocumentHighlight(at((spec, offset) => {
    const found = mentionAt(spec.source, offset, workspace);
    const others = found ? workspace.mentions(spec.source).filter((other) => sameThing(other, found)) : [];
    return others.map(({ span, declares }) => ({ range: rangeOf(span), kind: declares ? 3 : 2 }));
  }));
  connection.onPrepareRename(at((spec, offset) => {
    const span = renamable(spec.source, offset, workspace);
    return span ? rangeOf(span) : null;
  }));
  connection.onRenameRequest(at((spec, offset, { newName }) => {
    const edit = rename(spec.source, offset, newName, workspace);
    return typeof edit === 'string' ? new ResponseError(ErrorCodes.InvalidRequest, edit) : (edit ?? null);
  }));
  connection.onCodeAction(({ textDocument: { uri }, range, context: { only } }) => {
    const spec = specAt(uri);
    return spec ? [...actions(spec.source, range, problemsOf(spec), only)] : null;
  });
  connection.onDocumentFormatting(({ textDocument: { uri } }) => {
    const spec = specAt(uri);
    return spec ? [...formatting(spec.source)] : null;
  });
  connection.onDocumentSymbol(({ textDocument: { uri } }) => {
    const spec = specAt(uri);
    const root = spec && workspace.tree(spec.source);
    return root ? [...outline(root, toldOf(spec))] : null;
  });
  connection.languages.inlayHint.on(({ textDocument: { uri }, range }) => {
    const spec = specAt(uri);
    if (!spec) return null;
    const span = { start: offsetAt(spec.source, range.start), end: offsetAt(spec.source, range.end) };
    return workspace.hints(spec).filter(({ offset }) => touches(span, offset)).map((hint) => inlayHint(spec.source, hint));
  });

  documents.listen(connection);
  connection.listen();
}
