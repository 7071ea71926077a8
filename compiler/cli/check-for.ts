// `check --target`: a spec judged for one target, and what netloom does about that target's limits where a network meets them.
// It is read off the very plan that would be run.

import { largestPart, MAX_ACTIVATION_BYTES } from '../../runtime/variant.ts';
import type { Plan, Variant } from '../../runtime/plan.ts';
import { byPlace, check, type Checked } from '../check.ts';
import { compile } from '../compile.ts';
import type { TypedGraph } from '../ir/graph.ts';
import type { Target } from '../ir/target.ts';
import { elements } from '../ir/tensor.ts';
import type { Schedule } from '../passes/schedule.ts';
import { catalog, collect, type Report } from '../source/catalog.ts';
import type { Source } from '../source/source.ts';

const bytesPerValue = 4;

/** As `check`, with notes where nothing is an error. */
export function checkFor(source: Source, overrides: ReadonlyMap<string, string>, target: Target): Checked {
  const checked = check(source, overrides, undefined, target);
  if (checked.graph === undefined) return checked;
  const { report, diagnostics } = collect();
  const compiled = compile(checked.graph, { targets: [target] });
  const { plan: { variants: [variant] }, schedules: [schedule] } = compiled;
  if (variant === undefined || schedule === undefined) return checked;
  noteWeights(checked.graph, schedule, report);
  noteBatches(checked.graph, compiled.plan, variant, schedule, report);
  return { ...checked, diagnostics: byPlace([...checked.diagnostics, ...diagnostics], source) };
}

/** Layers whose weights are bound in parts. */
function noteWeights({ nodes }: TypedGraph, { steps, target }: Schedule, report: Report): void {
  for (const { kernel, stages } of steps) {
    const parts = stages.flatMap(({ shaders: [shader] }) => (shader !== undefined && shader.slices.length > 1 ? shader.slices : []));
    const node = nodes.find(({ id }) => id === kernel.nodes[0]?.id);
    if (parts.length === 0 || node === undefined) continue;
    const numbers = elements(node.params[0]?.shape ?? []);
    const holes = { layer: node.origin.name.value, parts: parts.length, bytes: bytesPerValue * numbers, target: target.name, limit: target.limits.maxStorageBufferBindingSize };
    report(catalog.weightsInParts, node.at('op'), holes);
  }
}

/** How many images are run at once, and what keeps it from more. */
function noteBatches({ document }: TypedGraph, plan: Plan, variant: Variant, schedule: Schedule, report: Report): void {
  const { target } = schedule;
  const { maxStorageBufferBindingSize: limit, maxComputeWorkgroupsPerDimension: workgroups } = target.limits;
  const images = largestPart(plan, variant, limit, workgroups);
  const { bytes = 0, what = '' } = buffersOf(schedule).toSorted((a, b) => b.bytes - a.bytes)[0] ?? {};
  const total = variant.slots.reduce((sum, slot) => sum + slot, 0);
  const [byBuffer, byMemory] = [limit / bytes, MAX_ACTIVATION_BYTES / total];
  // More images than a dispatch has workgroups are run in parts whatever the network, which says nothing of this one.
  if (workgroups <= Math.min(byBuffer, byMemory)) return;
  const because =
    byBuffer < byMemory ? `${what} ${bytes} bytes an image, and a buffer of ${target.name} devices holds ${limit}`
    : `all values together take ${total} bytes an image, and more than ${MAX_ACTIVATION_BYTES} at a time gain nothing`;
  report(catalog.batchInParts, document.name.span, { images, because });
}

/** What lies in buffers while a network runs, and what it is of. */
function buffersOf({ layouts, steps }: Schedule): readonly { readonly bytes: number; readonly what: string }[] {
  const values = Array.from(layouts, ([id, { imageStride }]) => ({ bytes: bytesPerValue * imageStride, what: `${id.split(':')[0] ?? ''} takes` }));
  const between = steps.flatMap(({ kernel, scratch }) =>
    Array.from(scratch.values(), (numbers) => ({ bytes: bytesPerValue * numbers, what: `between the kernels of ${kernel.nodes[0]?.origin.name.value ?? kernel.name} lie` })),
  );
  return [...values, ...between];
}
