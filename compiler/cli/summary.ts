// `netloom summary`: the layers of a spec as a table, as far as they are right, and with --plan the kernels they become.

import { checkedData, hasErrors } from '../check.ts';
import { printSummary } from '../emit/summary.ts';
import { fuse } from '../passes/fuse.ts';
import type { FusedKernel } from '../ir/kernel.ts';
import { exitCode } from './fault.ts';
import { assignments, choice, toggle } from './option.ts';
import { checkFile, tell } from './spec.ts';
import { defineVerb } from './verb.ts';
import { wrap } from './wrap.ts';

export const summary = defineVerb({
  name: 'summary',
  about:
    'Prints each layer: its window, what comes out, parameters, multiply-adds (MACs) and bytes, for one image in f32.\n' +
    'Where a layer is wrong the table ends before it. --plan adds the GPU kernels, and why layers share one or not.',
  operands: { name: 'FILE', min: 1, max: 1 },
  options: {
    plan: toggle('also print the kernels'),
    set: assignments('NAME=VALUE', 'gives a param of the spec another value'),
    format: choice(['text', 'json', 'markdown'], 'how to print it'),
  },
  examples: ['netloom summary specs/alexnet.yaml', 'netloom summary specs/alexnet.yaml --plan', 'netloom summary specs/vgg-16.yaml --format markdown'],
  run([file = ''], { plan, set, format }, terminal) {
    const checked = checkFile(file, set);
    const { diagnostics, known, graph } = checked;
    terminal.err(tell(diagnostics, terminal.color.err));
    const kernels = plan && graph !== undefined ? fuse(graph, { storeAll: false }).kernels : undefined;
    if (format === 'json') {
      const told = kernels === undefined ? {} : { kernels: kernels.map(({ name, reasons }) => ({ name, reasons })) };
      terminal.out(`${JSON.stringify({ version: 1, ...checkedData(file, checked), ...told }, null, 2)}\n`);
    } else if (known !== undefined) {
      terminal.out(printSummary(known, format) + (kernels === undefined ? '' : printKernels(kernels, format)));
    }
    return Promise.resolve(hasErrors(diagnostics) ? exitCode.input : exitCode.fine);
  },
});

function printKernels(kernels: readonly FusedKernel[], format: 'text' | 'markdown'): string {
  const lines = kernels.map(({ name, reasons }, index) => {
    const why = reasons.join('; ');
    return format === 'markdown' ? `${index + 1}. \`${name}\`: ${why}` : wrap(why, 120, `${String(index + 1).padStart(4)}  ${name}  `).trimEnd();
  });
  return `\n${kernels.length} kernels\n${lines.join('\n')}\n`;
}
