// Each kernel of a network against what the device can do at most: runs, runs with a pass for each step, and measurements of
// the device's peak take turns, so that a step's share of the peak means this machine in this minute.

import { profileJson, stepProfiles, type StepProfile } from '../../compiler/cli/print-profile.ts';
import { stepCosts } from '../../compiler/emit/step-costs.ts';
import { table } from '../../compiler/emit/table.ts';
import { elements } from '../../compiler/ir/tensor.ts';
import { profileModel, type Profile, type Spread } from '../../runtime/profile.ts';
import type { Peak } from '../../runtime/peak.ts';
import { syntheticTensor } from '../../runtime/synthetic.ts';
import { specOf, type Cell } from './compare.ts';
import { graphOf, loadNetwork } from './load-network.ts';

/** Steps named as the worst. */
const WORST = 5;

export interface KernelTimes extends Cell {
  /** What the driver calls it, and the variant that it runs. */
  readonly device: string;
  readonly variant: string;
  readonly clock: Profile['clock'];
  readonly peak: Peak;
  readonly rounds: number;
  /** Array to array, all steps in one pass. */
  readonly run: Spread;
  /** None where the device cannot tell the time of steps. */
  readonly steps: readonly StepProfile[];
}

/** Profiles one network, batch and adapter; `json` is what `netloom profile --format json` would print. */
export async function measureKernels({ model, batch, adapter }: Cell, rounds: number): Promise<{ readonly times: KernelTimes; readonly json: unknown }> {
  const graph = graphOf(specOf(model));
  const loaded = await loadNetwork(graph, adapter, batch);
  try {
    const images = syntheticTensor(graph.input.name, batch * elements(graph.input.shape), 1, 1);
    const profile = await profileModel(loaded.model, images, { rounds });
    const costs = stepCosts(loaded.schedule, loaded.model.variant, batch);
    const times: KernelTimes = {
      model, batch, adapter, rounds,
      device: loaded.model.device.adapter.name, variant: loaded.model.variant.target,
      clock: profile.clock, peak: profile.peak, run: profile.run, steps: stepProfiles(profile, costs),
    };
    return { times, json: profileJson(profile, costs, loaded) };
  } finally {
    loaded.close();
  }
}

export const kernelHead = ['step', 'ms', 'least', 'GFLOP/s', 'GB/s', 'of peak', 'bound by'] as const;
export const kernelAlign = ['left', 'right', 'right', 'right', 'right', 'right', 'left'] as const;

/** A row for each step and one for all of them: the median and the least time, rates and shares of the least. */
export function kernelRows({ steps, peak }: KernelTimes): readonly (readonly string[])[] {
  const sum = (of: (step: StepProfile) => number): number => steps.reduce((total, step) => total + of(step), 0);
  const least = sum(({ min }) => min);
  const rate = (amount: number): number => (1000 * amount) / least;
  const possible = sum(({ flops, bytes }) => Math.max(flops / peak.flops, bytes / peak.bytes));
  return [
    ...steps.map((step) => [step.name, ms(step.median), ms(step.min), giga(step.flopsPerSecond), giga(step.bytesPerSecond), percent(step.share), step.bound]),
    ['all', ms(sum(({ median }) => median)), ms(least), giga(rate(sum(({ flops }) => flops))), giga(rate(sum(({ bytes }) => bytes))), percent(rate(possible)), ''],
  ];
}

/** Where it ran, and of how much of the peak a run as it always is makes use. */
export function kernelSummary({ model, batch, device, variant, peak, clock, run, steps, rounds }: KernelTimes): string {
  return `${model}, batch ${batch}, on ${device}, variant ${variant}: a run takes ${ms(run.median)} ms (least ${ms(run.min)}, ${rounds} rounds). ` +
    `The device's own peak is ${giga(peak.flops)} GFLOP/s of multiply-adds and ${giga(peak.bytes)} GB/s of reads.` +
    (steps.length === 0 ? ' It cannot tell the time of steps.' : clock === 'rounded' ? ' It rounds the times of steps to 0.066 ms.' : '');
}

/** The steps that take longest beyond what was possible, with that time and their share of the peak. */
export function worstSteps({ steps }: KernelTimes): string {
  const lost = steps.map(({ name, min, share }) => ({ name, share, above: min * (1 - Math.min(share ?? 1, 1)) })).toSorted((a, b) => b.above - a.above);
  return `Most time beyond what was possible: ${lost.slice(0, WORST).map(({ name, share, above }) => `${name} ${ms(above)} ms (${percent(share)})`).join(', ')}.`;
}

export function printKernels(times: KernelTimes): string {
  return `\n${kernelSummary(times)}\n${times.steps.length === 0 ? '' : `${table(kernelHead, kernelRows(times), kernelAlign)}${worstSteps(times)}`}`;
}

const ms = (value: number): string => value.toFixed(value < 1 ? 3 : value < 100 ? 2 : 0);
const giga = (perSecond: number | null): string => (perSecond === null || !Number.isFinite(perSecond) ? '' : (perSecond / 1e9).toFixed(perSecond < 1e10 ? 2 : 1));
const percent = (share: number | null): string => (share === null || !Number.isFinite(share) ? '' : `${(100 * share).toFixed(0)} %`);
