// What may stand for specs on the command line: a file, a folder, a pattern, and `-` for what comes through a pipe.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { catalog, type Report } from '../source/catalog.ts';
import type { Source } from '../source/source.ts';
import { neighboursOf, openSpec } from './files.ts';
import type { Terminal } from './terminal.ts';

/** How a spec that came through a pipe is called. */
export const stdinName = '<stdin>';

export interface Operand {
  /** As messages call it. */
  readonly file: string;
  /** Undefined after reporting that it cannot be read. */
  readonly open: (report: Report) => Source | undefined;
}

/**
 * The specs that these operands stand for, each once, in their order; those of a folder or a pattern in that of their names. Of
 * a folder that is every YAML file at any depth with a `netloom:` key at its top; hidden folders and node_modules are left out.
 */
export async function specsOf(operands: readonly string[], terminal: Terminal): Promise<readonly Operand[]> {
  const found = new Map<string, Operand>();
  for (const operand of operands) {
    for (const one of await specsOfOne(operand, terminal)) {
      const place = one.file === stdinName ? one.file : resolve(one.file);
      if (!found.has(place)) found.set(place, one);
    }
  }
  return [...found.values()];
}

async function specsOfOne(operand: string, terminal: Terminal): Promise<readonly Operand[]> {
  if (operand === '-') {
    const text = await terminal.input();
    return [{ file: stdinName, open: () => ({ path: stdinName, text, ...neighboursOf(stdinName) }) }];
  }
  if (isFolder(operand)) {
    const names = (await glob('**/*.{yaml,yml}', operand)).map((name) => join(operand, name)).filter(isSpec);
    return names.length > 0 ? names.map(file) : [nothing(operand, 'holds no spec: no YAML file in it has a `netloom:` key at its top')];
  }
  if (existsSync(operand) || !/[*?[\]{}]/.test(operand)) return [file(operand)];
  const names = (await glob(operand, '.')).filter((name) => !isFolder(name));
  return names.length > 0 ? names.map(file) : [nothing(operand, 'matches no file')];
}

const file = (path: string): Operand => ({ file: path, open: (report) => openSpec(path, report) });

const nothing = (path: string, reason: string): Operand => ({
  file: path,
  open: (report) => {
    report(catalog.cannotRead, { source: { path, text: '' }, start: 0, end: 0 }, { file: path, reason });
    return undefined;
  },
});

async function glob(pattern: string, folder: string): Promise<readonly string[]> {
  // Most calls name files.
  const patterns = await import('tinyglobby');
  const found = await patterns.glob([pattern], { cwd: folder, absolute: isAbsolute(pattern), ignore: ['**/node_modules/**'], expandDirectories: false });
  return found.sort();
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Whether a file says that it is a spec; other YAML, such as a workflow, does not. */
function isSpec(path: string): boolean {
  try {
    return /^(?:\{\s*)?["']?netloom["']?\s*:/m.test(readFileSync(path, 'utf8'));
  } catch {
    // To be told when it is opened.
    return true;
  }
}
