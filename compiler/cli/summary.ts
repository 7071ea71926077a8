// `netloom summary`: the layers of a spec as a table, as far as they are right, and with --plan the kernels they become.

import { checkedData, hasErrors } from '../check.ts';
import { printKernels } from '../emit/report.ts';
import { printSummary } from '../emit/summary.ts';
import { fuse } from '../passes/fuse.ts';
import { exitCode } from './fault.ts';
import { assignments, choice, toggle } from './option.ts';
import { checkFile, tell } from './spec.ts';
import { defineVerb } from './verb.ts';

export const summary = defineVerb({
  name: 'summary',
  about:
    'Prints each layer: its window, what comes out, parameters, multiply-adds (MACs) and bytes, for one image.\n' +
    'Where a layer is wrong the table ends before it. --plan adds the GPU kernels, and why layers share one or not.',
  operands: { name: 'FILE', min: 1, max: 1 },
  options: {
    plan: toggle('also print the kernels'),
    precision: choice(['f32', 'f16'], 'in what the weights of convolutions and dense layers are stored'),
    set: assignments('NAME=VALUE', 'gives a param of the spec another value'),
    format: choice(['text', 'json', 'markdown'], 'how to print it'),
  },
  examples: ['netloom summary specs/alexnet.yaml', 'netloom summary specs/alexnet.yaml --plan', 'netloom summary specs/vgg-16.yaml --format markdown'],
  run([file = ''], { plan, precision, set, format }, terminal) {
    const checked = checkFile(file, set);
    const { diagnostics, known, graph } = checked;
    terminal.err(tell(diagnostics, terminal.color.err));
    const program = plan && graph !== undefined ? fuse(graph, { storeAll: false }) : undefined;
    if (format === 'json') {
      const told = program === undefined ? {} : { kernels: program.kernels.map(({ name, reasons }) => ({ name, reasons })) };
      terminal.out(`${JSON.stringify({ version: 1, ...checkedData(file, checked, precision), ...told }, null, 2)}\n`);
    } else if (known !== undefined) {
      terminal.out(printSummary(known, format, precision));
      if (program !== undefined) terminal.out(`\n${format === 'markdown' ? fenced(printKernels(program)) : printKernels(program)}`);
    }
    return Promise.resolve(hasErrors(diagnostics) ? exitCode.input : exitCode.fine);
  },
});

const fenced = (text: string): string => `\`\`\`\n${text}\`\`\`\n`;
