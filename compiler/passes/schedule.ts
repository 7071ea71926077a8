// Kernels to shaders for one target: which skeleton, how its work is cut, how many workgroups.

import type { Precision } from '../../runtime/plan.ts';
import type { FusedKernel, Program } from '../ir/kernel.ts';
import type { Target } from '../ir/target.ts';
import { conv } from '../kernels/conv.ts';
import { convSize, type ConvCore } from '../kernels/conv-tile.ts';
import { convPixels } from '../kernels/conv-pixels.ts';
import { convPointwise } from '../kernels/conv-pointwise.ts';
import { dense, denseMultiple } from '../kernels/dense.ts';
import { denseColumns } from '../kernels/dense-columns.ts';
import { lrn, lrnPool } from '../kernels/lrn.ts';
import { map } from '../kernels/map.ts';
import { matrixConv } from '../kernels/matrix-conv.ts';
import { matrixDense } from '../kernels/matrix-dense.ts';
import { pool } from '../kernels/pool.ts';
import { poolStrips } from '../kernels/pool-strips.ts';
import type { KernelSite, Shader, Stage } from '../kernels/shader.ts';
import { convStrips } from '../kernels/conv-strips.ts';
import { isAligned, suitsStrips } from '../kernels/strips.ts';
import { softmax } from '../kernels/softmax.ts';
import { winograd } from '../kernels/winograd.ts';
import { denseLanes } from './dense-ways.ts';
import { layOut, layoutOf, viewAs, type Layouts } from './layout.ts';
import { matricesOf, type MatricesWay } from './matrix-ways.ts';
import { shippedWays } from './shipped-ways.ts';
import { choiceKey, chooseWay, shapeOf, workOf, type Chosen, type Tuned, type Way, type WaySite } from './ways.ts';

export interface Schedule {
  readonly target: Target;
  readonly program: Program;
  readonly layouts: Layouts;
  readonly steps: readonly ScheduledKernel[];
  /** What the tuned ways that were asked for did here. */
  readonly tuning: Tuning;
}

export interface ScheduledKernel {
  readonly kernel: FusedKernel;
  readonly stages: readonly Stage[];
  /** Buffers between the stages, by their names: values of one image each. */
  readonly scratch: ReadonlyMap<string, number>;
}

export interface Tuning {
  /** Kernels written in a way that was measured. */
  readonly used: number;
  /** Works for which a way was measured that is none any more. */
  readonly stale: readonly string[];
}

export interface ScheduleSettings {
  readonly precision?: Precision;
  /** What was measured to be the fastest, besides what ships; `none`: take neither. */
  readonly tuned?: Tuned | 'none';
  /** For how many images at once ways are chosen; batches of any size run. Default 1. */
  readonly images?: number;
}

/** How values lie, and in which way each kernel is written: one depends on the other, since tiles reach beyond the picture. */
export interface Laid {
  readonly layouts: Layouts;
  readonly ways: ReadonlyMap<FusedKernel, Way>;
  readonly tuning: Tuning;
}

export function schedule(program: Program, target: Target, model: string, { precision = 'f32', tuned, images = 1 }: ScheduleSettings = {}): Schedule {
  const { layouts, ways, tuning } = layOutFor(program, target, { precision, images, ...(tuned === undefined ? {} : { tuned }) });
  const steps = program.kernels.map((kernel) => scheduleKernel(kernel, { program, target, layouts, ways, model, precision }));
  return { target, program, layouts, steps, tuning };
}

interface Site extends Pick<Schedule, 'target' | 'program'>, Pick<Laid, 'layouts' | 'ways'>, Pick<KernelSite, 'model' | 'precision'> {}

/** One kernel of a program whose values have their layouts. */
export function scheduleKernel(kernel: FusedKernel, { program, target, layouts, ways, model, precision }: Site): ScheduledKernel {
  const shape = shapeOf(kernel);
  const site: KernelSite = { kernel, target, precision, model, shape, x: viewAs(layoutOf(layouts, kernel.reads), kernel.readsShape), layout: (id) => viewAs(layoutOf(layouts, id), shapeIn(id)) };
  const shapeIn = (id: string): typeof shape => (id === kernel.result || id === kernel.coreResult ? shape : (program.values.get(id)?.shape ?? shape));
  const way = ways.get(kernel);
  if (kernel.core.kind === 'conv' && way?.kind === 'winograd') return { kernel, ...winograd(site, kernel.core, convSize(site, kernel.core), way.tile) };
  return { kernel, stages: [{ shaders: write(site, way) }], scratch: new Map() };
}

