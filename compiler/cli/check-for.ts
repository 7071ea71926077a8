// `check --target`: a spec judged for one target, and what netloom does about that target's limits where a network meets them.
// It is read off the very plan that would be run.

import { largestPart, MAX_ACTIVATION_BYTES } from '../../runtime/variant.ts';
import type { Variant } from '../../runtime/plan.ts';
import { byPlace, check, type Checked } from '../check.ts';
import { compile, type Compiled } from '../compile.ts';
import type { TypedGraph } from '../ir/graph.ts';
import type { Target } from '../ir/target.ts';
import { catalog, collect, type Report } from '../source/catalog.ts';
import type { Source } from '../source/source.ts';

const bytesPerValue = 4;

/** As `check`, with notes where nothing is an error. */
export function checkFor(source: Source, overrides: ReadonlyMap<string, string>, target: Target): Checked {
  const checked = check(source, overrides, undefined, target);
  if (checked.graph === undefined) return checked;
  const { report, diagnostics } = collect();
  const compiled = compile(checked.graph, { targets: [target] });
  const [variant] = compiled.plan.variants;
  if (variant === undefined) return checked;
  noteWeights(checked.graph, compiled, variant, target, report);
  noteBatches(checked.graph, compiled, variant, target, report);
  return { ...checked, diagnostics: byPlace([...checked.diagnostics, ...diagnostics], source) };
}

/** Dense layers whose weights are bound in parts: `fc6+relu (1 of 2)`. */
function noteWeights(graph: TypedGraph, { program }: Compiled, { steps, weights }: Variant, target: Target, report: Report): void {
  for (const kernel of program.kernels) {
    const parts = steps.filter(({ name }) => name.startsWith(`${kernel.name} (`));
    const node = graph.nodes.find(({ id }) => id === kernel.nodes[0]?.id);
    if (parts.length === 0 || node === undefined) continue;
    const bound = parts.flatMap(({ bindings }) => bindings.find((binding) => 'weight' in binding) ?? []);
    const numbers = bound.map((binding) => ('weight' in binding ? (weights[binding.weight]?.order ?? []).reduce((product, { size }) => product * size, 1) : 0));
    report(catalog.weightsInParts, node.at('op'), {
      layer: node.origin.name.value,
      parts: parts.length,
      bytes: bytesPerValue * numbers.reduce((sum, count) => sum + count, 0),
      target: target.name,
      limit: target.limits.maxStorageBufferBindingSize,
    });
  }
}

/** How many images are run at once, and what keeps it from more. */
function noteBatches({ document }: TypedGraph, { plan, schedules: [schedule] }: Compiled, variant: Variant, target: Target, report: Report): void {
  const { maxStorageBufferBindingSize: limit, maxComputeWorkgroupsPerDimension: workgroups } = target.limits;
  const images = largestPart(plan, variant, limit, workgroups);
  const [id, layout] = [...(schedule?.layouts ?? [])].toSorted(([, a], [, b]) => b.imageStride - a.imageStride)[0] ?? [];
  const bytes = bytesPerValue * (layout?.imageStride ?? 0);
  const total = variant.slots.reduce((sum, slot) => sum + slot, 0);
  const [byBuffer, byMemory] = [limit / bytes, MAX_ACTIVATION_BYTES / total];
  // More images than a dispatch has workgroups are run in parts whatever the network, which says nothing of this one.
  if (workgroups <= Math.min(byBuffer, byMemory)) return;
  const because =
    byBuffer < byMemory ? `${id?.split(':')[0] ?? ''} takes ${bytes} bytes an image, and a buffer of ${target.name} devices holds ${limit}`
    : `all values together take ${total} bytes an image, and more than ${MAX_ACTIVATION_BYTES} at a time gain nothing`;
  report(catalog.batchInParts, document.name.span, { images, because });
}
