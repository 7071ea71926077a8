// Paths as other programs want them.

import { isAbsolute, relative, resolve, sep } from 'node:path';

/** `path` from `folder`, with slashes; absolute where it lies outside. A name in angle brackets is none, and stays. */
export function pathFrom(folder: string, path: string): string {
  if (path.startsWith('<')) return path;
  const inside = relative(resolve(folder), resolve(path));
  return (inside.startsWith('..') || isAbsolute(inside) ? resolve(path) : inside).replaceAll(sep, '/');
}
