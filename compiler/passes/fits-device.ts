// Whether what a network needs fits the buffers of a target, as its values and weights will lie in memory: with margins of
// zeros, rows that begin at multiples of four, weights as their kernel packs them. Batches are run in parts and dense weights
// are cut without anybody noticing; what is left is one image's value, a dense layer's row of weights, a convolution's
// weights, and a kernel that reads more values than it can bind.

import type { Layout } from '../../runtime/plan.ts';
import type { TypedGraph, TypedNode } from '../ir/graph.ts';
import type { FusedKernel, Program } from '../ir/kernel.ts';
import type { Limits, Target } from '../ir/target.ts';
import { asPicture, elements, printShape, type Shape } from '../ir/tensor.ts';
import { catalog, type Report } from '../source/catalog.ts';
import { fuse, readsOf } from './fuse.ts';
import { marginOf, roundUp, type Layouts } from './layout.ts';
import { layOutFor, rowMultiple, scheduleKernel, type Laid } from './schedule.ts';

const bytesPerValue = 4;

/** Reports every layer that does not fit. */
export function fitsDevice(graph: TypedGraph, target: Target, report: Report): void {
  // Hardly any network comes near, and to lay one out takes longer than all else that is checked.
  if (fitsForSure(graph, target.limits)) return;
  const program = fuse(graph, { storeAll: false, maxBuffers: target.limits.maxStorageBuffersPerShaderStage });
  const laid = layOutFor(program, target);
  judgeValues(program, laid.layouts, target, report);
  for (const kernel of program.kernels) {
    judgeKernel(kernel, target, report);
    if (kernel.nodes[0] !== undefined && !convWeightsFit(kernel.nodes[0], target.limits)) judgeConvWeights(kernel, program, laid, target, report);
  }
}

/** A quick answer, by bounds that no layout and no packing exceeds. */
function fitsForSure({ nodes, input }: TypedGraph, limits: Limits): boolean {
  const most = limits.maxStorageBufferBindingSize / bytesPerValue;
  const shapes = new Map<string, Shape>([[input.name, input.shape], ...nodes.map(({ id, shape }) => [id, shape] as const)]);
  let [rows, columns] = [0, 0];
  for (const { lowering, inputs: [first = ''], shape } of nodes) {
    if (lowering.kind !== 'conv') continue;
    const { top, right, bottom, left } = marginOf(lowering.window, shapes.get(first) ?? shape, shape);
    rows = Math.max(rows, top + bottom);
    columns = Math.max(columns, left + right);
  }
  for (const shape of shapes.values()) {
    const [height, width, channels] = asPicture(shape);
    if (channels * (height + rows) * roundUp(width + columns, 4) + widest > most) return false;
  }
  return nodes.every((node) => {
    if (node.lowering.kind === 'dense') return 64 * (elements(node.params[0]?.shape.slice(1) ?? []) + widest) <= most;
    return convWeightsFit(node, limits) && node.inputs.length + 3 <= limits.maxStorageBuffersPerShaderStage;
  });
}

/** Whether packing, which rounds channels up to whole workgroups and taps to whole vectors, cannot make them too large. */
function convWeightsFit({ lowering, params: [weight] }: TypedNode, limits: Limits): boolean {
  if (lowering.kind !== 'conv') return true;
  const [outputs = 0, ...reads] = weight?.shape ?? [];
  const rounded = outputs + Math.min(lowering.groups * widest, 16 * outputs);
  return bytesPerValue * rounded * elements(reads) * 4 <= limits.maxStorageBufferBindingSize;
}

/** Lanes, or four times as many numbers, that anything is rounded up to. */
const widest = 1024;

function judgeValues(program: Program, layouts: Layouts, target: Target, report: Report): void {
  const { graph, values } = program;
  const limit = target.limits.maxStorageBufferBindingSize;
  for (const [id, layout] of layouts) {
    const bytes = bytesPerValue * layout.imageStride;
    // What lies in another value is part of that.
    if (bytes <= limit || values.get(id)?.inside !== undefined) continue;
    // A copy belongs to the layer that wants one.
    const node = graph.nodes.find((other) => other.id === id) ?? graph.nodes.find((other) => id.startsWith(`${other.id}:`));
    const span = node?.at('op') ?? graph.document.input.shape.span;
    const shape = values.get(id)?.shape ?? graph.input.shape;
    const lying = bytes === bytesPerValue * elements(shape) ? '' : `, ${lies(layout)}`;
    const holes = { layer: node?.origin.name.value ?? id, bytes, target: target.name, limit, shape: printShape(shape), lying };
    report(catalog.valueTooLarge, span, holes, { help: whatFits(layout, limit / bytesPerValue) });
  }
}

