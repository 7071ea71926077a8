// `netloom fix`: mends what is wrong beyond doubt. What was mended may bring to light what it hid, so a spec is judged again
// until nothing more can be done for it.

import { check } from '../check.ts';
import { collect } from '../source/catalog.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { applyEdits, type Fix } from '../source/fix.ts';
import { positionAt, type Source } from '../source/source.ts';
import { exitCode } from './fault.ts';
import { write } from './fmt.ts';
import { specsOf, stdinName } from './operands.ts';
import { toggle } from './option.ts';
import { tell } from './spec.ts';
import { defineVerb } from './verb.ts';

/** Rounds after which it is taken for a circle. */
const mostRounds = 20;

export const fix = defineVerb({
  name: 'fix',
  about:
    'Mends what is wrong with specs where only one thing can be meant: a misspelt key, operator, word, layer or param with one\n' +
    'known word next to it, an ignore that ignores nothing. Numbers and shapes it leaves to you. FILE may be a file, a folder,\n' +
    'a pattern in quotes, or - to write what comes through standard input to standard output.',
  operands: { name: 'FILE', min: 1, max: Infinity },
  options: { check: toggle('write nothing; say what would be mended, and end with 1 where there is anything') },
  examples: ['netloom fix nets/draft.yaml', 'netloom fix --check nets'],
  async run(operands, { check: only }, terminal) {
    let code: 0 | 1 = exitCode.fine;
    for (const { file, open } of await specsOf(operands, terminal)) {
      const { report, diagnostics } = collect();
      const source = open(report);
      if (source === undefined) {
        terminal.err(tell(diagnostics, terminal.color.err));
        code = exitCode.input;
        continue;
      }
      const { text, told } = mend(source);
      const lines = told.map((line) => `${line}\n`).join('');
      if (file === stdinName && !only) {
        terminal.err(lines);
        terminal.out(text);
      } else {
        terminal.out(lines);
      }
      if (text === source.text) continue;
      if (only) code = exitCode.input;
      else if (file !== stdinName) write(file, text);
    }
    return code;
  },
});

/** The text with all mended that can be, and a line for each mistake mended; places are those of the text as it then was. */
export function mend(source: Source): { readonly text: string; readonly told: readonly string[] } {
  const told: string[] = [];
  let now = source;
  for (let round = 0; round < mostRounds; round++) {
    const mended: readonly Mended[] = certain(check(now).diagnostics, now);
    if (mended.length === 0) break;
    told.push(...mended.map(({ diagnostic: { code, message, span }, fix: { title } }) => {
      const { line, column } = positionAt(span.source, span.start);
      return `${span.source.path}:${line}:${column}: ${code} ${message}: ${title}`;
    }));
    now = { ...now, text: applyEdits(now, mended.flatMap(({ fix: { edits } }) => edits)) };
  }
  return { text: now.text, told };
}

interface Mended {
  readonly diagnostic: Diagnostic;
  readonly fix: Fix;
}

/** The fixes that touch this text alone and each other nowhere. */
function certain(diagnostics: readonly Diagnostic[], source: Source): readonly Mended[] {
  const chosen: Mended[] = [];
  const taken: (readonly [from: number, to: number])[] = [];
  for (const diagnostic of diagnostics) {
    const { fix: one } = diagnostic;
    if (one === undefined || one.edits.some(({ span }) => span.source !== source)) continue;
    if (one.edits.some(({ span }) => taken.some(([from, to]) => span.start < to && from < span.end))) continue;
    taken.push(...one.edits.map(({ span }) => [span.start, span.end] as const));
    chosen.push({ diagnostic, fix: one });
  }
  return chosen;
}
