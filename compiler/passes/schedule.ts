// Kernels to shaders for one target: which skeleton, how its work is cut, how many workgroups.

import type { Precision } from '../../runtime/plan.ts';
import type { FusedKernel, Program } from '../ir/kernel.ts';
import { lanesWithin, type Target } from '../ir/target.ts';
import { elements, type Shape } from '../ir/tensor.ts';
import { conv } from '../kernels/conv.ts';
import { convSize } from '../kernels/conv-tile.ts';
import { convPixels } from '../kernels/conv-pixels.ts';
import { dense, denseMultiple } from '../kernels/dense.ts';
import { denseColumns } from '../kernels/dense-columns.ts';
import { lrn, lrnPool } from '../kernels/lrn.ts';
import { map } from '../kernels/map.ts';
import { pool } from '../kernels/pool.ts';
import { weightBytes, type KernelSite, type Shader, type Stage } from '../kernels/shader.ts';
import { softmax } from '../kernels/softmax.ts';
import { winograd, type WinogradTile } from '../kernels/winograd.ts';
import { chooseConvTile } from './choose-conv-tile.ts';
import { chooseWinogradTile } from './choose-winograd-tile.ts';
import { layOut, layoutOf, viewAs, type Layouts } from './layout.ts';

export interface Schedule {
  readonly target: Target;
  readonly program: Program;
  readonly layouts: Layouts;
  readonly steps: readonly ScheduledKernel[];
}

export interface ScheduledKernel {
  readonly kernel: FusedKernel;
  readonly stages: readonly Stage[];
  /** Buffers between the stages, by their names: values of one image each. */
  readonly scratch: ReadonlyMap<string, number>;
}

/** Images that share one reading of a dense layer's weights, at the most. */
const imagesTogether = 8;

/** Workgroups below which a dense layer rather has fewer outputs in each. */
const enoughWorkgroups = 16;

export function schedule(program: Program, target: Target, model: string, precision: Precision = 'f32'): Schedule {
  const layouts = layOutFor(program, target);
  const steps = program.kernels.map((kernel) => scheduleKernel(kernel, { program, target, layouts, model, precision }));
  return { target, program, layouts, steps };
}

interface Site extends Omit<Schedule, 'steps'>, Pick<KernelSite, 'model' | 'precision'> {}

/** One kernel of a program whose values have their layouts. */
export function scheduleKernel(kernel: FusedKernel, { program, target, layouts, model, precision }: Site): ScheduledKernel {
  const shape = shapeOf(kernel);
  const site: KernelSite = { kernel, target, precision, model, shape, x: viewAs(layoutOf(layouts, kernel.reads), kernel.readsShape), layout: (id) => viewAs(layoutOf(layouts, id), shapeIn(id)) };
  const shapeIn = (id: string): typeof shape => (id === kernel.result || id === kernel.coreResult ? shape : (program.values.get(id)?.shape ?? shape));
  const tile = winogradTileOf(kernel, target);
  if (kernel.core.kind === 'conv' && tile !== undefined) return { kernel, ...winograd(site, kernel.core, convSize(site, kernel.core), tile) };
  return { kernel, stages: [{ shaders: write(site, lanesOf(target)) }], scratch: new Map() };
}

/** How the values of a program lie for the kernels of `target`. */
export const layOutFor = (program: Program, target: Target): Layouts =>
  layOut(program, rowMultiple(target), (kernel) => winogradTileOf(kernel, target)?.outputs ?? 1);

/** A row of dense weights, and the vector it is multiplied with, is a multiple of this many numbers. */
export const rowMultiple = (target: Target): number => denseMultiple(lanesOf(target).dense);

const shapeOf = (kernel: FusedKernel): Shape => kernel.nodes.at(-1)?.shape ?? kernel.readsShape;

/** How a convolution is cut into Winograd's tiles, where these are faster: decided before values are laid out, since tiles reach beyond the picture. */
function winogradTileOf(kernel: FusedKernel, target: Target): WinogradTile | undefined {
  const { core } = kernel;
  if (core.kind !== 'conv') return undefined;
  const size = convSize({ kernel, shape: shapeOf(kernel) }, core);
  return chooseWinogradTile(size, target, lanesOf(target).conv(size.outChannels));
}

function write(site: KernelSite, lanes: Lanes): readonly Shader[] {
  const { kernel, target } = site;
  const { core } = kernel;
  switch (core.kind) {
    case 'conv': {
      const size = convSize(site, core);
      if (size.outChannels * 4 <= lanes.conv(size.outChannels)) return [convPixels(site, core)];
      return [conv(site, core, chooseConvTile(size, target, lanes.conv(size.outChannels), site.precision))];
    }
    case 'dense':
      return writeDense(site, core, lanes);
    case 'pool':
      return [pool(site, core)];
    case 'lrn':
      return [lrn(site, core)];
    case 'lrn-pool':
      return [lrnPool(site, core)];
    case 'softmax':
      return [softmax(site)];
    case 'map':
      return [map(site)];
  }
}

/** Both versions bind the same weights, so both are of one kind. */
function writeDense(site: KernelSite, core: Extract<FusedKernel['core'], { kind: 'dense' }>, lanes: Lanes): readonly Shader[] {
  const { supply, limits } = site.target;
  const imageCounts = [...new Set([1, lanes.denseImages])];
  const units = elements(site.shape);
  if (supply === 'broadcast') {
    const blocks = [4, 2].find((count) => units >= count * lanes.dense * enoughWorkgroups) ?? 1;
    const whole = units % (blocks * lanes.dense) === 0;
    if (whole || weightBytes(site) * units * elements(site.kernel.readsShape) < limits.maxStorageBufferBindingSize / 2) {
      return imageCounts.map((images) => denseColumns(site, core, { lanes: lanes.dense, blocks, images, quads: images > 1 ? 1 : Math.min(8 / blocks, lanes.dense) }));
    }
  }
  return imageCounts.map((images) => dense(site, core, { lanes: lanes.dense, rows: lanes.denseRows, images }));
}

interface Lanes {
  /** Lanes of a convolution's workgroup, by the output channels of a group. */
  conv(outChannels: number): number;
  readonly dense: number;
  readonly denseRows: number;
  readonly denseImages: number;
}

function lanesOf({ subgroupSize: size, limits }: Target): Lanes {
  const denseRows = 4;
  if (size !== undefined) return { conv: () => size, dense: size, denseRows, denseImages: imagesTogether };
  // Without subgroups lanes add up what they have in workgroup memory: a number for each lane, row and image.
  const numbers = limits.maxComputeWorkgroupStorageSize / 4;
  const dense = lanesWithin(limits, Math.min(64, numbers / denseRows));
  const denseImages = Math.max(1, Math.min(imagesTogether, Math.floor(numbers / (dense * denseRows))));
  return { conv: (outChannels) => lanesWithin(limits, outChannels % 64 === 0 ? 64 : 32), dense, denseRows, denseImages };
}
