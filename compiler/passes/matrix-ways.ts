// The ways to cut a product of matrices, and an estimate of what each costs on the target.

import type { Precision } from '../../runtime/plan.ts';
import type { MatrixShape, Target } from '../ir/target.ts';
import type { ConvSize } from '../kernels/conv-tile.ts';
import { denseMultiple } from '../kernels/dense.ts';
import { depthOrder, matrixDepth } from '../kernels/matrix-conv.ts';
import { matrixWorkgroup, type MatrixTile, type WeightsFrom } from '../kernels/matrix-product.ts';
import { fetching, sideBySide } from './conv-ways.ts';
import { denseLanes } from './dense-ways.ts';

/** A convolution: `tile` is for one image, `together` for a batch that fills it, unless that is no better. */
export interface MatricesWay {
  readonly kind: 'matrices';
  readonly tile: MatrixTile;
  readonly together?: MatrixTile;
}

/** Images whose pixels a tile may have side by side. */
const imagesTogether = 8;

/** Smaller batches are not worth a dense kernel of their own. */
const leastImages = 8;

/** Below so much of a gain a second kernel is not worth its compilation. */
const worthIt = 0.95;

/** Registers of a lane that sums, and matrices being multiplied, may fill. */
const mostRegisters = 160;

/** The matrices that kernels of this precision may use. */
export const matricesOf = ({ matrices, subgroupSize }: Target, precision: Precision): MatrixShape | undefined =>
  precision === 'f16' && subgroupSize !== undefined ? matrices : undefined;

export interface EstimatedMatrices {
  readonly way: MatricesWay;
  readonly estimate: number;
}

/**
 * Every way, for so many `images`: each tile for few, with the best one for many, or the other way round. None where weights are
 * not in f16 or there are no matrices.
 */
export function* matricesWays(size: ConvSize, target: Target, precision: Precision, images = 1): Generator<EstimatedMatrices> {
  const shape = matricesOf(target, precision);
  if (shape === undefined || depthOrder(size, shape) === undefined) return;
  const work: MatrixWork = {
    depth: depthOrder(size, shape) === 'channels' ? size.inChannels : matrixDepth(size, shape),
    taps: depthOrder(size, shape) === 'channels' ? size.kernel[0] * size.kernel[1] : 1,
    channels: size.outChannels,
    columns: size.height * size.width,
    groups: size.groups,
    weights: 'matrices',
  };
  const tilesFor = (together: number, count: number): readonly EstimatedTile[] =>
    [...matrixTiles(work, shape, target, together)].map((tile) => ({ tile, estimate: estimateMatrices(work, shape, target, tile, count) }));
  const [few, many] = [Math.min(images, imagesTogether - 1), Math.max(images, imagesTogether)];
  const ofFew = tilesFor(1, few);
  const ofMany = tilesFor(imagesTogether, many);
  if (images === few) {
    const best = bestOf(ofMany);
    for (const { tile, estimate } of ofFew) {
      const gains = best !== undefined && best.estimate < worthIt * estimateMatrices(work, shape, target, tile, many);
      yield { way: { kind: 'matrices', tile, ...(gains ? { together: best.tile } : {}) }, estimate };
    }
    return;
  }
  const best = bestOf(ofFew);
  if (best !== undefined) for (const { tile: together, estimate } of ofMany) yield { way: { kind: 'matrices', tile: best.tile, together }, estimate };
}

/**
 * The best tiles for a dense layer, by the number of their images: as many as a matrix has columns, and four times as many. None
 * where there are fewer outputs than lanes.
 */
export function denseMatrices(inputs: number, units: number, target: Target, precision: Precision): Readonly<Record<string, MatrixTile>> {
  const shape = matricesOf(target, precision);
  const lanes = denseLanes(target);
  if (shape === undefined || units < lanes) return {};
  const multiple = denseMultiple(lanes);
  const work: MatrixWork = { depth: Math.ceil(inputs / multiple) * multiple, taps: 1, channels: units, columns: 1, groups: 1, weights: 'lanes' };
  const few = Math.max(leastImages, shape.n);
  return Object.fromEntries([few, 4 * few].flatMap((images) => {
    const tiles = [...matrixTiles(work, shape, target, images)].filter(({ columns }) => columns * shape.n === images);
    const best = bestOf(tiles.map((tile) => ({ tile, estimate: estimateMatrices(work, shape, target, tile) })));
    return best === undefined ? [] : [[String(images), best.tile]];
  }));
}

interface EstimatedTile {
  readonly tile: MatrixTile;
  readonly estimate: number;
}

