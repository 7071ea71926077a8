// A spec as it stood in a commit: `main:specs/alexnet.yaml`, as git itself names it.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { catalog, type Report } from '../source/catalog.ts';
import type { Source } from '../source/source.ts';
import { openSpec } from './files.ts';

/**
 * The spec at a path, or in a commit: `REV:PATH`, the path from the top of the repository, or from here where it begins with
 * `./`. A file whose name holds a colon is that file.
 * @returns undefined after reporting why there is none
 */
export function openRevision(operand: string, report: Report): Source | undefined {
  const colon = operand.indexOf(':');
  if (colon < 1 || existsSync(operand)) return openSpec(operand, report);
  const [revision, path] = [operand.slice(0, colon), operand.slice(colon + 1)];
  const read = blob(revision, path);
  if (typeof read !== 'string') return sourceOf(revision, path, read.text);
  report(catalog.cannotRead, { source: { path: operand, text: '' }, start: 0, end: 0 }, { file: operand, reason: read });
  return undefined;
}

function sourceOf(revision: string, path: string, text: string): Source {
  return {
    path: `${revision}:${path}`,
    text,
    // Git itself lets no path leave the repository.
    read: (name) => {
      const neighbour = posix.join(posix.dirname(path), name);
      const from = path.startsWith('./') && !neighbour.startsWith('.') ? `./${neighbour}` : neighbour;
      const found = posix.isAbsolute(name) ? '' : blob(revision, from);
      return typeof found === 'string' ? undefined : sourceOf(revision, from, found.text);
    },
  };
}

/** The file's text; or why there is none, as the end of a sentence that begins with its name. */
function blob(revision: string, path: string): { readonly text: string } | string {
  if (revision.startsWith('-')) return 'is no commit: their names begin with no dash';
  try {
    const text = execFileSync('git', ['show', '--no-textconv', `${revision}:${path}`], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Of a folder git shows a listing, which begins so.
    return text.startsWith(`tree ${revision}:${path}\n`) ? 'is a folder' : { text };
  } catch (error) {
    const { code, stderr = '' } = error as { code?: string; stderr?: string };
    if (code === 'ENOENT') return 'cannot be read: git is not installed';
    if (/not a git repository/i.test(stderr)) return 'cannot be read: this is no git repository';
    if (/does not exist in|exists on disk, but not in/.test(stderr)) return `does not exist in ${revision}`;
    if (/invalid object name|unknown revision|bad revision/.test(stderr)) return `cannot be read: git knows no commit ${revision}`;
    return `cannot be read: git says ${stderr.trim().replace(/^fatal: /, '').split('\n')[0] ?? 'nothing'}`;
  }
}
