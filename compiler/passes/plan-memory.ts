// Which reusable buffer each value lies in. Buffers are whole slots rather than one arena, since WebGPU refuses one buffer
// that is read and written in the same dispatch. A value with a margin of zeros shares its slot only with values that lie in
// the very same way, so that what is zero once stays zero for good.

import { homeOf, type FusedKernel } from '../ir/kernel.ts';
import { readsOf } from './fuse.ts';
import { hasMargin, layoutOf, type Layouts } from './layout.ts';
import type { Schedule } from './schedule.ts';

export interface MemoryPlan {
  /** Bytes for one image. */
  readonly slots: readonly number[];
  /** For each stored value its slot, that of the value it lies in included; and for each `scratchId`. */
  readonly slotOf: ReadonlyMap<string, number>;
}

/** The name in `slotOf` of a buffer between the stages of a kernel. */
export const scratchId = (kernel: FusedKernel, name: string): string => `${kernel.result}: ${name}`;

interface Slot {
  bytes: number;
  /** How the values lie that may use it; undefined where any may that have no margin. */
  readonly layout: string | undefined;
  /** The last step that reads what lies there now. */
  busyUntil: number;
}

/** `outputs`: values that must outlive the last step. */
export function planMemory({ steps, program, layouts }: Schedule, outputs: readonly string[]): MemoryPlan {
  const home = (id: string): string => homeOf(program.values, id);
  const lastRead = new Map<string, number>();
  steps.forEach(({ kernel }, step) => {
    for (const id of readsOf(kernel)) lastRead.set(home(id), step);
  });
  for (const id of outputs) lastRead.set(home(id), steps.length);

  const slots: Slot[] = [];
  const slotOf = new Map<string, number>();
  const settle = (id: string, step: number): void => {
    const at = home(id);
    if (slotOf.has(at)) return;
    const { bytes, layout } = needs(layouts, at);
    take(at, step, lastRead.get(at) ?? step, bytes, layout);
  };
  const take = (id: string, step: number, until: number, bytes: number, layout?: string): void => {
    const fits = slots.filter((slot) => slot.busyUntil < step && slot.layout === layout);
    const best = fits.sort((a, b) => Math.abs(a.bytes - bytes) - Math.abs(b.bytes - bytes))[0];
    const slot = best ?? { bytes, layout, busyUntil: step };
    if (!best) slots.push(slot);
    slot.bytes = Math.max(slot.bytes, bytes);
    slot.busyUntil = Math.max(step, until);
    slotOf.set(id, slots.indexOf(slot));
  };
  settle(program.graph.input.name, -1);
  steps.forEach(({ kernel, scratch }, step) => {
    for (const id of [...kernel.keeps, kernel.result]) settle(id, step);
    for (const [name, values] of scratch) take(scratchId(kernel, name), step, step, 4 * values);
  });
  for (const id of program.values.keys()) {
    const slot = slotOf.get(home(id));
    if (slot !== undefined) slotOf.set(id, slot);
  }
  return { slots: slots.map(({ bytes }) => bytes), slotOf };
}

function needs(layouts: Layouts, id: string): { readonly bytes: number; readonly layout: string | undefined } {
  const layout = layoutOf(layouts, id);
  return { bytes: layout.imageStride * 4, layout: hasMargin(layout) ? JSON.stringify(layout) : undefined };
}
