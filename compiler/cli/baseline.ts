// Problems that were there before: `check --write-baseline` writes them down, `--baseline` lets them pass. Each is known by
// its file, its code and the text of its line, not by the line's number, so that what is added or removed elsewhere
// in the file changes nothing; an edit of the line itself makes its problems new.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Diagnostic } from '../source/diagnostic.ts';
import { lineText, positionAt } from '../source/source.ts';
import { Fault } from './fault.ts';
import { reasonOf } from './files.ts';
import { pathFrom } from './path.ts';

/** One entry of the file. */
interface Problem {
  /** From the folder of the baseline. */
  readonly file: string;
  readonly code: string;
  /** The line of the spec, blanks evened out. */
  readonly line: string;
  /** How many of this code the line has; 1 where it is left out. */
  readonly count?: number;
  /** For whoever reads the file; nothing is made of it. */
  readonly message: string;
}

/** The text of a diagnostic's line, by which it is known again. */
export function blamedLine({ span }: Diagnostic): string {
  return lineText(span.source, positionAt(span.source, span.start).line).trim().replace(/\s+/g, ' ');
}

const keyOf = ({ file, code, line }: Pick<Problem, 'file' | 'code' | 'line'>): string => `${file}\n${code}\n${line}`;

/** Writes all of these down as known. */
export function writeBaseline(path: string, diagnostics: readonly Diagnostic[]): void {
  const problems = new Map<string, Problem>();
  for (const diagnostic of diagnostics) {
    const { code, message } = diagnostic;
    const problem = { file: pathFrom(dirname(path), diagnostic.span.source.path), code, line: blamedLine(diagnostic) };
    const count = (problems.get(keyOf(problem))?.count ?? (problems.has(keyOf(problem)) ? 1 : 0)) + 1;
    problems.set(keyOf(problem), { ...problem, ...(count === 1 ? {} : { count }), message });
  }
  const sorted = [...problems].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, problem]) => problem);
  try {
    writeFileSync(path, `${JSON.stringify({ version: 1, problems: sorted }, null, 2)}\n`);
  } catch (error) {
    throw new Fault('input', `${path} ${reasonOf(error)}`);
  }
}

export interface Baseline {
  /** Whether a problem is known. Each entry answers for as many as it counts. */
  readonly knows: (diagnostic: Diagnostic) => boolean;
  /** How many were known. */
  readonly met: () => number;
  /** How many of its problems were not met: mended since. */
  readonly left: () => number;
}

/** @throws Fault where it cannot be read, or is none */
export function readBaseline(path: string): Baseline {
  const counts = new Map<string, number>();
  for (const problem of problemsIn(path)) counts.set(keyOf(problem), (counts.get(keyOf(problem)) ?? 0) + (problem.count ?? 1));
  let met = 0;
  return {
    knows: (diagnostic) => {
      const key = keyOf({ file: pathFrom(dirname(path), diagnostic.span.source.path), code: diagnostic.code, line: blamedLine(diagnostic) });
      const count = counts.get(key) ?? 0;
      if (count > 0) {
        counts.set(key, count - 1);
        met++;
      }
      return count > 0;
    },
    met: () => met,
    left: () => [...counts.values()].reduce((sum, count) => sum + count, 0),
  };
}

function problemsIn(path: string): readonly Problem[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Fault('input', `${path} ${reasonOf(error)}`, `netloom check … --write-baseline ${path} writes one`);
  }
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new Fault('input', `${path} is no JSON`, 'a baseline is what --write-baseline writes');
  }
  if (!isBaseline(data)) throw new Fault('input', `${path} is no baseline of version 1`, 'a baseline is what --write-baseline writes');
  return data.problems;
}

function isBaseline(data: unknown): data is { readonly problems: readonly Problem[] } {
  if (typeof data !== 'object' || data === null || !('version' in data) || data.version !== 1 || !('problems' in data)) return false;
  return Array.isArray(data.problems) && data.problems.every(isProblem);
}

function isProblem(data: unknown): data is Problem {
  if (typeof data !== 'object' || data === null) return false;
  const { file, code, line, count = 1 } = data as Partial<Record<keyof Problem, unknown>>;
  return [file, code, line].every((text) => typeof text === 'string') && Number.isSafeInteger(count);
}
