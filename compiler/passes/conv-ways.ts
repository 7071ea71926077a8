// The ways to cut a direct convolution, and an estimate of what each costs on the target.

import type { Precision } from '../../runtime/plan.ts';
import { lanesWithin, type Target } from '../ir/target.ts';
import { countInputRows, inputColumns, tapQuads, type ConvSize, type ConvTile } from '../kernels/conv-tile.ts';

/** Lanes of a convolution's workgroup, by the output channels of a group. */
export const convLanes = ({ subgroupSize, limits }: Target, { outChannels }: ConvSize): number =>
  subgroupSize ?? lanesWithin(limits, outChannels % 64 === 0 ? 64 : 32);

/** Every cut that a lane's registers hold: at least one. */
export function* convTiles(size: ConvSize, target: Target): Generator<ConvTile> {
  const lanes = convLanes(target, size);
  const [kernelRows, kernelColumns] = size.kernel;
  const turns: ConvTile['turn'][] = [{ channels: 1 }];
  if (kernelRows > 1) turns.push('kernel row');
  if (kernelRows * kernelColumns === 1) for (const channels of [2, 4, 8]) if (size.inChannels % channels === 0) turns.push({ channels });
  const allColumns = columnCounts(size, target.maxSums);
  const fewest = Math.min(...allColumns);
  for (const columns of allColumns) {
    for (let rows = 1; rows <= Math.min(size.height, 8); rows++) {
      for (const blocks of [1, 2, 4]) {
        for (const turn of turns) {
          const tile: ConvTile = { lanes, blocks, rows, columns, turn, shares: 1, stores: 'straight' };
          const taps = turn === 'kernel row' ? kernelColumns : kernelRows * kernelColumns * turn.channels;
          const sums = rows * columns * blocks;
          const smallest = rows === 1 && blocks === 1 && turn !== 'kernel row' && turn.channels === 1 && columns === fewest;
          if (!smallest && (sums > target.maxSums || sums * taps > target.maxUnrolled)) continue;
          if (!smallest && target.supply === 'uniform' && inputColumns(size, tile) > 80) continue;
          yield tile;
          yield* shareCounts(size, target, tile).map((shares) => ({ ...tile, shares }));
          if (target.costs.storeInLoop !== undefined) yield { ...tile, stores: 'loop' };
        }
      }
    }
  }
}

/** Among how many subgroups a workgroup's input channels may be shared: where they can tell who they are, and add up in memory. */
function shareCounts({ inChannels }: ConvSize, { subgroupsAtOnce, subgroupSize, supply, unroll, limits }: Target, { lanes, columns, turn }: ConvTile): readonly number[] {
  if (subgroupsAtOnce === undefined || subgroupSize !== lanes || supply !== 'uniform' || unroll !== 'driver') return [];
  const turns = turn === 'kernel row' ? inChannels : inChannels / turn.channels;
  const most = Math.min(limits.maxComputeInvocationsPerWorkgroup / lanes, limits.maxComputeWorkgroupStorageSize / (4 * columns * lanes));
  return [2, 3, 4, 6, 8].filter((shares) => shares <= most && turns % shares === 0);
}

/** The whole row, or parts of it that begin at multiples of four input values. */
function columnCounts({ width, stride }: ConvSize, mostSums: number): readonly number[] {
  const counts: number[] = width <= mostSums ? [width] : [];
  for (let count = 4; count < Math.min(width, mostSums); count++) if ((count * stride[1]) % 4 === 0) counts.push(count);
  return counts;
}

/** A value's way into workgroup memory or out of it, and waiting for all subgroups to have done so, in values that are handed around. */
const ACCESS = 4;
const BARRIERS = 100;

/** Adding up what `shares` subgroups have, `sums` sums of a lane at once. */
export const addUp = ({ costs }: Target, shares: number, sums: number, times: number): number =>
  shares > 1 ? times * (BARRIERS + ACCESS * (sums + shares * Math.ceil(sums / shares))) * costs.share : 0;

/**
 * What work takes for one of `images`: so many subgroups, each so long, and what it waits for where it has nothing else to do.
 * With too few of them a device that works on many side by side waits until one of them alone has done its part.
 */
export function sideBySide({ subgroupsAtOnce }: Target, images: number, subgroups: number, each: number, waits = 0): number {
  return subgroupsAtOnce === undefined ? subgroups * each : Math.max(subgroups * each, (subgroupsAtOnce * (each + waits)) / images);
}

/** Bringing so many weights from memory, once for all images; where the target says what that costs. */
export const fetching = ({ costs }: Target, images: number, weights: number, lanes: number): number => ((costs.fetch ?? 0) * weights) / lanes / images;

/** Nanoseconds of one core for one of `images`, if lanes were as many as the target's subgroups have. */
export function estimateConv(size: ConvSize, target: Target, tile: ConvTile, precision: Precision = 'f32', images = 1): number {
  const { costs: cost } = target;
  // Pointwise kernels were not faster in the tiles that cheaper weights suggest.
  const weightLoad = (precision === 'f16' && size.kernel[0] * size.kernel[1] > 1 ? cost.halfLoad : undefined) ?? cost.weightLoad;
  const { lanes, blocks, rows, columns, turn, shares } = tile;
  const [kernelRows, kernelColumns] = size.kernel;
  const needed = countInputRows(size, tile);
  const columnsIn = inputColumns(size, tile);
  const quadsPerRow = Math.ceil((size.shift + columnsIn) / 4);
  const perRow = Math.ceil(quadsPerRow / lanes);
  const rowsPerLoad = turn === 'kernel row' || perRow > 1 ? 1 : Math.max(1, Math.floor(lanes / quadsPerRow));
  const inputLoads = Math.ceil(needed.rows / rowsPerLoad) * perRow;
  const inputs =
    target.supply === 'broadcast' ? inputLoads * cost.inputLoad + needed.rows * columnsIn * cost.share : needed.rows * quadsPerRow * cost.inputLoad;
  const sums = rows * columns * blocks;
  const taps = needed.uses * kernelColumns;
  const fma = sums >= 12 ? cost.fma : cost.fmaAlone + ((cost.fma - cost.fmaAlone) * sums) / 12;
  const oneTurn = cost.turn + inputs + tapQuads(size, tile) * blocks * weightLoad + taps * columns * blocks * fma;
  const turns = turn === 'kernel row' ? size.inChannels * kernelRows : Math.ceil(size.inChannels / turn.channels);
  const workgroups =
    size.groups * Math.ceil(size.outChannels / (lanes * blocks)) * Math.ceil(size.height / rows) * Math.ceil(size.width / columns);
  const storing = tile.stores === 'loop' ? sums * (cost.storeInLoop ?? 0) : 0;
  const compiling = taps * columns * blocks * cost.compile + (tile.stores === 'loop' ? 1 : sums) * cost.compileStore;
  const loops = (turns * oneTurn * (blocks > 1 ? cost.secondBlock : 1)) / shares;
  const subgroup = loops + addUp(target, shares, columns, rows * blocks) + storing + cost.workgroup;
  const weights = fetching(target, images, size.groups * size.outChannels * size.inChannels * kernelRows * kernelColumns, lanes) * (precision === 'f16' ? 0.5 : 1);
  return sideBySide(target, images, workgroups * shares, subgroup, (turns / shares) * (cost.wait ?? 0)) + weights + compiling;
}
