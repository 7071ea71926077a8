// The disk, for a compiler that does not touch it: a spec as a Source whose neighbours can be read too.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { catalog, type Report } from '../source/catalog.ts';
import type { Source } from '../source/source.ts';
import { suggest } from '../source/suggest.ts';

/**
 * The spec at `path`. Bytes that are no UTF-8 become U+FFFD, which the reader of the text reports.
 * @returns undefined after reporting that there is no such file, or why it cannot be read
 */
export function openSpec(path: string, report: Report): Source | undefined {
  try {
    return { path, text: readFileSync(path, 'utf8'), ...neighboursOf(path) };
  } catch (error) {
    const near = suggest(basename(path), neighbourNames(path));
    const help = near === undefined ? undefined : `did you mean ${join(dirname(path), near)}?`;
    report(catalog.cannotRead, { source: { path, text: '' }, start: 0, end: 0 }, { file: path, reason: reasonOf(error) }, { help });
    return undefined;
  }
}

/**
 * How a spec at `path` finds the files that it names. None outside the project: a spec from elsewhere shall not read what it
 * likes.
 * @param load what lies at a path; the disk, unless an editor knows better
 */
export function neighboursOf(
  path: string,
  load: (path: string) => Source | undefined = readText,
  project = projectOf(path),
): Required<Pick<Source, 'read' | 'list' | 'leaves'>> {
  const leaves = (name: string): boolean => isAbsolute(name) || relative(project, resolve(dirname(path), name)).startsWith('..');
  return {
    leaves,
    list: (name) => (leaves(name) ? [] : neighbourNames(join(dirname(path), name))),
    read: (name) => {
      const neighbour = join(dirname(path), name);
      const found = leaves(name) ? undefined : load(neighbour);
      return found?.read ? found : found && { ...found, ...neighboursOf(neighbour, load, project) };
    },
  };
}

/** The text file at `path`, undefined where it cannot be read. */
export function readText(path: string): Source | undefined {
  try {
    return { path, text: readFileSync(path, 'utf8') };
  } catch {
    return undefined;
  }
}

/** The project of a spec: the nearest folder upwards that is a repository, else the spec's own. */
export function projectOf(path: string): string {
  const folder = resolve(dirname(path));
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (dirname(at) === at) return folder;
  }
}

function neighbourNames(path: string): readonly string[] {
  try {
    return readdirSync(dirname(path)).filter((name) => /\.ya?ml$/i.test(name));
  } catch {
    return [];
  }
}

/** Why a file could not be read or written, as the end of a sentence that begins with its name. */
export function reasonOf(error: unknown): string {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  switch (code) {
    case 'ENOENT':
      return 'does not exist';
    case 'EISDIR':
      return 'is a folder';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'lies in something that is no folder';
    case 'EACCES':
    case 'EPERM':
      return 'may not be opened: permission denied';
    case 'ERR_STRING_TOO_LONG':
    case 'ERR_FS_FILE_TOO_LARGE':
      return 'is too large to be a spec';
    default:
      return `cannot be opened: ${message}`;
  }
}
