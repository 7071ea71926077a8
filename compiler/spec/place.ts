// Places in a spec's tree: what stands at a path, and what the language says of it. Layers stand below `layers`, in the
// `layers` of a block, and in those of an instance that changes its block.

import type { Written, WrittenEntry } from './document.ts';
import type { Key, Keys } from './keys.ts';
import { instanceKeys, layerKeys, specKeys } from './keys.ts';

type Entries = ReadonlyMap<string, WrittenEntry>;
type Path = readonly string[];

/** The entries of a map. */
export function entriesOf(written: Written | undefined): Entries | undefined {
  return written?.value instanceof Map ? (written.value as Entries) : undefined;
}

/** The value of a key; undefined where there is none. */
export function child(written: Written | undefined, key: string): Written | undefined {
  return entriesOf(written)?.get(key)?.value;
}

export function listItems({ value }: Written): readonly Written[] | undefined {
  return Array.isArray(value) ? (value as readonly Written[]) : undefined;
}

/** The value at a path. */
export function at(root: Written, path: Path): Written | undefined {
  let here: Written | undefined = root;
  for (const part of path) here = here && (child(here, part) ?? listItems(here)?.[Number(part)]);
  return here;
}

/** The entry at a path, where a map holds it. */
export function entryAt(root: Written, path: Path): WrittenEntry | undefined {
  return path.length === 0 ? undefined : entriesOf(at(root, path.slice(0, -1)))?.get(path.at(-1) ?? '');
}

/** An entry of a table; not what every object has, such as `constructor`. */
export const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined => (Object.hasOwn(table, key) ? table[key] : undefined);

/** How much of a path leads to a layer; 0 where it leads to none. */
export function layerDepth(path: Path): number {
  let depth = path[0] === 'layers' ? 2 : path[0] === 'blocks' && path[2] === 'layers' ? 4 : 0;
  if (path.length < depth) return 0;
  while (depth > 0 && path[depth] === 'layers' && path.length > depth + 1) depth += 2;
  return depth;
}

/** How people call the layer at a path: `conv1`, `fire.squeeze`. */
export const layerName = (path: Path): string => path.filter((part, index) => index % 2 === 1 && part !== '').join('.');

/** What the language says of the key at a path that leads to no layer. */
export function keyAt(path: Path): Key | undefined {
  let keys: Keys | undefined = specKeys;
  let each: Key | undefined;
  let key: Key | undefined;
  for (const part of path) {
    key = (keys && own<Key>(keys, part)) ?? each;
    keys = key?.keys;
    each = key?.each;
    if (!key) return undefined;
  }
  return key;
}

/** How much of a path leads to the value of a key of the language; the rest leads into that value. */
export function valuePath(path: Path): number {
  const depth = layerDepth(path);
  if (depth > 0) return Math.min(path.length, path[depth] === 'init' ? depth + 2 : depth + 1);
  let length = 0;
  while (length < path.length && keyAt(path.slice(0, length + 1))) length++;
  return length;
}

/** A map of a spec, and what the language says of its keys. */
export interface Place {
  /** ``a spec``, ``conv1: conv``, `` `preprocess` ``: whose keys these are. */
  readonly owner: string;
  /** Keys of this map, where they are fixed. */
  readonly keys: Keys | undefined;
  readonly layer?: { readonly name: string; readonly op: WrittenEntry | undefined; readonly use: WrittenEntry | undefined };
}

/** What the language says of the map at a path. */
export function placeOf(root: Written, path: Path): Place {
  const depth = layerDepth(path);
  if (depth > 0) {
    const name = layerName(path.slice(0, depth));
    if (path[depth] === 'init') return { owner: `${name}: \`init\``, keys: layerKeys.init.keys };
    if (path.length > depth) return { owner: `${name}: \`${path.slice(depth).join('.')}\``, keys: undefined };
    const entries = entriesOf(at(root, path));
    const [op, use] = [entries?.get('op'), entries?.get('use')];
    const word = (use ?? op)?.value.value;
    return { owner: typeof word === 'string' ? `${name}: ${word}` : name, keys: use ? instanceKeys : layerKeys, layer: { name, op, use } };
  }
  const [first, block = ''] = path;
  const owner = path.length === 0 ? 'a spec' : first === 'blocks' && path.length === 2 ? `the block ${block}` : `\`${path.join('.')}\``;
  return { owner, keys: path.length === 0 ? specKeys : keyAt(path)?.keys };
}
