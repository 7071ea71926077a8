// The ways to do a kernel's work, as data: a convolution directly, in Winograd's tiles or by matrices, a dense layer by rows or
// by columns, and how each is cut. Here they are enumerated, and one is chosen: the one that was measured to be the fastest for this very
// work, by the user or for the ways that ship, where that is known; else the one that is estimated to be.

import type { Precision } from '../../runtime/plan.ts';
import { rangeOf } from '../ir/expr.ts';
import type { FusedKernel } from '../ir/kernel.ts';
import type { Target } from '../ir/target.ts';
import { asPicture, elements, printShape, type Shape } from '../ir/tensor.ts';
import { convSize, type ConvSize, type ConvTile } from '../kernels/conv-tile.ts';
import type { PointwiseTile } from '../kernels/conv-pointwise.ts';
import type { WinogradTile } from '../kernels/winograd.ts';
import { weightBytes } from '../kernels/shader.ts';
import { suitsStrips } from '../kernels/strips.ts';
import { convLanes, convTiles, estimateConv } from './conv-ways.ts';
import { denseWays, type ColumnsWay, type RowsWay } from './dense-ways.ts';
import { denseMatrices, matricesWays, type MatricesWay } from './matrix-ways.ts';
import { estimatePointwise, pointwiseTiles } from './pointwise-ways.ts';
import { estimateWinograd, winogradTiles } from './winograd-ways.ts';

export type Way =
  /** A thread makes one value: groups of few channels. */
  | { readonly kind: 'pixels' }
  /** A thread goes down a strip of a channel: depthwise, where loads are dear. */
  | { readonly kind: 'strips' }
  | { readonly kind: 'direct'; readonly tile: ConvTile }
  | { readonly kind: 'pointwise'; readonly tile: PointwiseTile }
  | { readonly kind: 'winograd'; readonly tile: WinogradTile }
  | MatricesWay
  | RowsWay
  | ColumnsWay;

export interface EstimatedWay {
  readonly way: Way;
  /** Nanoseconds of one core for an image; absent where nothing estimates them, and ways are in the order of the usual. */
  readonly estimate?: number;
}

/** Ways that were measured to be the fastest, by their work. */
export type Tuned = ReadonlyMap<string, Way>;

/** What ways depend on, besides the target. */
export interface WaySite {
  readonly kernel: FusedKernel;
  readonly precision: Precision;
  /** For how many images at once ways are estimated. Default 1. */
  readonly images?: number;
  /** Columns of margin that the value it reads has at its left; absent: what the kernel asks for itself. */
  readonly left?: number;
}

/**
 * What a kernel has to do, whatever the network and its layers are called: the key of a tuned way. Undefined for a kernel that
 * can be written in one way only.
 */
export function workOf({ kernel, precision }: WaySite): string | undefined {
  const { core, readsShape } = kernel;
  const shape = printShape(shapeOf(kernel));
  if (core.kind === 'dense') return `dense ${elements(readsShape)} -> ${shape}, ${precision}`;
  if (core.kind !== 'conv') return undefined;
  const { kernel: window, stride, dilation } = core.window;
  return `conv ${asPicture(readsShape)[2]} -> ${shape}, kernel ${printShape(window)}, stride ${printShape(stride)}, dilation ${printShape(dilation)}, groups ${core.groups}, ${precision}`;
}

/** Every way to do a kernel's work on `target`, the best by its estimate first; none where there is nothing to choose. */
export function waysOf(site: WaySite, target: Target): readonly EstimatedWay[] {
  return [...enumerate(site, target)].sort((a, b) => (a.estimate ?? 0) - (b.estimate ?? 0));
}

export interface Chosen {
  readonly way: Way;
  /** Set where `tuned` has a way for this work that is none any more. */
  readonly stale?: true;
}

/** All that a choice depends on besides the target: kernels of which it is the same are written in the same way. */
export const choiceKey = (site: WaySite): string => [workOf(site), shiftOf(site), isSquashed(site.kernel)].join();

