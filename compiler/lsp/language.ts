// What the language has to say about a place in a spec: the keys that may stand there, and the words a value may be. Hover
// and completion read it; it comes from the same tables as the schema.

import { opsByName } from '../ops/index.ts';
import { layerKeys, specKeys, type Key, type Keys } from '../spec/keys.ts';
import type { View } from './view.ts';
import { scopeNamed } from './view.ts';

/** Keys and positions from the root to a place: `['layers', 'conv1', 'kernel']`. */
export type Path = readonly string[];

/** A layer's name and the scope it is written in, and what of the path is left behind it. */
export function layerAt(path: Path): { readonly scope: string; readonly name: string; readonly rest: Path } | undefined {
  const [first, second, third, fourth] = path;
  if (first === 'layers' && second !== undefined) return { scope: '', name: second, rest: path.slice(2) };
  if (first === 'blocks' && second !== undefined && third === 'layers' && fourth !== undefined) return { scope: second, name: fourth, rest: path.slice(4) };
  return undefined;
}

/** The keys that the map at a place may have; undefined where their author chooses them. */
export function keysAt(path: Path, view: View): Keys | undefined {
  const layer = layerAt(path);
  if (layer?.rest.length === 0) return keysOfLayer(layer.scope, layer.name, view);
  if (path.length === 0) return specKeys;
  return keyAt(path, view)?.keys;
}

/** What is known of the key at the end of a path. */
export function keyAt(path: Path, view: View): Key | undefined {
  const last = path.at(-1);
  const keys = path.length === 0 ? undefined : keysAt(path.slice(0, -1), view);
  if (last === undefined) return undefined;
  if (keys === undefined) return path.length > 1 ? keyAt(path.slice(0, -1), view)?.each : undefined;
  return Object.hasOwn(keys, last) ? keys[last] : undefined;
}

function keysOfLayer(scope: string, name: string, view: View): Keys {
  const { op, use } = scopeNamed(view, scope).layers.get(name) ?? {};
  if (use !== undefined) {
    const params = [...(view.blocks.get(use)?.params ?? [])].map((param): [string, Key] => [param, paramOf(use)]);
    return { ...layerKeys, ...Object.fromEntries(params) };
  }
  const attrs = Object.entries(opsByName.get(op ?? '')?.attrs ?? {});
  return { ...layerKeys, ...Object.fromEntries(attrs.map(([key, attr]): [string, Key] => [key, { ...attr, required: attr.fallback === undefined }])) };
}

const paramOf = (block: string): Key => ({ expected: 'a number or an expression', description: `A param of the block \`${block}\`.`, schema: {} });

/** The words that a value may be; none where it is a number or a text of any kind. */
export function wordsOf({ schema }: Key): readonly string[] {
  const alternatives = [schema, ...((schema['anyOf'] ?? []) as readonly Key['schema'][])];
  return alternatives.flatMap((one) => [
    ...(Array.isArray(one['enum']) ? one['enum'].map(String) : []),
    ...(typeof one['const'] === 'string' || typeof one['const'] === 'number' ? [String(one['const'])] : []),
    ...(one['type'] === 'boolean' ? ['true', 'false'] : []),
  ]);
}

/** A key as Markdown: what it does, what it takes, what stands for it where it is not written. */
export function explainKey(name: string, key: Key): string {
  const examples = key.examples?.map((example) => `\`${typeof example === 'string' ? example : JSON.stringify(example)}\``).join(', ');
  return [
    `**${name}**: ${key.description}`,
    `Takes ${key.expected}. ${defaultOf(key)}`.trim(),
    ...(examples === undefined ? [] : [`For example ${examples}.`]),
  ].join('\n\n');
}

function defaultOf({ schema, required, ...key }: Key): string {
  const fallback = schema['default'];
  if (fallback !== undefined) return `Default: \`${typeof fallback === 'string' ? fallback : JSON.stringify(fallback)}\`.`;
  if (required === true) return 'Required.';
  const other = 'fallback' in key ? (key.fallback as { readonly sameAs?: string }).sameAs : undefined;
  return other === undefined ? '' : `Default: as \`${other}\`.`;
}

/** An operator as Markdown, with the keys of its own. */
export function explainOperator(name: string): string | undefined {
  const op = opsByName.get(name);
  if (op === undefined) return undefined;
  const keys = Object.entries(op.attrs).map(([key, attr]) => `- \`${key}\`: ${attr.description} ${defaultOf({ ...attr, required: attr.fallback === undefined })}`.trim());
  return [`**${name}**: ${op.summary}`, ...(keys.length === 0 ? [] : [keys.join('\n')])].join('\n\n');
}
