// The GPU's own clock, read before and after compute passes.

import { COPY_DST, COPY_SRC, MAP_READ, QUERY_RESOLVE } from './buffer-usage.ts';
import type { MachineError } from './errors.ts';
import { readBuffer } from './readback.ts';

/** The most passes that can be stamped at once: WebGPU's limit of 4096 queries, two a pass. */
export const MAX_PASSES = 2048;

/** Dawn rounds to multiples of this many nanoseconds unless its toggle `timestamp_quantization` is off. */
const ROUNDING = 65_536n;

/** When a pass began and ended, in nanoseconds of a clock whose zero is the device's. */
export interface PassTime {
  readonly begin: bigint;
  readonly end: bigint;
}

/** Stamps for up to `passes` passes of one command encoder, one submission at a time. Needs the feature `timestamp-query`. */
export class Timestamps {
  readonly #passes: number;
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #readable: GPUBuffer;

  constructor(gpu: GPUDevice, passes: number) {
    this.#passes = passes;
    this.#queries = gpu.createQuerySet({ label: 'timestamps', type: 'timestamp', count: 2 * passes });
    this.#resolved = gpu.createBuffer({ label: 'timestamps', size: 16 * passes, usage: QUERY_RESOLVE | COPY_SRC });
    this.#readable = gpu.createBuffer({ label: 'timestamps', size: 16 * passes, usage: MAP_READ | COPY_DST });
  }

  /** What the descriptor of pass number `pass` says. */
  writes(pass: number): GPUComputePassTimestampWrites {
    return { querySet: this.#queries, beginningOfPassWriteIndex: 2 * pass, endOfPassWriteIndex: 2 * pass + 1 };
  }

  /** To be encoded after the last pass. */
  resolve(encoder: GPUCommandEncoder): void {
    encoder.resolveQuerySet(this.#queries, 0, 2 * this.#passes, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#readable, 0, 16 * this.#passes);
  }

  /** The times of what was submitted last, when the GPU is done with it. */
  async read(lost: Promise<MachineError>): Promise<readonly PassTime[]> {
    let times: readonly PassTime[] = [];
    await readBuffer(this.#readable, 16 * this.#passes, lost, (stored) => {
      const stamps = new BigUint64Array(stored);
      times = Array.from({ length: this.#passes }, (_, pass) => ({ begin: stamps[2 * pass] ?? 0n, end: stamps[2 * pass + 1] ?? 0n }));
    });
    return times;
  }

  destroy(): void {
    this.#queries.destroy();
    this.#resolved.destroy();
    this.#readable.destroy();
  }
}

/** Whether Dawn rounded these times. */
export function areRounded(times: readonly PassTime[]): boolean {
  return times.every(({ begin, end }) => begin % ROUNDING === 0n && end % ROUNDING === 0n);
}
