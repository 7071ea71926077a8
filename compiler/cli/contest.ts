// Ways to do one kernel's work against each other on a GPU, by its own clock where it has one. Others may be using the machine:
// so candidates take turns, each is compared with the first one of the same round, and it must be clearly faster to win.

import { COPY_DST, STORAGE } from '../../runtime/buffer-usage.ts';
import { median } from '../../runtime/median.ts';
import { packedBytes } from '../../runtime/pack.ts';
import { Pipelines } from '../../runtime/pipelines.ts';
import type { Device } from '../../runtime/device.ts';
import { Program } from '../../runtime/program.ts';
import { syntheticTensor } from '../../runtime/synthetic.ts';
import { Timestamps } from '../../runtime/timestamps.ts';
import type { Artifact } from '../emit/plan.ts';
import { elements } from '../ir/tensor.ts';

/** Rounds of all candidates, before all but the best are given up. */
const firstRounds = 3;
/** How many are left, besides the first. */
const finalists = 2;
/** Rounds of those that are left: this many, or more until they have taken as long. */
const lastRounds = 9;
const enoughMs = 60;
const mostRounds = 40;

/** A median beyond this part of the first one's is no gain: it may be noise. */
export const clearly = 0.97;

/** A candidate that takes so many times as long as the best one is given up at once. */
const hopeless = 2.5;

export interface ContestSettings {
  readonly batch: number;
  /** Whether time is up, or the user wants no more. */
  readonly stopped: () => boolean;
  readonly onProgress: (text: string) => void;
}

export interface ContestResult {
  /** Into the candidates. 0: nothing is clearly faster than the first. */
  readonly winner: number;
  /** Milliseconds, the medians of the last rounds, of the first candidate and of the winner. */
  readonly before: number;
  readonly after: number;
  /** The shortest time of each in the first rounds, or when it was given up; as many as were run. */
  readonly shortest: readonly number[];
}

/** Measures plans of one kernel; the first is the one to beat. Undefined where time was up before there was anything to say. */
export async function contest(device: Device, candidates: readonly Artifact[], settings: ContestSettings): Promise<ContestResult | undefined> {
  const { stopped, onProgress } = settings;
  const buffers = new Weights(device.gpu);
  const opened: Racer[] = [];
  try {
    const racers: Racer[] = [];
    const shortest: number[] = [];
    let best = Infinity;
    for (const [index, candidate] of candidates.entries()) {
      if (index > 0 && stopped()) break;
      onProgress(`candidate ${index + 1} of ${candidates.length}`);
      const racer = await Racer.open(device, candidate, index, buffers, settings.batch);
      opened.push(racer);
      // The first run makes machine code on software GPUs.
      await racer.run();
      const time = await racer.run();
      shortest.push(time);
      best = Math.min(best, time);
      if (index === 0 || time <= hopeless * best) racers.push(racer);
    }
    await race(racers, firstRounds, settings);
    for (const { index, times } of racers) shortest[index] = Math.min(shortest[index] ?? NaN, ...times);
    const [first, ...others] = racers;
    if (first === undefined || first.times.length === 0) return undefined;
    const left = others.filter(({ times }) => times.length > 0).sort((a, b) => least(a.times) - least(b.times)).slice(0, finalists);
    const final = [first, ...left];
    for (const racer of final) racer.times.length = 0;
    onProgress('the last rounds');
    await race(final, left.length === 0 ? 1 : lastRounds, settings);
    if (first.times.length === 0) return undefined;
    const ratios = left.map((racer) => ({ racer, ratio: median(racer.times.map((time, round) => time / (first.times[round] ?? NaN))) }));
    const winner = ratios.filter(({ ratio, racer }) => ratio < clearly && racer.times.length >= firstRounds).sort((a, b) => a.ratio - b.ratio)[0];
    const before = median(first.times);
    return winner === undefined
      ? { winner: 0, before, after: before, shortest }
      : { winner: winner.racer.index, before, after: before * winner.ratio, shortest };
  } finally {
    for (const racer of opened) racer.close();
  }
}

