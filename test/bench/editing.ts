// `npm run bench:editor`: how soon the language server answers an edit in a spec of 1,000 layers, as an editor sees it: from
// sending the change to having the diagnostics, and the answers to questions about the new text. Needs the built command
// (`npm run build`), or takes another: `-- --command FILE`.

import { parseArgs } from 'node:util';
import { CompletionRequest, DocumentSymbolRequest, HoverRequest, InlayHintRequest } from 'vscode-languageserver-protocol/node';
import { Editor, positionOf } from '../support/editor.ts';
import { largeSpec } from './large-spec.ts';
import { quantile } from './quantile.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '60' }, layers: { type: 'string', default: '1000' }, command: { type: 'string', default: 'dist/netloom.cjs' } },
});
const layers = Number(values.layers);
const name = 'untitled:large';

const { editor } = await Editor.start([], [values.command]);
const first = await editor.show(name, largeSpec(layers));
if (first.diagnostics.length > 0) throw new Error(JSON.stringify(first.diagnostics[0]));

const times = new Map<string, number[]>();
async function time(what: string, act: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await act();
  times.set(what, [...(times.get(what) ?? []), performance.now() - start]);
}

for (let round = 0; round < Number(values.rounds); round++) {
  const layer = `conv${(round * 617) % layers}:`;
  const line = editor.textOf(name).split('\n').find((row) => row.includes(` ${layer}`)) ?? '';
  const number = round % 3 === 0 ? 'a mistake' : round % 3 === 1 ? 'mending it' : 'a number';
  const [what, by] = round % 3 === 0 ? [line, line.replace('kernel: 3', 'kernal: 3')] : round % 3 === 1 ? ['kernal: 3', 'kernel: 3'] : [line, line.replace('pad: 1', 'pad: 1, groups: 2')];
  await time(`diagnostics after ${number}`, () => editor.type(name, what, by));
  const all = { start: { line: 0, character: 0 }, end: { line: layers + 10, character: 0 } };
  const at = { textDocument: { uri: name }, position: positionOf(editor.textOf(name), editor.textOf(name).indexOf(layer) + 2) };
  await time('hints of the whole text', () => editor.connection.sendRequest(InlayHintRequest.type, { ...at, range: all }));
  await time('the outline', () => editor.connection.sendRequest(DocumentSymbolRequest.type, at));
  await time('hover', () => editor.connection.sendRequest(HoverRequest.type, at));
  await time('completion', () => editor.connection.sendRequest(CompletionRequest.type, { ...at, position: { ...at.position, character: 20 } }));
}
await editor.stop();

for (const [what, taken] of times) {
  const within = (share: number): string => quantile(taken, share).toFixed(0).padStart(4);
  console.log(`${what.padEnd(32)} median ${within(0.5)} ms, 90 % within ${within(0.9)} ms`);
}