const bestOf = (tiles: readonly EstimatedTile[]): EstimatedTile | undefined =>
  tiles.reduce<EstimatedTile | undefined>((best, one) => (best === undefined || one.estimate < best.estimate ? one : best), undefined);

/** A product of matrices: `channels` x `depth` times `depth` x `columns` of an image, in each group. */
export interface MatrixWork {
  /** What can be divided among turns and shares; for each of it there are `taps`. */
  readonly depth: number;
  readonly taps: number;
  readonly channels: number;
  readonly columns: number;
  readonly groups: number;
  readonly weights: WeightsFrom;
}

/** Every tile that registers and workgroup memory hold, and lanes can fill evenly. */
export function* matrixTiles({ depth: whole, channels, columns: pixels, weights }: MatrixWork, shape: MatrixShape, target: Target, images: number): Generator<MatrixTile> {
  const { subgroupSize = 0, limits } = target;
  const { m, n, k } = shape;
  for (const subgroups of [1, 2, 4, 8]) {
    for (const rows of [1, 2, 3, 4]) {
      if (weights === 'lanes' && (rows * m) % subgroupSize !== 0) continue;
      if (subgroups * rows > (weights === 'lanes' ? subgroupSize / m : 1) && (subgroups * rows * m) / 2 >= channels) continue;
      for (const columns of [1, 2, 4, 8]) {
        if (columns > 1 && (columns * n) / 2 >= pixels * images) continue;
        if (registers(shape, subgroupSize, rows, columns) > mostRegisters) continue;
        for (const shares of [1, 2, 3, 4, 6, 8]) {
          for (const depth of [k, 2 * k, 4 * k]) {
            const tile: MatrixTile = { subgroups, shares, rows, columns, depth, images };
            const { lanes, bytes, valuesOfLane, columnsOfLane } = matrixWorkgroup(shape, tile, subgroupSize, weights);
            if (whole % (depth * shares) !== 0 || lanes > limits.maxComputeInvocationsPerWorkgroup || bytes > limits.maxComputeWorkgroupStorageSize) continue;
            if (valuesOfLane % 4 !== 0 || valuesOfLane * columnsOfLane + (weights === 'lanes' ? (rows * m * depth) / subgroupSize / 2 : 0) > 64) continue;
            yield tile;
          }
        }
      }
    }
  }
}

/** Of a lane: all sums, and what one step of the depth multiplies. */
const registers = ({ m, n, k }: MatrixShape, lanes: number, rows: number, columns: number): number =>
  (rows * columns * m * n + (rows * m * k + columns * k * n) / 2) / lanes;

/** What waiting for the other subgroups of a workgroup costs, in turns of a loop. */
const barrier = 3;

/** Nanoseconds of one core for one of `count` images, as `estimateConv` counts them. */
export function estimateMatrices(
  { depth: whole, taps, channels, columns: pixels, groups, weights }: MatrixWork, shape: MatrixShape, target: Target, tile: MatrixTile, count = tile.images,
): number {
  const { costs: cost, subgroupSize = 0 } = target;
  const { matrix = 0, stage = 0 } = cost;
  const { shares, subgroups, rows, columns, depth, images } = tile;
  const { m, n, k } = shape;
  const made = matrixWorkgroup(shape, tile, subgroupSize, weights);
  const steps = depth / k;
  /** Loads of sixteen bytes a lane, which is what a weight's cost is for. */
  const loads = (values: number): number => (values * 2) / (16 * subgroupSize);
  const oneTurn =
    cost.turn * (1 + 2 * barrier) +
    made.valuesOfLane * made.columnsOfLane * stage +
    (weights === 'lanes' ? loads(rows * m * depth) * stage : 0) +
    steps * (rows * columns * matrix + loads(rows * m * k) * cost.weightLoad + loads(columns * k * n) * cost.inputLoad);
  const turns = (whole * taps) / depth / shares;
  const sums = (rows * m * columns * n) / subgroupSize;
  const finishing = sums * (1 + (shares > 1 ? 1 : 0) + 12 / shares) * cost.share + (made.columns / made.handedColumns) * rows * 2 * barrier * cost.turn;
  const subgroup = turns * oneTurn + finishing + cost.workgroup;
  const workgroups = groups * Math.ceil(channels / made.channels) * Math.ceil((pixels * images) / made.columns) * Math.ceil(count / images);
  return (
    sideBySide(target, count, (workgroups * subgroups * shares) / count, subgroup, turns * (cost.wait ?? 0)) +
    fetching(target, count, groups * channels * whole * taps, subgroupSize)
  );
}
