// `netloom fmt`: specs in their usual form.

import { writeFileSync } from 'node:fs';
import { collect } from '../source/catalog.ts';
import { format } from '../spec/format.ts';
import { exitCode, Fault } from './fault.ts';
import { reasonOf } from './files.ts';
import { specsOf, stdinName } from './operands.ts';
import { toggle } from './option.ts';
import { tell } from './spec.ts';
import { defineVerb } from './verb.ts';

export const fmt = defineVerb({
  name: 'fmt',
  about:
    'Puts specs into their usual form: two blanks a level, `{ a: 1 }`, layers lined up between empty lines. Comments,\n' +
    'numbers, quotes and order stay as written. FILE may be a file, a folder, a pattern in quotes, or - to write what comes\n' +
    'through standard input to standard output. Ends with 1 where a text is not YAML.',
  operands: { name: 'FILE', min: 1, max: Infinity },
  options: { check: toggle('write nothing; name the files that would change, and end with 1 where there are any') },
  examples: ['netloom fmt specs', 'netloom fmt --check specs', 'netloom fmt - < draft.yaml'],
  async run(operands, { check }, terminal) {
    let code: 0 | 1 = exitCode.fine;
    for (const { file, open } of await specsOf(operands, terminal)) {
      const { report, diagnostics } = collect();
      const source = open(report);
      const text = source && format(source, report);
      if (source === undefined || text === undefined) {
        terminal.err(tell(diagnostics, terminal.color.err));
        code = exitCode.input;
        continue;
      }
      const changed = text !== source.text;
      if (file === stdinName && !check) terminal.out(text);
      else if (changed) {
        terminal.out(`${file}\n`);
        if (check) code = exitCode.input;
        else write(file, text);
      }
    }
    return code;
  },
});

/** @throws Fault where it cannot be written */
export function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new Fault('input', `${file} ${reasonOf(error)}`);
  }
}
