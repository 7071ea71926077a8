// Targets as the command line names them: a profile that ships with the project, or a file.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Target } from '../ir/target.ts';
import { readTarget, targetNamed } from '../passes/read-target.ts';
import { bestFirst } from '../passes/targets.ts';
import { listOf } from '../source/suggest.ts';
import { Fault } from './fault.ts';
import { reasonOf } from './files.ts';

/** Those that `asked` names, each once, best first; `fallback` where it names none. */
export function openTargets(asked: readonly string[], fallback: readonly Target[]): readonly Target[] {
  if (asked.length === 0) return fallback;
  const opened = new Map<string, { readonly target: Target; readonly word: string }>();
  for (const word of asked) {
    const target = openTarget(word);
    const other = opened.get(target.name);
    if (other !== undefined && other.word !== word) throw new Fault('input', `${other.word} and ${word} are both called ${target.name}`, 'give one of them another `name`');
    opened.set(target.name, { target, word });
  }
  return bestFirst([...opened.values()].map(({ target }) => target));
}

/**
 * The profile of this name, or the one in this file.
 * @throws Fault where there is none, or the file is none
 */
export function openTarget(word: string): Target {
  const known = targetNamed(word);
  if ('target' in known) return known.target;
  if (!/\.json$|[/\\]/i.test(word)) {
    throw new Fault('call', `there is no target '${word}'`, known.near === undefined ? `it is ${listOf(known.names)}, or a file that ends in .json` : `did you mean ${known.near}?`);
  }
  let text: string;
  try {
    text = readFileSync(word, 'utf8');
  } catch (error) {
    throw new Fault('input', `${word} ${reasonOf(error)}`);
  }
  const read = readTarget(text, basename(word).replace(/\.json$/i, ''));
  if ('target' in read) return read.target;
  throw new Fault('input', read.problems.map((problem) => `${word}: ${problem}`).join('\n'), 'a target is a profile as in compiler/targets/portable.json, or what `netloom doctor --format json` prints');
}
