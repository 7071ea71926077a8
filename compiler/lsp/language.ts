// What the language has to say about a place in a spec: the keys that may stand there, and the words a value may be. Hover
// and completion read it; it comes from the same tables as the schema.

import { opsByName } from '../ops/index.ts';
import { argument, instanceKeys, layerKeys, placementKeys, specKeys, type Key, type Keys } from '../spec/keys.ts';
import { scopeNamed, type View } from './view.ts';

/** Keys and positions from the root to a place: `['layers', 'conv1', 'kernel']`. */
export type Path = readonly string[];

/** A layer's name and the scope it is written in, and what of the path is left behind it. */
export interface LayerPlace {
  readonly scope: string;
  readonly name: string;
  readonly rest: Path;
}

/** The layer that a path leads to or into: of the spec, of a block, or of a block where an instance changes it. */
export function layerAt(path: Path, view: View): LayerPlace | undefined {
  const [first, second = '', third] = path;
  let [scope, rest] = first === 'layers' ? ['', path.slice(1)] : first === 'blocks' && third === 'layers' ? [second, path.slice(3)] : ['', []];
  for (;;) {
    const [name, within] = rest;
    if (name === undefined) return undefined;
    const use = scopeNamed(view, scope).layers.get(name)?.use;
    if (within !== 'layers' || use === undefined || rest.length < 3) return { scope, name, rest: rest.slice(1) };
    [scope, rest] = [use, rest.slice(2)];
  }
}

/** The keys that the map at a place may have; undefined where their author chooses them. */
export function keysAt(path: Path, view: View): Keys | undefined {
  const layer = layerAt(path, view);
  if (layer) return layer.rest.length === 0 ? keysOfLayer(layer, view) : keyAt(path, view)?.keys;
  return path.length === 0 ? specKeys : keyAt(path, view)?.keys;
}

/** What is known of the key at the end of a path. */
export function keyAt(path: Path, view: View): Key | undefined {
  const last = path.at(-1);
  if (last === undefined) return undefined;
  const above = path.slice(0, -1);
  const keys = keysAt(above, view);
  if (keys) return Object.hasOwn(keys, last) ? keys[last] : undefined;
  return keyAt(above, view)?.each;
}

function keysOfLayer({ scope, name }: LayerPlace, view: View): Keys {
  const { op, use } = scopeNamed(view, scope).layers.get(name) ?? {};
  // What follows another layer has to be said where the text does not: in a variant, and in changes to a block.
  const placement = view.extends ? placementKeys : {};
  if (use !== undefined) {
    const params = [...scopeNamed(view, use).params].map((param): [string, Key] => [param, { ...argument, description: `What the param of the block \`${use}\` is here.` }]);
    return { ...instanceKeys, ...Object.fromEntries(params), ...placement };
  }
  const attrs = Object.entries(opsByName.get(op ?? '')?.attrs ?? {}).map(([key, attr]): [string, Key] => [key, { ...attr, required: attr.fallback === undefined }]);
  const either = op === undefined && view.blocks.size > 0 ? { use: { ...instanceKeys.use, required: false } } : {};
  return { ...layerKeys, ...either, ...Object.fromEntries(attrs), ...placement };
}

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
