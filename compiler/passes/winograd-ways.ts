// The ways to cut a convolution into Winograd's tiles, and an estimate of what each costs on the target.

import type { Target } from '../ir/target.ts';
import type { ConvSize } from '../kernels/conv-tile.ts';
import { winogradSize, type WinogradTile } from '../kernels/winograd.ts';
import { mostWinogradInputs } from '../kernels/winograd-matrices.ts';
import { addUp, convLanes, fetching, sideBySide } from './conv-ways.ts';

/** Another dispatch costs at least so much: making it, and waiting for the last workgroup. */
const usualDispatch = 10_000;

/** Values of tiles that are scalars at once: a GPU's compiler holds about a hundred, and of sixteen channels makes two parts. */
const mostScalars = 80;

/** Sums of a lane that lie in memory, where they are brought from once for four multiply-adds: more take longer to compile, and gain nothing. */
const mostSums = 112;

/** Every cut; none where there is no such kernel. */
export function* winogradTiles(size: ConvSize, target: Target): Generator<WinogradTile> {
  const { inChannels, outChannels, groups, height, width, kernel, stride, dilation } = size;
  const lanes = convLanes(target, size);
  const { costs, limits } = target;
  if (costs.load === undefined || costs.store === undefined) return;
  if (kernel[0] !== kernel[1] || stride[0] !== stride[1] || dilation.some((step) => step !== 1)) return;
  if ((inChannels * stride[0] ** 2) % 4 !== 0 || outChannels < lanes) return;
  for (let outputs = 2; ; outputs++) {
    const { taps, inputs, places, phases, tiles } = winogradSize({ height, width, kernel, stride }, outputs);
    if (taps < 2 || inputs > mostWinogradInputs) return;
    // Numbers of a buffer between two of its kernels, and of its weights.
    const most = limits.maxStorageBufferBindingSize / 4;
    if (places * tiles * groups * Math.max(phases * inChannels, outChannels) > most) continue;
    for (const blocks of [1, 2, 3, 4]) {
      if (places * phases * inChannels * groups * Math.ceil(outChannels / (blocks * lanes)) * blocks * lanes > most) continue;
      const cut = { outputs, lanes, blocks };
      if (target.supply === 'uniform') yield* uniformCuts(cut, tiles, (phases * inChannels) / 4, target);
      else for (const count of tileCounts(tiles, lanes, Math.floor(mostSums / blocks))) yield { ...cut, tiles: count };
    }
  }
}

/** Tiles that come in even parts, sixteen channels at a time where there are, which subgroups may share. `groups`: of four channels. */
function* uniformCuts(cut: Pick<WinogradTile, 'outputs' | 'lanes' | 'blocks'>, tiles: number, groups: number, target: Target): Generator<WinogradTile> {
  const { maxSums, subgroupSize, unroll, limits } = target;
  const most = Math.min(mostScalars / 4, Math.floor(maxSums / cut.blocks));
  const counts = new Set(evenParts(tiles, 64).filter((count) => count <= most));
  for (const count of counts) {
    for (const quads of groups % 4 === 0 && 16 * count <= 2 * mostScalars ? [1, 4] : [1]) {
      const whole = { ...cut, tiles: count, ...(quads > 1 ? { quads } : {}) };
      yield whole;
      if (subgroupSize !== cut.lanes || unroll !== 'driver') continue;
      for (const shares of [2, 4, 8]) {
        const fits = shares * cut.lanes <= limits.maxComputeInvocationsPerWorkgroup && shares * count * cut.lanes * 4 <= limits.maxComputeWorkgroupStorageSize;
        if (fits && groups % (shares * quads) === 0) yield { ...whole, shares };
      }
    }
  }
}

/** Whole loads of as many tiles as there are lanes, and equal parts of all of them, which leave none of a workgroup's out. */
function tileCounts(tiles: number, lanes: number, most: number): ReadonlySet<number> {
  const loads = Array.from({ length: Math.ceil(tiles / lanes) }, (_, index) => (index + 1) * lanes);
  return new Set([...loads, ...evenParts(tiles, 8)].filter((count) => count <= most));
}

/** How many tiles there are in all, in each of two parts, and so on, to `most` parts. */
const evenParts = (tiles: number, most: number): readonly number[] => Array.from({ length: Math.min(tiles, most) }, (_, index) => Math.ceil(tiles / (index + 1)));

/** Nanoseconds of one core for one of `images`, as `estimateConv` counts them. */
export function estimateWinograd(size: ConvSize, target: Target, tile: WinogradTile, images = 1): number {
  const { costs: cost } = target;
  const { lanes, blocks, quads = 1, shares = 1 } = tile;
  const { load = 0, store = 0 } = cost;
  const { inputs, tiles, places, phases } = winogradSize(size, tile.outputs);
  const inChannels = size.inChannels * phases;
  const results = tile.outputs ** 2;
  /** Of one-dimensional transforms, whose rows share half of their terms. */
  const flops = (transforms: number): number => (transforms * inputs * inputs * cost.fma) / 2;
  const tilesIn = sideBySide(target, images, (size.groups * inChannels * tiles) / lanes, places * (load + store) + flops(2 * inputs));
  const tilesOut = sideBySide(target, images, (size.groups * size.outChannels * tiles) / lanes, places * load + results * store + flops(inputs + tile.outputs));
  const values = target.supply === 'uniform' ? tile.tiles * quads * cost.inputLoad : Math.ceil(tile.tiles / lanes) * cost.inputLoad + tile.tiles * 4 * cost.share;
  const oneTurn = cost.turn + values + quads * blocks * (cost.weightLoad + 4 * tile.tiles * cost.fma);
  const turns = inChannels / 4 / quads / shares;
  // With its address, and where a driver unrolls, through a copy of all sums.
  const storing = target.supply === 'broadcast' && target.unroll === 'driver' ? 2.5 : 1.5;
  const workgroups = size.groups * Math.ceil(size.outChannels / (lanes * blocks)) * places * Math.ceil(tiles / tile.tiles);
  const subgroup = turns * oneTurn + (tile.tiles * blocks * storing * store) / shares + addUp(target, shares, tile.tiles, blocks) + cost.workgroup;
  const products = sideBySide(target, images, workgroups * shares, subgroup, turns * (cost.wait ?? 0));
  const compiling = 4 * tile.tiles * blocks * cost.compile + (target.unroll === 'written' ? places + results + tile.tiles * blocks : inputs + tile.outputs + blocks) * cost.compileStore;
  const weights = fetching(target, images, places * size.groups * inChannels * size.outChannels, lanes);
  return tilesIn + products + tilesOut + weights + compiling + (2 * (cost.dispatch ?? usualDispatch)) / (target.subgroupsAtOnce === undefined ? 1 : images);
}
