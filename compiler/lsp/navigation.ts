// Where a layer, param or block is written, who else speaks of it, and how all of them are renamed: in the spec under the
// cursor, in the specs it extends, and in those that extend them.

import type { Location, TextEdit, WorkspaceEdit } from 'vscode-languageserver/node';
import type { Source, Span } from '../source/source.ts';
import { reservedNames } from '../spec/blocks.ts';
import { amounts } from '../spec/evaluate.ts';
import { layerNamePattern, namePattern } from '../spec/keys.ts';
import { child } from '../spec/place.ts';
import { sameThing, type Kind, type Mention } from './mentions.ts';
import { locationOf, rangeOf, touches, uriOf } from './place.ts';
import { entriesIn, scopeNamed } from './view.ts';
import type { Workspace } from './workspace.ts';

export function mentionAt(source: Source, offset: number, workspace: Workspace): Mention | undefined {
  return workspace.mentions(source).find(({ span }) => touches(span, offset));
}

/** Where the thing under the cursor is written: in the furthest base that has it. Of `extends` and `labels` the file. */
export function definition(source: Source, offset: number, workspace: Workspace): Location | undefined {
  const mention = mentionAt(source, offset, workspace);
  if (mention) {
    const declared = declaration(mention, source, workspace);
    return declared && locationOf(declared.span);
  }
  const root = workspace.tree(source);
  for (const key of ['extends', 'labels']) {
    const value = child(root, key);
    if (typeof value?.value !== 'string' || !touches(value.span, offset)) continue;
    const file = source.read?.(value.value);
    return file && locationOf({ source: file, start: 0, end: 0 });
  }
  return undefined;
}

function declaration(mention: Mention, source: Source, workspace: Workspace): Mention | undefined {
  const inChain = workspace.chain(source).flatMap(({ source: file }) => workspace.mentions(file).filter((other) => other.declares && sameThing(other, mention)));
  // Of a key written twice the first counts, of files the furthest base.
  const last = inChain.at(-1);
  return last && inChain.find(({ span }) => span.source === last.span.source);
}

/** All places that speak of the thing under the cursor. */
export function references(source: Source, offset: number, declarations: boolean, workspace: Workspace): readonly Location[] {
  const mention = mentionAt(source, offset, workspace);
  return mention === undefined ? [] : mentionsOf(mention, source, workspace).filter(({ declares }) => declarations || !declares).map(({ span }) => locationOf(span));
}

function mentionsOf(mention: Mention, source: Source, workspace: Workspace): readonly Mention[] {
  const home = declaration(mention, source, workspace)?.span.source ?? source;
  const files = workspace.family(home);
  return (files.includes(source) ? files : [source, ...files]).flatMap((file) => workspace.mentions(file).filter((other) => sameThing(other, mention)));
}

/** The name under the cursor, if it can be renamed. */
export function renamable(source: Source, offset: number, workspace: Workspace): Span | undefined {
  return mentionAt(source, offset, workspace)?.span;
}

/** The edits that give the thing under the cursor another name; or why they cannot be made. */
export function rename(source: Source, offset: number, name: string, workspace: Workspace): WorkspaceEdit | string | undefined {
  const mention = mentionAt(source, offset, workspace);
  if (!mention || name === mention.name) return undefined;
  const { kind, scope } = mention;
  if (!new RegExp(kind === 'layer' ? layerNamePattern : namePattern, 'u').test(name)) {
    return `'${name}' is no name of a ${kind}: a letter, then letters, digits, '_', '-'${kind === 'layer' ? ' and dots' : ''}`;
  }
  const all = mentionsOf(mention, source, workspace);
  if (all.length === 0) return undefined;
  const files = [...new Set(all.map(({ span }) => span.source))];
  for (const file of files) {
    const taken = takenNames(kind, scope, file, workspace);
    if (taken.has(name)) return `${name} is the name of another ${taken.get(name) ?? kind} already`;
  }
  const changes: Record<string, TextEdit[]> = {};
  for (const { span } of all) (changes[uriOf(span.source)] ??= []).push({ range: rangeOf(span), newText: name });
  return { changes };
}

/** The names that cannot be taken once more, and what they are names of. */
function takenNames(kind: Kind, scope: string, file: Source, workspace: Workspace): ReadonlyMap<string, string> {
  const view = workspace.view(file);
  const { layers, params } = scopeNamed(view, scope);
  if (kind === 'block') return new Map([...view.blocks.keys()].map((name) => [name, 'block']));
  if (kind === 'param') {
    const reserved = scope === '' ? amounts.map((name): [string, string] => [name, 'amount']) : [...reservedNames].map((name): [string, string] => [name, 'key']);
    return new Map([...reserved, ...[...params].map((name): [string, string] => [name, 'param'])]);
  }
  const input = scope === '' ? entriesIn(child(workspace.tree(file), 'input')).keys() : ['input'];
  return new Map([...[...layers.keys()].map((name): [string, string] => [name, 'layer']), ...[...input].map((name): [string, string] => [name, 'input'])]);
}
