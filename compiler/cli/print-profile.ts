// A profile for people and for programs: the times of the runtime beside what each step had to do, and how much of what was
// possible that is.

import type { Profile, Spread, StepTime } from '../../runtime/profile.ts';
import type { StepCost } from '../emit/step-costs.ts';
import { table } from '../emit/table.ts';
import type { Loaded } from './gpu.ts';

export interface StepProfile extends StepTime, StepCost {
  /** A second, in the fastest round; null where the clock saw no time pass. */
  readonly flopsPerSecond: number | null;
  readonly bytesPerSecond: number | null;
  /** The least time it could take by the device's peak, as a part of the fastest round's. */
  readonly share: number | null;
  /** What that least time is needed for. */
  readonly bound: 'arithmetic' | 'memory';
}

/** Joins times and costs; both in the order of the steps. */
export function stepProfiles({ steps, peak }: Profile, costs: readonly StepCost[]): readonly StepProfile[] {
  return steps.map((step, index) => {
    const { flops, bytes } = costs[index] ?? { flops: 0, bytes: 0 };
    const seconds = step.min / 1000;
    const [calculating, moving] = [flops / peak.flops, bytes / peak.bytes];
    const rate = (amount: number): number | null => (seconds > 0 ? amount / seconds : null);
    return {
      ...step, flops, bytes,
      flopsPerSecond: rate(flops), bytesPerSecond: rate(bytes), share: rate(Math.max(calculating, moving)),
      bound: calculating > moving ? 'arithmetic' : 'memory',
    };
  });
}

/** The table, and how a run is made up; ends with a line break. */
export function profileText(profile: Profile, costs: readonly StepCost[]): string {
  const steps = stepProfiles(profile, costs);
  const { peak, run, upload, submit, encode, gpu, readback, batch, clock, rounds } = profile;
  const possible = 1000 * sum(costs.map(({ flops, bytes }) => Math.max(flops / peak.flops, bytes / peak.bytes)));
  const rows = steps.map((step) => [
    step.name, fixed(step.median), fixed(step.min), fixed(step.gap),
    giga(step.flopsPerSecond), giga(step.bytesPerSecond), step.share === null ? '' : percent(step.share), step.bound,
  ]);
  const count = rounds.plain.length;
  const least = sum(steps.map(({ min }) => min));
  const total = [
    'total', fixed(sum(steps.map(({ median }) => median))), fixed(least), fixed(sum(steps.map(({ gap }) => gap))),
    giga((1000 * sum(costs.map(({ flops }) => flops))) / least), giga((1000 * sum(costs.map(({ bytes }) => bytes))) / least), percent(possible / least), '',
  ];
  const align = ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'] as const;
  const head = ['step', 'ms', 'least', 'gap', 'GFLOP/s', 'GB/s', 'of peak', 'bound by'];
  const stages = [
    `upload ${fixed(upload.median)}`, `submit ${fixed(submit.median)}`,
    ...(gpu === undefined || readback === undefined ? [] : [`steps and gaps ${fixed(gpu.median)}`, `readback ${fixed(readback.median)}`]),
  ];
  return [
    ...(steps.length === 0 ? [] : [table(head, [...rows, total], align), '\n']),
    `${batch === 1 ? 'One image takes' : `${batch} images take`} ${fixed(run.median)} ms from array to array (least ${fixed(run.min)}; ${count === 1 ? '1 round' : `${count} rounds`}).\n`,
    `Of these, ${stages.join(', ')}; while the GPU works, the next run is encoded in ${fixed(encode.median)}.\n`,
    `The device can do ${giga(peak.flops)} GFLOP/s and read ${giga(peak.bytes)} GB/s, measured between the rounds. At that all steps would take ${fixed(possible)} ms` +
      `${steps.length === 0 ? `: ${percent(possible / run.min)} of the fastest run` : ''}.\n`,
    ...(clock === 'rounded' ? ['This device rounds the times of steps to 0.0655 ms.\n'] : []),
    ...(clock === 'none' ? ['This device cannot tell the time of steps (it has no timestamp-query): whole runs only.\n'] : []),
  ].join('');
}

/** The same as data; times in milliseconds. */
export function profileJson(profile: Profile, costs: readonly StepCost[], { model: { plan, device, variant }, passedOver, tunedBy }: Loaded): unknown {
  const { batch, rounds, clock, peak, run, upload, submit, encode, gpu, readback } = profile;
  const spread = ({ median, min }: Spread): Spread => ({ median, min });
  return {
    version: 1,
    model: plan.model,
    adapter: { name: device.adapter.name, kind: device.adapter.kind, reason: device.reason },
    variant: variant.target,
    precision: plan.precision ?? 'f32',
    tuned_by: tunedBy ?? null,
    passed_over: passedOver,
    batch,
    rounds: rounds.plain.length,
    clock,
    peak: { flops_per_second: peak.flops, bytes_per_second: peak.bytes },
    milliseconds: {
      run: spread(run), upload: spread(upload), submit: spread(submit), encode: spread(encode),
      gpu: gpu === undefined ? null : spread(gpu), readback: readback === undefined ? null : spread(readback),
    },
    steps: stepProfiles(profile, costs).map((step) => ({
      name: step.name, median_ms: step.median, min_ms: step.min, gap_ms: step.gap, flops: step.flops, bytes: step.bytes,
      flops_per_second: step.flopsPerSecond, bytes_per_second: step.bytesPerSecond, share_of_peak: step.share, bound: step.bound,
    })),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

const fixed = (milliseconds: number): string => milliseconds.toFixed(milliseconds >= 100 ? 1 : 3);

const giga = (perSecond: number | null): string => (perSecond === null || !Number.isFinite(perSecond) ? '' : (perSecond / 1e9).toFixed(1));

const percent = (share: number): string => (Number.isFinite(share) ? `${(100 * share).toFixed(0)} %` : '');
