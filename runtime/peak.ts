// What a device can do at most, measured on it: multiply-adds that wait for nothing, and reads that hit no cache. Two tiny
// shaders, so that a layer's time can be held against what was possible on this very machine in this very minute.

import { COPY_DST, STORAGE } from './buffer-usage.ts';
import type { Device } from './device.ts';
import { Timestamps } from './timestamps.ts';

/** The best that was seen. */
export interface Peak {
  /** Operations a second, two for each fused multiply-add of f32. */
  readonly flops: number;
  /** Bytes a second, read from a storage buffer. */
  readonly bytes: number;
}

const FMA_LANES = 64;
/** Enough for the largest GPUs. */
const FMA_WORKGROUPS = 4096;
/** Each waits for itself alone: twelve hide the latency of a multiply-add and still fit the registers of a CPU. */
const SUMS = 12;
const UNROLLED = 4;
/** Turns of the loop at least: a workgroup must be worth its start. */
const TURNS = 64;

/** Larger than most caches, and what every device can bind. */
const READ_BYTES = 128 * 2 ** 20;
const READ_WORKGROUPS = 1024;
/** GPUs want many lanes a workgroup; a software one, whose subgroup is as wide as a vector of the CPU, wants few. */
const READ_LANES = [64, 8] as const;
const LOADS = 4;

/** A measurement shorter than this says more about the start of a dispatch than about its work. */
const LEAST_MS = 5;
/** The same where only the CPU's clock is there, with the way to the GPU and back in it. */
const LEAST_MS_BY_CPU = 40;
/** Beyond this, a clock that still shows no time does not run. */
const MOST_REPETITIONS = 4096;

/** Measures again with each `measure`, and keeps the best: others may be using the machine. */
export class PeakMeter {
  readonly #device: Device;
  readonly #stamps: Timestamps | undefined;
  readonly #buffers: readonly GPUBuffer[];
  readonly #probes: readonly Probe[];
  readonly #best: Record<keyof Peak, number> = { flops: 0, bytes: 0 };

  private constructor(device: Device, buffers: readonly GPUBuffer[], probes: readonly Probe[]) {
    this.#device = device;
    this.#stamps = device.gpu.features.has('timestamp-query') ? new Timestamps(device.gpu, 1) : undefined;
    this.#buffers = buffers;
    this.#probes = probes;
  }

