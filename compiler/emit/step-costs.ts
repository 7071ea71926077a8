// What each step of a variant has to do at the least: arithmetic, and bytes that it must touch even with perfect caches. The
// plan does not say; kernels and layers do, and steps carry their kernels' names.

import type { Step, Variant } from '../../runtime/plan.ts';
import type { FusedKernel, Program } from '../ir/kernel.ts';
import { elements } from '../ir/tensor.ts';
import { packedBytes } from './packed-bytes.ts';

export interface StepCost {
  /** Two per multiply-add, one per other operation. */
  readonly flops: number;
  /** Every weight once, and every value that is read or written once. */
  readonly bytes: number;
}

const bytesPerValue = 4;

/** One for each step, for a batch of `images`. */
export function stepCosts(program: Program, { steps, weights }: Variant, images: number): readonly StepCost[] {
  const weightBytes = weights.map(packedBytes);
  return steps.map((step) => {
    const kernel = program.kernels.find((candidate) => belongsTo(step, candidate));
    if (kernel === undefined) throw new Error(`no kernel is called ${step.name}`);
    const parts = steps.filter((candidate) => belongsTo(candidate, kernel));
    const share = workgroupsOf(step) / parts.map(workgroupsOf).reduce((a, b) => a + b, 0);
    const { flops, readBytes, resultBytes } = kernelCost(kernel, program);
    const loaded = step.bindings.map((binding) => ('weight' in binding ? (weightBytes[binding.weight] ?? 0) - (binding.offsetBytes ?? 0) : 0));
    return {
      flops: images * share * flops,
      bytes: loaded.reduce((a, b) => a + b, 0) + images * (readBytes + share * resultBytes),
    };
  });
}

/** A kernel whose weights no binding can hold is several steps: `fc6+relu (1 of 2)`. */
function belongsTo({ name }: Step, kernel: FusedKernel): boolean {
  return name === kernel.name || name.startsWith(`${kernel.name} (`);
}

const workgroupsOf = ({ kernels: [first] }: Step): number => (first === undefined ? 0 : first.workgroups[0] * first.workgroups[1]);

/** For one image: what the core reads, and what is there for each result: the values stored and those that the tail reads. */
function kernelCost({ nodes, folded, readsShape, tail, result, keeps }: FusedKernel, { values }: Program): Record<'flops' | 'readBytes' | 'resultBytes', number> {
  // What was multiplied into the weights costs nothing any more.
  const done = nodes.filter(({ origin }) => !folded.some(({ layer }) => layer === origin.name.value));
  const operands = new Set(tail.flatMap(({ inputs }) => inputs.flatMap((input) => (input === 'previous' ? [] : [input.value]))));
  const sizes = [result, ...keeps, ...operands].map((id) => elements(values.get(id)?.shape ?? []));
  return {
    flops: done.reduce((sum, { flops }) => sum + flops, 0),
    readBytes: bytesPerValue * elements(readsShape),
    resultBytes: bytesPerValue * sizes.reduce((a, b) => a + b, 0),
  };
}
