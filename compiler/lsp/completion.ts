// What may be written where the cursor is: keys that are missing, operators, activations and other words a key takes, the
// names of layers, params and blocks.

import type { CompletionItem, CompletionItemKind } from 'vscode-languageserver/node';
import { ops } from '../ops/index.ts';
import type { Source } from '../source/source.ts';
import { amounts, functionNames, layerFunctions } from '../spec/evaluate.ts';
import { cursorIn, type Cursor } from './cursor.ts';
import { explainKey, explainOperator, keyAt, keysAt, layerAt, wordsOf } from './language.ts';
import { positionAt } from './place.ts';
import { scopeNamed, type View } from './view.ts';

/** The protocol's numbers: its own table of them is code that a bundle would carry. */
const kinds = { function: 3, variable: 6, module: 9, property: 10, value: 12, enumMember: 20, operator: 24 } as const satisfies Record<string, CompletionItemKind>;

interface Offer {
  readonly label: string;
  readonly kind: keyof typeof kinds;
  readonly detail?: string;
  readonly documentation?: string | undefined;
  /** What is written, where it is not the label. */
  readonly insert?: string;
  /** Stands above others. */
  readonly first?: boolean;
}

/** @param shapeOf the shape of a layer, where it is known */
export function complete(source: Source, offset: number, view: View, shapeOf: (layer: string) => string | undefined): readonly CompletionItem[] {
  const cursor = cursorIn(source.text, offset);
  if (!cursor) return [];
  const expression = expressionIn(cursor);
  const typed = expression === undefined ? cursor.typed : (/[\p{L}][\p{L}\p{M}\p{N}_.-]*$/u.exec(expression)?.[0] ?? '');
  const offers = expression !== undefined ? inExpression(cursor, view) : cursor.at === 'key' ? keys(cursor, view) : values(cursor, view, shapeOf);
  const range = { start: positionAt(source, offset - typed.length), end: positionAt(source, offset) };
  return offers.map(({ label, kind, detail, documentation, insert, first }, index) => ({
    label,
    kind: kinds[kind],
    ...(detail === undefined ? {} : { detail }),
    ...(documentation === undefined ? {} : { documentation: { kind: 'markdown', value: documentation } }),
    sortText: `${first === true ? '0' : '1'}${String(index).padStart(5, '0')}`,
    textEdit: { range, newText: insert ?? label },
  }));
}

/** The expression up to the cursor; undefined where none is being written. */
function expressionIn({ at, typed, path }: Cursor): string | undefined {
  if (at !== 'value') return undefined;
  const begun = /^\s*=(.*)$/s.exec(typed)?.[1];
  return begun ?? (path.length === 1 && path[0] === 'check' ? typed : undefined);
}

function keys({ path, beside }: Cursor, view: View): readonly Offer[] {
  if (path.length === 1 && path[0] === 'layers') {
    // A variant patches layers of its base.
    return [...view.layers.keys()].filter((name) => !beside.has(name)).map((label) => ({ label, kind: 'variable', insert: `${label}: ` }));
  }
  return Object.entries(keysAt(path, view) ?? {})
    .filter(([name]) => !beside.has(name))
    .map(([label, key]) => ({
      label,
      kind: 'property',
      detail: key.required === true ? `${key.expected} (required)` : key.expected,
      documentation: explainKey(label, key),
      insert: `${label}: `,
      first: key.required === true,
    }));
}

function values({ path, inList }: Cursor, view: View, shapeOf: (layer: string) => string | undefined): readonly Offer[] {
  const layer = layerAt(path, view);
  const word = layer?.rest.length === 1 ? layer.rest[0] : undefined;
  if (layer && (word === 'from' || word === 'after' || word === 'before')) return layersBefore(layer.scope, layer.name, word === 'from', view, shapeOf);
  if (word === 'op') return ops.map(({ name, summary }) => ({ label: name, kind: 'operator', detail: sentence(summary), documentation: explainOperator(name) }));
  if (word === 'use') {
    return [...view.blocks].map(([label, { layers, params }]) => ({ label, kind: 'module', detail: `${layers.size} layers; params ${[...params].join(', ')}` }));
  }
  if (word === 'expect' && layer && !inList) {
    const shape = shapeOf(layer.scope === '' ? layer.name : `${layer.scope}/${layer.name}`);
    return shape === undefined ? [] : [{ label: shape, kind: 'value', detail: 'what it is now' }];
  }
  if (path.length === 1 && path[0] === 'outputs') return [...view.layers.keys()].map((name) => named(name, shapeOf(name)));
  const key = keyAt(path, view);
  if (!key || inList) return [];
  const words = wordsOf(key);
  const describe = word === 'activation' ? (label: string) => explainOperator(label) : () => undefined;
  const examples = words.length > 0 ? [] : (key.examples ?? []).filter((example) => typeof example === 'string' || typeof example === 'number').map(String);
  return [
    ...words.map((label): Offer => ({ label, kind: 'enumMember', documentation: describe(label), first: key.schema['default'] === label })),
    ...examples.map((label): Offer => ({ label, kind: 'value', detail: 'for example' })),
  ];
}

/** The layers that one may read: those above it, the nearest first, and what goes in. */
function layersBefore(scope: string, name: string, onlyAbove: boolean, view: View, shapeOf: (layer: string) => string | undefined): readonly Offer[] {
  const all = [...scopeNamed(view, scope).layers.keys()];
  const here = all.indexOf(name);
  const above = onlyAbove && here >= 0 ? all.slice(0, here) : all.filter((other) => other !== name);
  const input = scope === '' ? view.input : 'input';
  const prefix = scope === '' ? '' : `${scope}/`;
  return [...above.reverse(), ...(input === undefined || !onlyAbove ? [] : [input])].map((label) => named(label, shapeOf(prefix + label)));
}

const named = (label: string, shape: string | undefined): Offer => ({ label, kind: 'variable', ...(shape === undefined ? {} : { detail: shape }) });

function inExpression({ path }: Cursor, view: View): readonly Offer[] {
  const layer = layerAt(path, view);
  const contract = path[0] === 'check';
  const own = layer && layer.scope !== '' ? [...scopeNamed(view, layer.scope).params] : [];
  return [
    ...[...new Set([...own, ...view.params])].map((label): Offer => ({ label, kind: 'variable', detail: 'a param' })),
    ...(contract ? amounts.map((label): Offer => ({ label, kind: 'value', detail: 'of the whole network' })) : []),
    ...(contract ? [...view.layers.keys()].map((label): Offer => ({ label, kind: 'variable', detail: 'a layer' })) : []),
    ...(contract ? layerFunctions.map((name): Offer => ({ label: `${name}()`, kind: 'function', detail: `${name}(layer)`, insert: `${name}(` })) : []),
    ...functionNames.map((name): Offer => ({ label: `${name}()`, kind: 'function', insert: `${name}(` })),
  ];
}

const sentence = (text: string): string => /^.*?[.:](?=\s|$)/.exec(text)?.[0].replace(/[.:]$/, '') ?? text;