  static async open(device: Device): Promise<PeakMeter> {
    const { gpu } = device;
    const buffer = (label: string, size: number): GPUBuffer => gpu.createBuffer({ label, size, usage: STORAGE | COPY_DST });
    const [turns, values, results] = [buffer('turns', 4), buffer('values', READ_BYTES), buffer('results', 4 * FMA_LANES * FMA_WORKGROUPS)];
    const probe = async (what: keyof Peak, code: string, input: GPUBuffer, rest: Pick<Probe, 'workgroups' | 'amount' | 'repeat'>): Promise<Probe> => {
      const module = gpu.createShaderModule({ label: `peak ${what}`, code });
      const pipeline = await gpu.createComputePipelineAsync({ label: `peak ${what}`, layout: 'auto', compute: { module, entryPoint: 'main' } });
      const entries = [input, results].map((each, binding) => ({ binding, resource: { buffer: each } }));
      return { what, pipeline, group: gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }), repetitions: 0, ...rest };
    };
    const repeatTurns = (repetitions: number): number => {
      gpu.queue.writeBuffer(turns, 0, Uint32Array.of(TURNS * repetitions));
      return 1;
    };
    const probes = await Promise.all([
      probe('flops', multiplyAdds(), turns, {
        workgroups: FMA_WORKGROUPS, amount: 2 * FMA_LANES * FMA_WORKGROUPS * SUMS * UNROLLED * TURNS, repeat: repeatTurns,
      }),
      ...READ_LANES.map((lanes) => probe('bytes', reads(lanes), values, {
        // A second sweep by the same workgroup would find its part in a cache.
        workgroups: READ_WORKGROUPS, amount: READ_BYTES, repeat: (repetitions) => repetitions,
      })),
    ]);
    return new PeakMeter(device, [turns, values, results], probes);
  }

  get best(): Peak {
    return { ...this.#best };
  }

  /** Takes some tens of milliseconds on a slow device, few on a fast one; longer the first time. */
  async measure(): Promise<void> {
    for (const probe of this.#probes) {
      if (probe.repetitions === 0) await this.#calibrate(probe);
      const milliseconds = await this.#time(probe);
      this.#best[probe.what] = Math.max(this.#best[probe.what], (1000 * probe.amount * probe.repetitions) / milliseconds);
    }
  }

  close(): void {
    for (const buffer of this.#buffers) buffer.destroy();
    this.#stamps?.destroy();
  }

  /** Finds out how often the work must be repeated to take long enough. */
  async #calibrate(probe: Probe): Promise<void> {
    const least = this.#stamps === undefined ? LEAST_MS_BY_CPU : LEAST_MS;
    probe.repetitions = 1;
    // Software GPUs make machine code at the first dispatch.
    await this.#time(probe);
    let milliseconds = await this.#time(probe);
    while (milliseconds < least && probe.repetitions < MOST_REPETITIONS) {
      probe.repetitions *= Math.min(16, Math.max(2, Math.ceil(least / Math.max(milliseconds, 1e-3))));
      milliseconds = await this.#time(probe);
    }
  }

  async #time({ pipeline, group, workgroups, repeat, repetitions }: Probe): Promise<number> {
    const { gpu, lost } = this.#device;
    const dispatches = repeat(repetitions);
    const encoder = gpu.createCommandEncoder({ label: 'peak' });
    const pass = encoder.beginComputePass(this.#stamps === undefined ? {} : { timestampWrites: this.#stamps.writes(0) });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let n = 0; n < dispatches; n++) pass.dispatchWorkgroups(workgroups);
    pass.end();
    this.#stamps?.resolve(encoder);
    const start = performance.now();
    gpu.queue.submit([encoder.finish()]);
    if (this.#stamps === undefined) {
      await gpu.queue.onSubmittedWorkDone();
      return performance.now() - start;
    }
    const [time] = await this.#stamps.read(lost);
    return time === undefined ? 0 : Number(time.end - time.begin) / 1e6;
  }
}

interface Probe {
  readonly what: keyof Peak;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: number;
  /** Operations or bytes of one repetition. */
  readonly amount: number;
  /** Asks for so many repetitions; returns how many dispatches that takes. */
  readonly repeat: (repetitions: number) => number;
  /** 0 before it is known how many make it last. */
  repetitions: number;
}

/** `s = s * a + b`, again and again; `a` and `b` are not known when it is compiled, and no two sums are the same. */
function multiplyAdds(): string {
  const sums = Array.from({ length: SUMS }, (_, i) => `s${i}`);
  return `
@group(0) @binding(0) var<storage, read> turns: array<u32>;
@group(0) @binding(1) var<storage, read_write> results: array<f32>;

@compute @workgroup_size(${FMA_LANES})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let a = 1.0 - 1e-9 * f32(turns[0]);
  let b = f32(id.x);
${sums.map((sum, i) => `  var ${sum} = b + ${i}.0;\n`).join('')}
  for (var turn = 0u; turn < turns[0]; turn++) {
${sums.map((sum) => `    ${sum} = fma(${sum}, a, b);\n`).join('').repeat(UNROLLED)}  }
  results[id.x] = ${sums.join(' + ')};
}
`;
}

/** Each workgroup sums a part of its own, its lanes side by side. */
function reads(lanes: number): string {
  const sums = Array.from({ length: LOADS }, (_, i) => `s${i}`);
  const turns = READ_BYTES / 16 / READ_WORKGROUPS / lanes / LOADS;
  // The end of the loop is made at run time, or a driver might unroll all of it.
  return `
@group(0) @binding(0) var<storage, read> values: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> results: array<f32>;

@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
${sums.map((sum) => `  var ${sum} = vec4f();\n`).join('')}
  let first = group.x * ${turns * LOADS * lanes}u + lane;
  let end = min(first + ${turns * LOADS * lanes}u, arrayLength(&values));
  for (var at = first; at < end; at += ${LOADS * lanes}u) {
${sums.map((sum, i) => `    ${sum} += values[at + ${i * lanes}u];\n`).join('')}  }
  let sum = ${sums.join(' + ')};
  results[group.x * ${lanes}u + lane] = sum.x + sum.y + sum.z + sum.w;
}
`;
}
