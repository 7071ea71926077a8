// Where a run's time goes: each step by the GPU's own clock, in a pass of its own; the way in and out by the CPU's. Every
// round runs the batch twice, once as `run` always does and once in stamped passes, and measures the device's peak, so that
// whatever else the machine is doing meets all three alike.

import { findAdapter, openAdapter, type AdapterOptions, type Device, type FoundAdapter } from './device.ts';
import { MachineError } from './errors.ts';
import { median } from './median.ts';
import type { Model } from './model.ts';
import { PeakMeter, type Peak } from './peak.ts';
import type { Plan, Variant } from './plan.ts';
import type { Stage } from './program.ts';
import { areRounded, MAX_PASSES, Timestamps, type PassTime } from './timestamps.ts';
import { deviceNeeds, pickVariant } from './variant.ts';

/** Milliseconds over all rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
}

export interface StepTime extends Spread {
  /** The plan's name for it. */
  readonly name: string;
  /** Between the end of the step before and the beginning of this one, the median; 0 for the first. */
  readonly gap: number;
}

/** One run. Milliseconds throughout. */
export interface Round {
  /** When it was begun, since the profile was. */
  readonly at: number;
  /** How long each stage took. */
  readonly stages: Readonly<Record<Stage, number>>;
  /** From the call to the results in the caller's arrays. */
  readonly total: number;
  /** When each step began and ended, since the first one began. Empty where the run was not stamped. */
  readonly steps: readonly { readonly begin: number; readonly end: number }[];
}

export interface Profile {
  readonly batch: number;
  readonly peak: Peak;
  /** How well the device tells the time: `rounded` to 65.536 µs by Dawn, or not at all; then there are no steps. */
  readonly clock: 'exact' | 'rounded' | 'none';
  readonly steps: readonly StepTime[];
  /** From an array to arrays, as `run` always does it. */
  readonly run: Spread;
  /** Until the input lies where the device takes it from. */
  readonly upload: Spread;
  /** The commands written down, where that was not done before, and given to the device. */
  readonly submit: Spread;
  /** The commands of the next run written down, while the device is at work. */
  readonly encode: Spread;
  /** From the beginning of the first step to the end of the last; absent without a clock. */
  readonly gpu?: Spread;
  /** From the end of the last step to the results in the caller's arrays; absent without a clock. */
  readonly readback?: Spread;
  /** In the order in which they ran: plain ones, and ones with a pass for each step. */
  readonly rounds: { readonly plain: readonly Round[]; readonly stamped: readonly Round[] };
}