/** The way for a kernel: that of `tuned`, else that of `shipped`, else the best estimate. Undefined where there is nothing to choose. */
export function chooseWay(site: WaySite, target: Target, tuned: Tuned = new Map(), shipped: Tuned = new Map()): Chosen | undefined {
  const work = workOf(site);
  if (work === undefined) return undefined;
  const [wanted, usual] = [tuned.get(work), shipped.get(work)];
  let best: EstimatedWay | undefined;
  let found: Way | undefined;
  for (const candidate of enumerate(site, target)) {
    if (wanted !== undefined && isSameWay(wanted, candidate.way)) return { way: candidate.way };
    if (usual !== undefined && isSameWay(usual, candidate.way)) found = candidate.way;
    if (best === undefined || (candidate.estimate ?? Infinity) < (best.estimate ?? 0)) best = candidate;
  }
  if (best === undefined) throw new Error(`there is no way for ${work}`);
  return { way: found ?? best.way, ...(wanted === undefined ? {} : { stale: true }) };
}

/** In no order but that the usual one comes first where nothing is estimated. */
function* enumerate(site: WaySite, target: Target): Generator<EstimatedWay> {
  const { kernel, precision, images } = site;
  const { core, readsShape } = kernel;
  const shape = shapeOf(kernel);
  if (core.kind === 'dense') {
    const [inputs, units] = [elements(readsShape), elements(shape)];
    const ways = denseWays(inputs, units, weightBytes({ precision }), target);
    const matrices = denseMatrices(inputs, units, target, precision);
    if (Object.keys(matrices).length > 0) for (const way of ways) if (way.kind === 'columns') yield { way: { kind: 'columns', tile: { ...way.tile, matrices } } };
    for (const way of ways) yield { way };
  }
  if (core.kind !== 'conv') return;
  const size: ConvSize = { ...convSize({ kernel, shape }, core), shift: shiftOf(site) };
  if (size.outChannels * 4 <= convLanes(target, size)) {
    if (size.inChannels === 1 && suitsStrips(target, core.window, shape)) yield { way: { kind: 'strips' } };
    yield { way: { kind: 'pixels' } };
    return;
  }
  for (const tile of convTiles(size, target)) yield { way: { kind: 'direct', tile }, estimate: estimateConv(size, target, tile, precision, images) };
  for (const tile of pointwiseTiles(size, target)) yield { way: { kind: 'pointwise', tile }, estimate: estimatePointwise(size, target, tile) };
  yield* matricesWays(size, target, precision, images);
  if (isSquashed(kernel)) return;
  for (const tile of winogradTiles(size, target)) yield { way: { kind: 'winograd', tile }, estimate: estimateWinograd(size, target, tile, images) };
}

/** Values between a multiple of four and the first one that a row of windows reads. */
const shiftOf = ({ kernel: { core }, left }: WaySite): number => (core.kind !== 'conv' || left === undefined ? 0 : (left - core.window.before[1]) % 4);

/**
 * Whether a function of bounded values is in a kernel's tail, such as the sigmoid. Winograd's tiles are off by a part of the
 * largest sum, and that is no small part of what the largest sum is squashed to.
 */
function isSquashed({ tail }: FusedKernel): boolean {
  return tail.map(({ expr }) => rangeOf(expr)).some(({ low, high }) => Number.isFinite(low) && Number.isFinite(high));
}

/** Whether two ways are the same, in whatever order they name their numbers. */
export const isSameWay = (a: Way, b: Way): boolean => a.kind === b.kind && canonical(a) === canonical(b);

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const parts = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${parts.map(([name, part]) => `${name}:${canonical(part)}`).join()}}`;
}

/** The shape of a kernel's results. */
export const shapeOf = (kernel: FusedKernel): Shape => kernel.nodes.at(-1)?.shape ?? kernel.readsShape;
