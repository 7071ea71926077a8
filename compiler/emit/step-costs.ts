// What each step of a variant has to do at the least: arithmetic, and bytes that it must touch even with perfect caches. The
// plan does not say; kernels and layers do.

import type { Variant } from '../../runtime/plan.ts';
import type { FusedKernel, Program } from '../ir/kernel.ts';
import { elements } from '../ir/tensor.ts';
import type { Work } from '../kernels/shader.ts';
import type { Schedule } from '../passes/schedule.ts';
import { packedBytes } from './packed-bytes.ts';

export interface StepCost {
  /** Two per multiply-add, one per other operation. */
  readonly flops: number;
  /** Every weight once, and every value that is read or written once. */
  readonly bytes: number;
}

const bytesPerValue = 4;

/** One for each step of the variant that `schedule` became, for a batch of `images`. */
export function stepCosts({ program, steps: kernels }: Schedule, { steps, weights }: Variant, images: number): readonly StepCost[] {
  const weightBytes = weights.map(packedBytes);
  const works = kernels.flatMap(({ kernel, stages }) =>
    stages.flatMap(({ work, shaders: [shader] }) => {
      const groups = (shader?.slices ?? []).map(({ workgroups: [x, y] }) => x * y);
      const all = groups.reduce((a, b) => a + b, 0);
      const { flops, readBytes, resultBytes } = work ?? kernelCost(kernel, program);
      return groups.map((count) => ({ flops: (flops * count) / all, bytes: readBytes + (resultBytes * count) / all }));
    }),
  );
  return steps.map(({ name, bindings }, index) => {
    const work = works[index];
    if (work === undefined) throw new Error(`${name} is no step of the schedule`);
    const loaded = bindings.map((binding) => ('weight' in binding ? (weightBytes[binding.weight] ?? 0) - (binding.offsetBytes ?? 0) : 0));
    return { flops: images * work.flops, bytes: loaded.reduce((a, b) => a + b, 0) + images * work.bytes };
  });
}

/** For one image: what the core reads, and what is there for each result: the values stored and those that the tail reads. */
function kernelCost({ nodes, folded, readsShape, tail, result, keeps }: FusedKernel, { values }: Program): Work {
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