export interface ProfileOptions {
  readonly rounds: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** A device for `plan` as `loadModel` would open it, that tells the time as exactly as it can. */
export async function openForProfile(plan: Plan, options: AdapterOptions = {}): Promise<Device> {
  const found = await findForProfile(options);
  return openTimed(found, pickVariant(plan, found.report).variant);
}

/** The first half of `openForProfile`, for who compiles a plan for the adapter that is found. */
export async function findForProfile(options: AdapterOptions = {}): Promise<FoundAdapter> {
  const dawnFlags = [...(options.dawnFlags ?? []), 'disable-dawn-features=timestamp_quantization'];
  const found = await findAdapter({ ...options, dawnFlags });
  if (found.report.kind === 'null') throw new MachineError(`the adapter \`${found.report.name}\` computes nothing: there is no time to measure`);
  return found;
}

/** The second half: opens it for a variant, with a clock where there is one. */
export function openTimed(found: FoundAdapter, variant: Variant): Promise<Device> {
  const { features, limits } = deviceNeeds(variant);
  const clock = found.report.features.includes('timestamp-query') ? ['timestamp-query'] : [];
  return openAdapter(found, { features: [...features, ...clock], limits });
}

/**
 * Measures runs of one batch, N,H,W,C, which must not be larger than the device runs at once. The model's device should come
 * from `openForProfile`; one that cannot tell the time, or a plan of more steps than it can stamp, gives whole runs only.
 */
export async function profileModel(model: Model, input: Float32Array, { rounds, onProgress }: ProfileOptions): Promise<Profile> {
  const { device, variant } = model;
  const canStamp = device.gpu.features.has('timestamp-query') && variant.steps.length <= MAX_PASSES;
  const stamps = canStamp ? new Timestamps(device.gpu, variant.steps.length) : undefined;
  const meter = await PeakMeter.open(device);
  try {
    // The first run makes buffers, and software GPUs their machine code.
    const outputs = Object.entries(await model.run(input, { watch: { done: () => undefined } }));
    const into = Object.fromEntries(outputs.map(([name, { data }]) => [name, data]));
    const start = performance.now();
    const plain: Round[] = [];
    const stamped: Round[] = [];
    let clock: Profile['clock'] = stamps === undefined ? 'none' : 'rounded';
    for (let round = 0; round < rounds; round++) {
      plain.push((await runOnce(model, input, into, start)).round);
      if (stamps !== undefined) {
        const { round: one, times } = await runOnce(model, input, into, start, stamps);
        stamped.push(one);
        if (!areRounded(times)) clock = 'exact';
      }
      await meter.measure();
      onProgress?.(round + 1, rounds);
    }
    const size = model.plan.input.shape.reduce((product, extent) => product * extent, 1);
    return {
      batch: input.length / size, peak: meter.best, clock,
      steps: stepTimes(variant.steps.map(({ name }) => name), stamped),
      run: spread(plain.map(({ total }) => total)),
      upload: spread(plain.map(({ stages }) => stages.upload)),
      submit: spread(plain.map(({ stages }) => stages.encode + stages.submit)),
      encode: spread(plain.map(({ stages }) => stages.prepare)),
      ...(stamped.length === 0 ? {} : {
        gpu: spread(stamped.map(gpuTime)),
        readback: spread(stamped.map(readbackTime)),
      }),
      rounds: { plain, stamped },
    };
  } finally {
    meter.close();
    stamps?.destroy();
  }
}

async function runOnce(
  model: Model, input: Float32Array, into: Readonly<Record<string, Float32Array>>, origin: number, stamps?: Timestamps,
): Promise<{ readonly round: Round; readonly times: readonly PassTime[] }> {
  const stages: Record<Stage, number> = { upload: 0, encode: 0, submit: 0, prepare: 0, wait: 0, results: 0 };
  const start = performance.now();
  let last = start;
  const done = (stage: Stage): void => {
    const now = performance.now();
    stages[stage] = now - last;
    last = now;
  };
  await model.run(input, { into, watch: { done, stamps } });
  const total = performance.now() - start;
  const times = (await stamps?.read(model.device.lost)) ?? [];
  const zero = times[0]?.begin ?? 0n;
  const since = (stamp: bigint): number => Number(stamp - zero) / 1e6;
  const steps = times.map(({ begin, end }) => ({ begin: since(begin), end: since(end) }));
  return { round: { at: start - origin, stages, total, steps }, times };
}

function stepTimes(names: readonly string[], stamped: readonly Round[]): readonly StepTime[] {
  if (stamped.length === 0) return [];
  return names.map((name, index) => {
    const times = stamped.map(({ steps }) => (steps[index]?.end ?? 0) - (steps[index]?.begin ?? 0));
    const gaps = stamped.map(({ steps }) => (steps[index]?.begin ?? 0) - (steps[index - 1]?.end ?? 0));
    return { name, ...spread(times), gap: index === 0 ? 0 : spread(gaps).median };
  });
}

const gpuTime = ({ steps }: Round): number => steps.at(-1)?.end ?? 0;

/** The GPU may begin before the call that submits returns: nothing is less than the time that was seen to pass after it. */
function readbackTime(round: Round): number {
  const { prepare, wait, results } = round.stages;
  return Math.max(prepare + wait - gpuTime(round), 0) + results;
}

function spread(values: readonly number[]): Spread {
  return { median: median(values), min: values.length === 0 ? 0 : Math.min(...values) };
}
