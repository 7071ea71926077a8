// `netloom check`: every mistake in specs, without a GPU.

import { checkedData, hasErrors } from '../check.ts';
import { exitCode } from './fault.ts';
import { assignments, choice } from './option.ts';
import { checkFile, tell } from './spec.ts';
import { defineVerb } from './verb.ts';

export const check = defineVerb({
  name: 'check',
  about:
    'Reads specs and reports all that is wrong with them: text, words, shapes. Needs no GPU. Ends with 1 where there\n' +
    'is an error; warnings do not change that.',
  operands: { name: 'FILE', min: 1, max: Infinity },
  options: {
    set: assignments('NAME=VALUE', 'gives a param of the spec another value'),
    format: choice(['text', 'json'], 'how to print what is found'),
  },
  examples: ['netloom check specs/alexnet.yaml', 'netloom check specs/*.yaml --format json', 'netloom check specs/alexnet.yaml --set width=0.5'],
  run(files, { set, format }, terminal) {
    const checked = files.map((file) => ({ file, ...checkFile(file, set) }));
    const all = checked.flatMap(({ diagnostics }) => diagnostics);
    if (format === 'json') {
      const ok = !hasErrors(all);
      terminal.out(`${JSON.stringify({ version: 1, ok, files: checked.map((one) => checkedData(one.file, one)) }, null, 2)}\n`);
    } else {
      terminal.out(tell(all, terminal.color.out));
      const errors = all.filter(({ severity }) => severity === 'error').length;
      const parts = [counted(files.length, 'file'), counted(errors, 'error'), counted(all.length - errors, 'warning')];
      terminal.out(`${parts.join(', ')}\n`);
    }
    return Promise.resolve(hasErrors(all) ? exitCode.input : exitCode.fine);
  },
});

const counted = (count: number, what: string): string => `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'}`;
