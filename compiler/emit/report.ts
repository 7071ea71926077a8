// What became of a spec, as a table people read: its layers, the kernels they were fused to and why, and for each target
// what a run dispatches and where its values lie.

import type { Variant } from '../../runtime/plan.ts';
import type { TypedGraph } from '../ir/graph.ts';
import type { Program } from '../ir/kernel.ts';
import { packedBytes } from './packed-bytes.ts';
import type { Artifact } from './plan.ts';
import { printBytes, printSummary } from './summary.ts';
import { table } from './table.ts';

export function writeReport(graph: TypedGraph, program: Program, { plan }: Artifact): string {
  const { name, summary } = graph.document;
  return [
    `${name.value}${summary === undefined ? '' : `: ${summary}`}\n`,
    printSummary(graph, 'text', plan.precision),
    printKernels(program),
    ...(plan.precision === 'f16' ? ['The weights of convolutions and dense layers are stored in 16 bits.\n'] : []),
    ...plan.variants.map(printVariant),
  ].join('\n');
}

/** The kernels of a program, each with the reason why it is one. */
export function printKernels({ kernels, free }: Program): string {
  const reasons = (lines: readonly string[]): string => lines.map((line) => `     ${line}\n`).join('');
  const numbered = kernels.map(({ name, reasons: why }, index) => `${String(index + 1).padStart(3)}  ${name}\n${reasons(why)}`);
  const nothing = Array.from(free, ([layer, why]) => `  -  ${layer}\n${reasons([why])}`);
  return `${kernels.length} kernels\n${[...numbered, ...nothing].join('')}`;
}

function printVariant({ target, slots, weights, steps }: Variant): string {
  const rows = steps.map(({ name, kernels, bindings }, index) => {
    const [first] = kernels;
    const at = (access: 'read' | 'write'): string =>
      bindings.flatMap((binding) => ('slot' in binding && binding.access === access ? [String(binding.slot)] : [])).join(', ');
    const workgroups = [...(first?.workgroups ?? []), 'batch'].join(' x ');
    const inBatches = kernels.length > 1 ? `, ${kernels.at(-1)?.images ?? 1} images at once` : '';
    return [String(index + 1), name, `${workgroups}${inBatches}`, at('read'), at('write')];
  });
  const packed = weights.reduce((total, weight) => total + packedBytes(weight), 0);
  return [
    `${target}: ${printBytes(packed)} of packed weights, ${printBytes(slots.reduce((a, b) => a + b, 0))} of activations an image in ${slots.length} buffers\n`,
    table(['', 'step', 'workgroups', 'reads', 'writes'], rows, ['right', 'left', 'left', 'left', 'left']),
    `buffers: ${slots.map((bytes, slot) => `${slot}: ${printBytes(bytes)}`).join(', ')}\n`,
  ].join('');
}
