// A spec with what it is built on: the text that `extends:` names is read first, with its own base if it has one, then
// changed by the spec's keys. What comes out is the tree of a whole spec, in which every value still stands where it was
// written. A base's contracts are about the base, and stay there.

import type { Report } from '../source/catalog.ts';
import { catalog } from '../source/catalog.ts';
import type { Source, Span } from '../source/source.ts';
import { suggest } from '../source/suggest.ts';
import type { Written, WrittenEntry } from './document.ts';
import { describe } from './number.ts';
import { patchInstances, patchSpec } from './patch.ts';
import type { Tree } from './tree.ts';
import { child, entriesOf } from './place.ts';

/** The tree of a whole spec. */
export interface SpecTree extends Tree {
  /** Where each layer of the base that is no longer there was removed. */
  readonly removed: ReadonlyMap<string, Span>;
  /** New layers that have no place. */
  readonly lost: ReadonlySet<string>;
}

/** How a text becomes a tree. */
export type ReadTree = (source: Source, report: Report) => Tree | undefined;

/** Reads a spec and all it is built on; undefined after reporting. */
export function readSpec(source: Source, read: ReadTree, report: Report): SpecTree | undefined {
  const tree = readChain(source, [], read, report);
  if (!tree) return undefined;
  const lost = new Set(tree.lost);
  return { ...tree, ...patchInstances(tree, lost, report), lost };
}

function readChain(source: Source, readers: readonly Span[], read: ReadTree, report: Report): SpecTree | undefined {
  const tree = read(source, report);
  const named = tree && entriesOf(tree.root)?.get('extends');
  if (!tree || !named) return tree && { ...tree, removed: new Map(), lost: new Set() };
  const base = openBase(named, readers, report);
  const whole = base && readChain(base, [...readers, named.value.span], read, report);
  if (!base || !whole) return undefined;

  const flawed = new Set([...whole.flawed, ...tree.flawed]);
  const removed = new Map(whole.removed);
  const lost = new Set(whole.lost);
  const inputs = entriesOf(child(whole.root, 'input'))?.keys() ?? [];
  const own = withoutKeys(tree.root, ['extends']);
  // A text that is no map at all has nothing to build with, and is told so as any other.
  const root = entriesOf(own) ? patchSpec(withoutKeys(whole.root, ['check']), own, { where: base.path, report, flawed, first: new Set(inputs), removed, lost }) : own;
  if (tree.flawed.has(tree.root) || whole.flawed.has(whole.root)) flawed.add(root);
  return { root, flawed, removed, lost };
}

/** The spec that another one names as its base; undefined after reporting. */
function openBase({ key, value }: WrittenEntry, readers: readonly Span[], report: Report): Source | undefined {
  const { source } = value.span;
  if (typeof value.value !== 'string') {
    const span = value.span.end > value.span.start ? value.span : key;
    report(catalog.wrongValue, span, { where: '`extends`', found: describe(value), expected: 'the path of another spec' });
    return undefined;
  }
  const path = value.value;
  if (source.leaves?.(path) === true) {
    report(catalog.outsideProject, value.span, { path });
    return undefined;
  }
  const found = source.read?.(path);
  if (!found) {
    const [, folder = '', name = path] = /^(.*\/)?([^/]*)$/.exec(path) ?? [];
    const near = suggest(name, source.list?.(path) ?? []);
    report(catalog.baseNotFound, value.span, { path }, { help: near === undefined ? undefined : `did you mean \`${folder}${near}\`?` });
    return undefined;
  }
  const chain = [...readers, value.span];
  const again = chain.findIndex((span) => plainPath(span.source.path) === plainPath(found.path));
  if (again >= 0) {
    const circle = chain.slice(again);
    const words = [...circle.map((span) => span.source.path), found.path].join(' → ');
    const related = circle.slice(0, -1).map((span) => ({ span, note: 'is built on the next' }));
    report(catalog.extendsItself, value.span, { path: words, name: found.path }, { related });
    return undefined;
  }
  return { ...found, extendedBy: value.span };
}

const plainPath = (path: string): string => path.replace(/^(\.\/)+/, '');

function withoutKeys(written: Written, keys: readonly string[]): Written {
  const entries = entriesOf(written);
  return entries ? { value: new Map([...entries].filter(([key]) => !keys.includes(key))), span: written.span } : written;
}