/** How the values of a program lie for the kernels of `target`, and the ways of these. */
export function layOutFor(program: Program, target: Target, { precision = 'f32', tuned: asked, images = 1 }: ScheduleSettings = {}): Laid {
  const tuned = asked === 'none' ? undefined : asked;
  const shipped = asked === 'none' ? undefined : shippedWays(target);
  const aligns = (kernel: FusedKernel): boolean => kernel.core.kind === 'pool' && suitsStrips(target, kernel.core.window, shapeOf(kernel));
  // How far a picture is from the left does not depend on how kernels cut it.
  const plain = layOut(program, rowMultiple(target), () => 1, aligns);
  const known = new Map<string, Chosen>();
  const chosen = program.kernels.flatMap((kernel) => {
    const site: WaySite = { kernel, precision, images, left: layoutOf(plain, kernel.reads).left };
    const [work, key] = [workOf(site), choiceKey(site)];
    const one = known.get(key) ?? chooseWay(site, target, tuned, shipped);
    if (work === undefined || one === undefined) return [];
    known.set(key, one);
    return [{ kernel, work, ...one }];
  });
  const ways = new Map(chosen.map(({ kernel, way }) => [kernel, way]));
  const outputs = (kernel: FusedKernel): number => {
    const way = ways.get(kernel);
    return way?.kind === 'winograd' ? way.tile.outputs : 1;
  };
  const measured = chosen.filter(({ work }) => tuned?.has(work) === true);
  return {
    layouts: program.kernels.some((kernel) => outputs(kernel) > 1) ? layOut(program, rowMultiple(target), outputs, aligns) : plain,
    ways,
    tuning: {
      used: measured.filter(({ stale }) => stale !== true).length,
      stale: [...new Set(measured.filter(({ stale }) => stale === true).map(({ work }) => work))],
    },
  };
}

/** A row of dense weights, and the vector it is multiplied with, is a multiple of this many numbers. */
export const rowMultiple = (target: Target): number => denseMultiple(denseLanes(target));

function write(site: KernelSite, way: Way | undefined): readonly Shader[] {
  const { core } = site.kernel;
  switch (core.kind) {
    case 'conv':
      if (way?.kind === 'pointwise') return [convPointwise(site, core, convSize(site, core), way.tile)];
      if (way?.kind === 'strips') return [convStrips(site, core)];
      if (way?.kind === 'matrices') return writeMatrices(site, core, way);
      return [way?.kind === 'direct' ? conv(site, core, way.tile) : convPixels(site, core)];
    case 'dense':
      return writeDense(site, core, way);
    case 'pool':
      return [writePool(site, core)];
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

function writeMatrices(site: KernelSite, core: ConvCore, { tile, together }: MatricesWay): readonly Shader[] {
  const shape = matricesOf(site.target, site.precision);
  if (shape === undefined) throw new Error(`${site.kernel.name} is to be done by matrices, and ${site.target.name} has none`);
  return [tile, ...(together === undefined ? [] : [together])].map((one) => matrixConv(site, core, shape, one));
}

function writePool(site: KernelSite, core: Extract<FusedKernel['core'], { kind: 'pool' }>): Shader {
  return isAligned(site.x) && suitsStrips(site.target, core.window, site.shape) ? poolStrips(site, core) : pool(site, core);
}

/** All versions bind the same weights, so all are of one kind, or read them as that lays them. */
function writeDense(site: KernelSite, core: Extract<FusedKernel['core'], { kind: 'dense' }>, way: Way | undefined): readonly Shader[] {
  if (way?.kind !== 'columns' && way?.kind !== 'rows') throw new Error(`${site.kernel.name} is a dense layer, and its way is ${way?.kind ?? 'none'}`);
  if (way.kind === 'rows') {
    const { rows, rowsTogether = rows, ...tile } = way.tile;
    return [...new Set([1, tile.images])].map((images) => dense(site, core, { ...tile, images, rows: images > 1 ? rowsTogether : rows }, Math.min(rows, rowsTogether)));
  }
  const { quadsTogether, imagesOfMany, matrices = {}, ...tile } = way.tile;
  const byLanes = [...new Set([1, tile.images, imagesOfMany ?? 1])].filter((images) => !Object.hasOwn(matrices, images));
  const shape = matricesOf(site.target, site.precision);
  return [
    ...byLanes.map((images) => denseColumns(site, core, { ...tile, images, quads: images > 1 ? quadsTogether : tile.quads })),
    ...(shape === undefined ? [] : Object.values(matrices).map((one) => matrixDense(site, core, shape, one, tile))),
  ];
}
