// Where CODES.md lies, which explains every code: editors and reports link to it. It is found beside this program, so the
// links work without a network, and are about this version.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface CodesFile {
  readonly href: string;
  /** The line of each code's section, from 1. */
  readonly lines: ReadonlyMap<string, number>;
}

let found: CodesFile | 'nowhere' | undefined;

/** CODES.md, as it lies beside this program; undefined where it does not. */
export function codesFile(): CodesFile | undefined {
  found ??= find() ?? 'nowhere';
  return found === 'nowhere' ? undefined : found;
}

function find(): CodesFile | undefined {
  // Seen from this file, and from the bundles that it becomes part of.
  const path = ['../CODES.md', '../compiler/CODES.md'].map((place) => fileURLToPath(new URL(place, import.meta.url))).find((file) => existsSync(file));
  if (path === undefined) return undefined;
  const lines = readFileSync(path, 'utf8').split('\n');
  const sections = lines.flatMap((line, index): readonly (readonly [string, number])[] => {
    const code = /^### (NL\d{4})$/.exec(line)?.[1];
    return code === undefined ? [] : [[code, index + 1]];
  });
  return { href: pathToFileURL(path).href, lines: new Map(sections) };
}

/** The section that explains a code, as Markdown's readers name it. */
export function sectionOf(code: string): string | undefined {
  const file = codesFile();
  return file?.lines.has(code) === true ? `${file.href}#${code.toLowerCase()}` : undefined;
}
