// Where a cursor is in a spec's tree: the keys that lead there, and whether it stands on a key or on a value.

import type { Span } from '../source/source.ts';
import type { Written } from '../spec/document.ts';
import { entriesOf } from '../spec/place.ts';
import type { Path } from './language.ts';
import { touches } from './place.ts';

export interface Located {
  /** The key under the cursor, or that of the value under it, last. */
  readonly path: Path;
  readonly on: 'key' | 'value';
  readonly span: Span;
  /** The key's value, or the one under the cursor. */
  readonly value: Written;
}

/** The smallest key or value at an offset. */
export function locate(root: Written, offset: number): Located | undefined {
  return locateIn(root, offset, []);
}

function locateIn(written: Written, offset: number, path: Path): Located | undefined {
  for (const [name, { key, value }] of entriesOf(written) ?? []) {
    const here = [...path, name];
    if (touches(key, offset)) return { path: here, on: 'key', span: key, value };
    // An alias has its value elsewhere.
    if (value.span.source === written.span.source && touches(value.span, offset)) return locateIn(value, offset, here);
  }
  if (Array.isArray(written.value)) {
    const item = (written.value as readonly Written[]).find(({ span }) => touches(span, offset));
    if (item) return locateIn(item, offset, path);
  }
  const isMap = entriesOf(written) !== undefined;
  return path.length === 0 || isMap ? undefined : { path, on: 'value', span: written.span, value: written };
}
