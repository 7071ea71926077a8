// The ways to cut a convolution into Winograd's tiles, and an estimate of what each costs on the target.

import type { Target } from '../ir/target.ts';
import type { ConvSize } from '../kernels/conv-tile.ts';
import { winogradSize, type WinogradTile } from '../kernels/winograd.ts';
import { mostWinogradInputs } from '../kernels/winograd-matrices.ts';
import { convLanes } from './conv-ways.ts';

/** Kernels that make results of their own cost at least so much: dispatching them, and waiting for the last workgroup. */
const dispatches = 20_000;

/** Every cut; none where there is no such kernel. */
export function* winogradTiles(size: ConvSize, target: Target): Generator<WinogradTile> {
  const { inChannels, outChannels, groups, height, width, kernel, stride, dilation } = size;
  const lanes = convLanes(target, size);
  const { supply, costs, limits } = target;
  if (supply !== 'broadcast' || costs.load === undefined || costs.store === undefined) return;
  if (kernel[0] !== kernel[1] || stride[0] !== stride[1] || dilation.some((step) => step !== 1)) return;
  if ((inChannels * stride[0] ** 2) % 4 !== 0 || outChannels < lanes) return;
  // A direct convolution has a row of inputs beside its sums.
  const mostSums = target.maxSums + lanes;
  for (let outputs = 2; ; outputs++) {
    const { taps, inputs, places, phases, tiles } = winogradSize({ height, width, kernel, stride }, outputs);
    if (taps < 2 || inputs > mostWinogradInputs) return;
    // Numbers of a buffer between two of its kernels, and of its weights.
    const most = limits.maxStorageBufferBindingSize / 4;
    if (places * tiles * groups * Math.max(phases * inChannels, outChannels) > most) continue;
    for (const blocks of [1, 2, 3, 4]) {
      if (places * phases * inChannels * groups * Math.ceil(outChannels / (blocks * lanes)) * blocks * lanes > most) continue;
      for (let count = lanes; count * blocks <= mostSums && count < tiles + lanes; count += lanes) yield { outputs, lanes, blocks, tiles: count };
    }
  }
}

/** Nanoseconds of one core for one image, as `estimateConv` counts them. */
export function estimateWinograd(size: ConvSize, target: Target, tile: WinogradTile): number {
  const { costs: cost } = target;
  const { lanes, blocks } = tile;
  const { load = 0, store = 0 } = cost;
  const { inputs, tiles, places, phases } = winogradSize(size, tile.outputs);
  const inChannels = size.inChannels * phases;
  const results = tile.outputs ** 2;
  /** Of one-dimensional transforms, whose rows share half of their terms. */
  const flops = (transforms: number): number => (transforms * inputs * inputs * cost.fma) / 2;
  const tilesIn = ((size.groups * inChannels * tiles) / lanes) * (places * (load + store) + flops(2 * inputs));
  const tilesOut = ((size.groups * size.outChannels * tiles) / lanes) * (places * load + results * store + flops(inputs + tile.outputs));
  const oneTurn = cost.turn + (tile.tiles / lanes) * cost.inputLoad + tile.tiles * 4 * cost.share + blocks * cost.weightLoad + 4 * tile.tiles * blocks * cost.fma;
  const workgroups = size.groups * Math.ceil(size.outChannels / (lanes * blocks)) * places * Math.ceil(tiles / tile.tiles);
  const products = workgroups * ((inChannels / 4) * oneTurn + tile.tiles * blocks * 1.5 * store + cost.workgroup);
  const compiling = 4 * tile.tiles * blocks * cost.compile + (target.unroll === 'written' ? places + results + tile.tiles * blocks : inputs + tile.outputs + blocks) * cost.compileStore;
  return tilesIn + products + tilesOut + compiling + dispatches;
}
