// Whether cost grows as the work does: the time of runs against their multiply-adds, for larger batches, wider layers and
// more of them, each with the power of the work by which it grows; and the memory that the plan asks for, beside what a
// buffer for each layer's result would take.

import { check } from '../../compiler/check.ts';
import { packedBytes } from '../../compiler/emit/packed-bytes.ts';
import { printBytes, summarize } from '../../compiler/emit/summary.ts';
import { table } from '../../compiler/emit/table.ts';
import type { Loaded } from '../../compiler/cli/gpu.ts';
import type { TypedGraph } from '../../compiler/ir/graph.ts';
import { elements } from '../../compiler/ir/tensor.ts';
import { syntheticTensor } from '../../runtime/synthetic.ts';
import { capacityFor } from '../../runtime/variant.ts';
import type { AdapterName } from './adapter.ts';
import { fitPower, type Power } from './fit-power.ts';
import { graphOf, loadNetwork, rightGraph } from './load-network.ts';
import { quantile } from './quantile.ts';

const BATCHES = [1, 2, 4, 8, 16, 32, 64] as const;
const WIDTHS = [0.25, 0.5, 1, 2] as const;
/** Equal convolutions one after the other. */
const DEPTHS = [4, 8, 16, 32] as const;

export interface GrowthPoint {
  /** `batch 8`, `width 0.5`. */
  readonly what: string;
  readonly images: number;
  /** Multiply-adds of a run. */
  readonly macs: number;
  /** Of a run, array to array; the median. */
  readonly milliseconds: number;
  /** What the plan asks for, packed, and its buffers of activations for all images that are run at once. */
  readonly weightBytes: number;
  readonly slotBytes: number;
  readonly slots: number;
  /** What the results of all layers would take, had each a buffer of its own. */
  readonly resultBytes: number;
}

export interface GrowthSeries {
  readonly what: string;
  readonly points: readonly GrowthPoint[];
}

export interface Growth {
  readonly adapter: AdapterName;
  readonly device: string;
  readonly rounds: number;
  readonly series: readonly GrowthSeries[];
}

/** A network and how many images at once; some share a model. */
interface Runner extends Omit<GrowthPoint, 'milliseconds'> {
  readonly loaded: Loaded;
  readonly run: () => Promise<unknown>;
  readonly times: number[];
}

/** Measures all series on an adapter; `tell` gets each as soon as it is there. The points of a series take turns. */
export async function measureGrowth(adapter: AdapterName, rounds: number, tell: (series: GrowthSeries) => void): Promise<Growth> {
  const series: GrowthSeries[] = [];
  let device = '';
  const measure = async (what: string, open: () => Promise<readonly Runner[]>): Promise<void> => {
    const runners = await open();
    try {
      device = runners[0]?.loaded.model.device.adapter.name ?? '';
      const points = await takeTurns(runners, rounds);
      const one = { what, points };
      tell(one);
      series.push(one);
    } finally {
      for (const loaded of new Set(runners.map((runner) => runner.loaded))) loaded.close();
    }
  };
  const each = async (graphs: readonly (readonly [what: string, graph: TypedGraph])[]): Promise<readonly Runner[]> => {
    const runners: Runner[] = [];
    for (const [what, graph] of graphs) runners.push(runnerOf(what, graph, await loadNetwork(graph, adapter, 1), 1));
    return runners;
  };
  await measure('AlexNet, larger batches', async () => {
    const graph = graphOf('specs/alexnet.yaml');
    const loaded = await loadNetwork(graph, adapter, Math.max(...BATCHES));
    return BATCHES.map((batch) => runnerOf(`batch ${batch}`, graph, loaded, batch));
  });
  await measure('AlexNet, wider layers', () => each(WIDTHS.map((width) => [`width ${width}`, graphOf('specs/alexnet.yaml', { width: String(width) })])));
  await measure('Equal convolutions, more of them', () => each(DEPTHS.map((depth) => [`${depth} layers`, chain(depth)])));
  return { adapter, device, rounds, series };
}