/** Rounds in which each runs once, in an order that changes; a round that is not finished counts for nobody. */
async function race(racers: readonly Racer[], rounds: number, { stopped }: ContestSettings): Promise<void> {
  let spent = 0;
  for (let round = 0; round < mostRounds && (round < rounds || (rounds > firstRounds && spent < enoughMs)); round++) {
    const times: number[] = [];
    for (let turn = 0; turn < racers.length; turn++) {
      const place = (turn + round) % racers.length;
      times[place] = (await racers[place]?.run()) ?? NaN;
      if (stopped() && round > 0) return;
    }
    for (const [place, racer] of racers.entries()) racer.times.push(times[place] ?? NaN);
    spent += times[0] ?? 0;
  }
}

class Racer {
  readonly index: number;
  readonly times: number[] = [];
  readonly #device: Device;
  readonly #program: Program;
  readonly #results: GPUBuffer;
  readonly #stamps: Timestamps | undefined;
  readonly #input: Float32Array;
  readonly #batch: number;

  private constructor(device: Device, index: number, program: Program, stamps: Timestamps | undefined, input: Float32Array, batch: number) {
    const { gpu } = device;
    this.index = index;
    this.#device = device;
    this.#program = program;
    this.#stamps = stamps;
    this.#input = input;
    this.#batch = batch;
    const end = Math.max(...program.sections(batch).map(({ at, bytes }) => at + bytes));
    this.#results = gpu.createBuffer({ label: 'results', size: Math.ceil(end / 16) * 16, usage: COPY_DST });
  }

  static async open(device: Device, { plan, shaders }: Artifact, index: number, weights: Weights, batch: number): Promise<Racer> {
    const [variant] = plan.variants;
    if (variant === undefined) throw new Error(`${plan.model} has no variant`);
    const pipelines = new Pipelines(device.gpu, variant.steps, (path) => shaders.get(path) ?? '');
    await pipelines.make(batch);
    const buffers = variant.weights.map((weight, place) => weights.buffer(place, packedBytes(weight), weight.type));
    const { maxStorageBufferBindingSize } = variant.needs;
    const program = new Program(device.gpu, plan, variant, pipelines, buffers, Math.min(maxStorageBufferBindingSize, device.gpu.limits.maxStorageBufferBindingSize));
    const stamps = device.gpu.features.has('timestamp-query') ? new Timestamps(device.gpu, variant.steps.length) : undefined;
    const input = syntheticTensor(plan.input.name, batch * elements(plan.input.shape), 1, 1);
    return new Racer(device, index, program, stamps, input, batch);
  }

  /** Milliseconds: of its steps by the GPU's clock, else until the GPU is done. */
  async run(): Promise<number> {
    const { gpu, lost } = this.#device;
    const start = performance.now();
    await this.#program.submit(this.#input, 0, this.#batch, this.#results, { done: () => undefined, stamps: this.#stamps });
    if (this.#stamps === undefined) {
      await gpu.queue.onSubmittedWorkDone();
      return performance.now() - start;
    }
    const steps = await this.#stamps.read(lost);
    return steps.reduce((sum, { begin, end }) => sum + Number(end - begin) / 1e6, 0);
  }

  /** Once all are done: candidates share weights. */
  close(): void {
    this.#program.destroy();
    this.#results.destroy();
    this.#stamps?.destroy();
  }
}

/** Weight buffers that candidates share where they are as large: what stands in them is no matter, if only it is ordinary. */
class Weights {
  readonly #gpu: GPUDevice;
  readonly #buffers = new Map<string, GPUBuffer>();

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
  }

  buffer(place: number, bytes: number, type: 'f16' | undefined): GPUBuffer {
    const key = `${place} ${bytes} ${type ?? 'f32'}`;
    const known = this.#buffers.get(key);
    if (known !== undefined) return known;
    const buffer = this.#gpu.createBuffer({ label: `weights ${place}`, size: bytes, usage: STORAGE | COPY_DST });
    const block = syntheticTensor('weights', Math.min(bytes / 4, 2 ** 20), 1, 0.05);
    // Two numbers of 16 bits, between 2^-4 and 2^-3 or as far below zero.
    if (type === 'f16') new Uint32Array(block.buffer).forEach((bits, i, words) => (words[i] = (bits & 0x83ff_83ff) | 0x2c00_2c00));
    for (let at = 0; at < bytes; at += block.byteLength) {
      this.#gpu.queue.writeBuffer(buffer, at, block, 0, Math.min(block.length, (bytes - at) / 4));
    }
    this.#buffers.set(key, buffer);
    return buffer;
  }
}

const least = (times: readonly number[]): number => Math.min(...times);
