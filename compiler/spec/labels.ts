// The names of a classifier's classes: a list that is built in, or a text file beside the spec, one name a line.

import type { Report } from '../source/catalog.ts';
import { catalog } from '../source/catalog.ts';
import type { Spanned } from '../source/source.ts';
import type { Labels } from './document.ts';
import { imagenet1k } from './imagenet-1k.ts';

const builtIn: Readonly<Record<string, () => readonly string[]>> = { 'imagenet-1k': imagenet1k };

/** The names of the built-in lists that have so many classes. */
export function listsOf(count: number): readonly string[] {
  return Object.keys(builtIn).filter((name) => builtIn[name]?.().length === count);
}

/** The labels of this name; undefined after reporting. */
export function readLabels({ value: name, span }: Spanned<string>, report: Report): Spanned<Labels> | undefined {
  const list = Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
  if (list) return { value: { name, classes: list() }, span };
  if (span.source.leaves?.(name) === true) {
    report(catalog.outsideProject, span, { path: name });
    return undefined;
  }
  const file = span.source.read?.(name);
  if (!file) {
    report(catalog.labelsNotFound, span, { path: name });
    return undefined;
  }
  const classes = file.text.replace(/^\uFEFF/, '').trimEnd().split(/\r?\n/).map((line) => line.trim());
  const empty = classes.indexOf('');
  if (empty < 0) return { value: { name, classes }, span };
  report(catalog.emptyLabel, span, { path: name, line: empty + 1 });
  return undefined;
}