/** Layers of one kind, so that nothing but their number differs. */
function chain(depth: number): TypedGraph {
  const layers = Array.from({ length: depth }, (_, index) => `  conv${index + 1}: { op: conv, filters: 64, kernel: 3, pad: 1, activation: relu }\n`);
  return rightGraph('chain', check({ path: 'chain.yaml', text: `netloom: 1\nname: chain\ninput: { image: 56x56x64 }\nlayers:\n${layers.join('')}` }));
}

function runnerOf(what: string, graph: TypedGraph, loaded: Loaded, images: number): Runner {
  const { model } = loaded;
  const { weights, slots } = model.variant;
  const { macs, activation_bytes: resultBytes } = summarize(graph).totals;
  const input = syntheticTensor(graph.input.name, images * elements(graph.input.shape), 1, 1);
  // Larger batches are run in parts, one after the other.
  const atOnce = Math.min(images, model.imagesAtOnce);
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  return {
    what, images, loaded, macs: images * macs, times: [],
    weightBytes: sum(weights.map(packedBytes)), slotBytes: capacityFor(model.variant, atOnce) * sum(slots), slots: slots.length, resultBytes: images * resultBytes,
    run: () => model.run(input),
  };
}

async function takeTurns(runners: readonly Runner[], rounds: number): Promise<readonly GrowthPoint[]> {
  // The largest batch first: buffers are made for it once.
  for (const runner of runners.toReversed()) await runner.run();
  for (let round = 0; round < rounds; round++) {
    for (const index of runners.keys()) {
      const runner = runners[(index + round) % runners.length];
      const start = performance.now();
      await runner?.run();
      runner?.times.push(performance.now() - start);
    }
  }
  return runners.map(({ what, images, macs, times, weightBytes, slotBytes, slots, resultBytes }) =>
    ({ what, images, macs, milliseconds: quantile(times, 0.5), weightBytes, slotBytes, slots, resultBytes }));
}

/** Time against the multiply-adds of a run. */
const growthOf = ({ points }: GrowthSeries): Power => fitPower(points.map(({ macs, milliseconds }) => ({ x: macs, y: milliseconds })));

export const growthHead = ['', 'M multiply-adds', 'ms', 'ms an image', 'G multiply-adds/s', 'weights', 'activations', 'in buffers', 'all results'] as const;
export const growthAlign = ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'right'] as const;

export function growthRows({ points }: GrowthSeries): readonly (readonly string[])[] {
  return points.map(({ what, images, macs, milliseconds, weightBytes, slotBytes, slots, resultBytes }) => [
    what, (macs / 1e6).toFixed(0), milliseconds.toFixed(1), (milliseconds / images).toFixed(1), (macs / milliseconds / 1e6).toFixed(1),
    printBytes(weightBytes), printBytes(slotBytes), String(slots), printBytes(resultBytes),
  ]);
}

/** The sentence under the table. */
export function growthSummary(series: GrowthSeries): string {
  const { exponent, off } = growthOf(series);
  const [first, last] = [series.points[0], series.points.at(-1)];
  const times = (of: 'macs' | 'milliseconds' | 'slotBytes'): string => ((last?.[of] ?? NaN) / (first?.[of] ?? NaN)).toFixed(1);
  return `Time grows as the multiply-adds to the power of ${exponent.toFixed(2)} (fitted; off by ${((off - 1) * 100).toFixed(0)} % at most): ` +
    `from ${first?.what ?? ''} to ${last?.what ?? ''} there is ${times('macs')} times the work, in ${times('milliseconds')} times the time and ${times('slotBytes')} times the memory for activations.`;
}

export function printGrowth(series: GrowthSeries): string {
  return `\n${series.what}\n${table(growthHead, growthRows(series), growthAlign)}${growthSummary(series)}`;
}
