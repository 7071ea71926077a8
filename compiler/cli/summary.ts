// `netloom summary`: the layers of a spec as a table, as far as they are right, and with --plan the kernels they become.

import { hasErrors } from '../check.ts';
import { printSummary } from '../emit/summary.ts';
import { fuse } from '../passes/fuse.ts';
import type { TypedGraph } from '../ir/graph.ts';
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
    const { diagnostics, known, graph } = checkFile(file, set);
    terminal.err(tell(diagnostics, terminal.color.err));
    if (known !== undefined) terminal.out(printSummary(known, format));
    if (plan && graph !== undefined) terminal.out(printPlan(graph, format));
    return Promise.resolve(hasErrors(diagnostics) ? exitCode.input : exitCode.fine);
  },
});

function printPlan(graph: TypedGraph, format: 'text' | 'markdown' | 'json'): string {
  const { kernels } = fuse(graph, { storeAll: false });
  const lines = kernels.map(({ name, reasons }, index) => {
    const lead = format === 'markdown' ? `${index + 1}. \`${name}\`: ` : `${String(index + 1).padStart(4)}  ${name}  `;
    return format === 'markdown' ? `${lead}${reasons.join('; ')}` : wrap(reasons.join('; '), 120, lead);
  });
  return `\n${kernels.length} kernels\n${lines.join('\n')}\n`;
}
