// The ways to cut a convolution of single pixels, and an estimate of what each costs on the target.

import type { Target } from '../ir/target.ts';
import type { ConvSize } from '../kernels/conv-tile.ts';
import { pointwiseOutputs, pointwiseQuads, type PointwiseTile } from '../kernels/conv-pointwise.ts';

/** Every cut; none where kernels are larger, or where loads cost so little that nothing needs to be handed around. */
export function* pointwiseTiles({ inChannels, outChannels, kernel }: ConvSize, { supply, subgroupSize: lanes, maxUnrolled }: Target): Generator<PointwiseTile> {
  if (supply !== 'broadcast' || lanes === undefined || kernel[0] * kernel[1] > 1) return;
  for (const channels of [1, 2]) {
    if (inChannels % channels !== 0 || lanes % channels !== 0) continue;
    for (let loads = 1; ; loads++) {
      const tile = { lanes, channels, loads };
      const outputs = pointwiseOutputs(tile);
      if (loads > 1 && (outputs * channels * 4 > maxUnrolled || outputs >= outChannels + (lanes * 4) / channels)) break;
      yield tile;
    }
  }
}

/** Nanoseconds of one core for one image, as `estimateConv` counts them: without the stores, which are as many in every cut. */
export function estimatePointwise(size: ConvSize, target: Target, tile: PointwiseTile): number {
  const { costs: cost } = target;
  const { lanes, channels, loads } = tile;
  const outputs = pointwiseOutputs(tile);
  // Four values that do not lie side by side are loaded one by one.
  const inputs = channels * cost.inputLoad * (size.stride[1] === 1 ? 1 : 1.5);
  const sums = outputs * 4;
  // Weights are near too: workgroups in a row read the same ones. There are more sums than registers: each comes from memory and goes back there once a turn.
  const oneTurn = cost.turn + inputs + loads * (cost.inputLoad + lanes * 4 * cost.share) + sums * (channels + 0.25) * cost.fma;
  const workgroups = size.groups * Math.ceil(size.outChannels / outputs) * Math.ceil((pointwiseQuads(size) * size.height) / lanes);
  const compiling = sums * (channels + 5) * cost.compile + 4 * (target.unroll === 'written' ? outputs : 1) * cost.compileStore;
  return workgroups * ((size.inChannels / channels) * oneTurn + cost.workgroup) + compiling;
}
