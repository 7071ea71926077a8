// What names a spec knows, its bases included: what completion offers, and how `fire2.squeeze` is taken apart. Made from the
// tree of values, so that a spec with mistakes has one too.

import type { Source } from '../source/source.ts';
import type { Written, WrittenEntry } from '../spec/document.ts';
import { child, entriesOf } from '../spec/place.ts';

/** The layers and params of a spec, or of one of its blocks. */
export interface Scope {
  readonly layers: ReadonlyMap<string, LayerView>;
  readonly params: ReadonlySet<string>;
}

export interface LayerView {
  /** The operator, where it has one. */
  readonly op?: string;
  /** The block it is an instance of. */
  readonly use?: string;
}

export interface View extends Scope {
  readonly input: string | undefined;
  readonly blocks: ReadonlyMap<string, Scope>;
  /** Whether the spec is a variant of another. */
  readonly extends: boolean;
}

/** A spec and the specs it extends, each with its tree; the spec itself comes first. */
export type Chain = readonly { readonly source: Source; readonly root: Written }[];

const mostBases = 30;

/**
 * A spec with its bases.
 * @param treeOf the tree of a source, mistakes or not; undefined where it has none
 */
export function chainOf(source: Source, treeOf: (source: Source) => Written | undefined): Chain {
  const chain: { source: Source; root: Written }[] = [];
  for (let next: Source | undefined = source; next && chain.length < mostBases; ) {
    const root = treeOf(next);
    const { path } = next;
    if (!root || chain.some((other) => other.source.path === path)) break;
    chain.push({ source: next, root });
    const base = child(root, 'extends')?.value;
    next = typeof base === 'string' ? next.read?.(base) : undefined;
  }
  return chain;
}

/** The names of a chain: the nearer one of two counts, and a layer set to null is gone. */
export function viewOf(chain: Chain): View {
  const roots = chain.map(({ root }) => root).toReversed();
  const blocks = new Map<string, Scope>();
  for (const root of roots) {
    for (const [name, { value }] of entriesIn(child(root, 'blocks'))) {
      const written = blocks.get(name);
      blocks.set(name, scopeOf([value], written));
    }
  }
  const input = roots.flatMap((root) => [...entriesIn(child(root, 'input')).keys()]).at(-1);
  return { ...scopeOf(roots), input, blocks, extends: child(chain[0]?.root, 'extends') !== undefined };
}

function scopeOf(maps: readonly Written[], base?: Scope): Scope {
  const layers = new Map<string, LayerView>(base?.layers);
  const params = new Set<string>(base?.params);
  for (const map of maps) {
    for (const name of entriesIn(child(map, 'params')).keys()) params.add(name);
    for (const [name, { value }] of entriesIn(child(map, 'layers'))) {
      if (value.value === null && layers.has(name)) layers.delete(name);
      else layers.set(name, { ...layers.get(name), ...layerView(value) });
    }
  }
  return { layers, params };
}

function layerView(value: Written): LayerView {
  const op = child(value, 'op')?.value;
  const use = child(value, 'use')?.value;
  return { ...(typeof op === 'string' ? { op } : {}), ...(typeof use === 'string' ? { use } : {}) };
}

/** The scope of a block, or of the spec itself, whose name is ''. */
export function scopeNamed(view: View, name: string): Scope {
  return name === '' ? view : (view.blocks.get(name) ?? { layers: new Map(), params: new Set() });
}

/** The entries of a map; none where it is not one. */
export function entriesIn(written: Written | undefined): ReadonlyMap<string, WrittenEntry> {
  return entriesOf(written) ?? new Map<string, WrittenEntry>();
}

/** The items of a list; a single value is a list of one. */
export function itemsIn(written: Written | undefined): readonly Written[] {
  if (!written) return [];
  return Array.isArray(written.value) ? (written.value as readonly Written[]) : [written];
}