function lies({ imageStride, planeStride, rowStride }: Layout): string {
  return `which lie as ${Math.floor(imageStride / planeStride)} planes of ${planeStride / rowStride} rows of ${rowStride}`;
}

/** The most channels, and the largest picture of the same form, that `most` numbers hold. */
function whatFits({ channels, height, width, planeStride, rowStride }: Layout, most: number): string {
  if (height * width === 1) return `at most ${most} values fit`;
  const [rows, columns] = [planeStride / rowStride - height, rowStride - width];
  const size = (factor: number): readonly [number, number] => [Math.floor(height * factor), Math.floor(width * factor)];
  let factor = Math.min(1, Math.sqrt(most / (channels * planeStride)));
  const holds = ([h, w]: readonly [number, number]): boolean => channels * (h + rows) * roundUp(w + columns, 4) <= most;
  while (factor > 0.01 && !holds(size(factor))) factor *= 0.995;
  const fits = [
    ...(planeStride <= most ? [`at most ${Math.floor(most / planeStride)} channels of ${height}x${width}`] : []),
    ...(Math.min(...size(factor)) > 0 && holds(size(factor)) ? [`${size(factor).join('x')} with ${channels} channels`] : []),
  ];
  return fits.length === 0 ? 'make the picture and the number of channels smaller' : `what fits is ${fits.join(', or ')}`;
}

/** A dense layer's rows, and what a kernel binds besides its weights. */
function judgeKernel({ core, nodes, readsShape, ...kernel }: FusedKernel, { name: target, ...profile }: Target, report: Report): void {
  const { maxStorageBufferBindingSize: limit, maxStorageBuffersPerShaderStage: buffers } = profile.limits;
  const [node] = nodes;
  if (node === undefined) return;
  const layer = node.origin.name.value;
  if (core.kind === 'dense') {
    const inputs = elements(readsShape);
    const multiple = rowMultiple({ name: target, ...profile });
    const bytes = 64 * bytesPerValue * roundUp(inputs, multiple);
    const most = Math.floor(limit / (64 * bytesPerValue * multiple)) * multiple;
    if (bytes > limit) report(catalog.rowTooLarge, node.at('op'), { layer, bytes, target, limit, inputs, most });
  }
  const count = new Set(readsOf(kernel)).size;
  if (core.kind === 'map' && count + 1 + kernel.keeps.length > buffers) {
    report(catalog.tooManyBuffers, node.at('op'), { layer, count, target, limit: buffers, most: buffers - 1 });
  }
}

/** A convolution's weights as its kernel packs them. */
function judgeConvWeights(kernel: FusedKernel, program: Program, { layouts, ways }: Laid, target: Target, report: Report): void {
  const limit = target.limits.maxStorageBufferBindingSize;
  const [node] = kernel.nodes;
  if (kernel.core.kind !== 'conv' || node === undefined) return;
  const numbers = elements(node.params[0]?.shape ?? []);
  const count = bytesPerValue * numbers > limit ? numbers : packedNumbers();
  const bytes = bytesPerValue * count;
  if (bytes <= limit) return;
  const holes = { layer: node.origin.name.value, bytes, target: target.name, limit, count, packing: count === numbers ? '' : ', as the kernel packs them' };
  report(catalog.weightTooLarge, node.at('op'), { ...holes, most: mostFilters(node, kernel.core.groups, limit) });

  function packedNumbers(): number {
    const { stages } = scheduleKernel(kernel, { program, layouts, ways, target, model: '', precision: 'f32' });
    const packed = stages.flatMap(({ shaders: [shader] }) => shader?.bindings.flatMap((bound) => (bound.kind === 'weight' ? bound.slices : [])) ?? []);
    return Math.max(...packed.map(({ order }) => order.reduce((product, { size }) => product * size, 1)));
  }
}

/** As many as surely fit, whatever the kernel: it may read its window row by row, and take filters by the hundred. */
function mostFilters({ params: [weight] }: TypedNode, groups: number, limit: number): number {
  const [filters = 0, inputs = 0, rows = 0, columns = 0] = weight?.shape ?? [];
  const together = groups * (filters > 256 * groups ? 256 : 1);
  return Math.max(together, Math.floor(limit / (bytesPerValue * inputs * rows * roundUp(columns, 4) * together)) * together);
}
