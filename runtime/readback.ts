// Buffers that the CPU can read. A few are enough for runs that overlap: one is being read while the GPU fills the next; a run
// that finds all of them taken waits its turn.

import { COPY_DST, MAP_READ } from './buffer-usage.ts';
import { MachineError, messageOf } from './errors.ts';

const MAX_BUFFERS = 3;

/** How long a failed map waits to learn that the device was lost. */
const LOSS_MS = 300;

/** A pool of mappable buffers, each as large as the largest result it has held. */
export class Readbacks {
  readonly #gpu: GPUDevice;
  readonly #free: GPUBuffer[] = [];
  readonly #taken = new Set<GPUBuffer>();
  readonly #waiting: (() => void)[] = [];
  /** Places that are promised to takers that are still making their buffer. */
  #promised = 0;

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
  }

  get count(): number {
    return this.#free.length + this.#taken.size;
  }

  /** A buffer of at least `bytes`, for this caller alone until it is given back. First come, first served. */
  async take(bytes: number): Promise<GPUBuffer> {
    if (this.#taken.size + this.#promised >= MAX_BUFFERS) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#promised++;
    try {
      const buffer = this.#reuse(bytes) ?? await this.#make(bytes);
      this.#taken.add(buffer);
      this.#promised--;
      return buffer;
    } catch (fault) {
      this.#release();
      throw fault;
    }
  }

  give(buffer: GPUBuffer): void {
    this.#taken.delete(buffer);
    // One that failed while it was being mapped is of no use any more.
    if (buffer.mapState === 'unmapped') this.#free.push(buffer);
    else buffer.destroy();
    this.#promised++;
    this.#release();
  }

  destroy(): void {
    for (const buffer of [...this.#free, ...this.#taken]) buffer.destroy();
    this.#free.length = 0;
  }

  /** Passes a place on to whoever waits for one. */
  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#promised--;
    else next();
  }

  #reuse(bytes: number): GPUBuffer | undefined {
    const index = this.#free.findIndex((buffer) => buffer.size >= bytes);
    if (index >= 0) return this.#free.splice(index, 1)[0];
    this.#free.pop()?.destroy();
    return undefined;
  }

  async #make(bytes: number): Promise<GPUBuffer> {
    this.#gpu.pushErrorScope('out-of-memory');
    const buffer = this.#gpu.createBuffer({ label: 'results', size: bytes, usage: MAP_READ | COPY_DST });
    const fault = await this.#gpu.popErrorScope();
    // Some bindings answer null, others undefined, where nothing went wrong.
    if (fault instanceof Object) throw new MachineError(`no memory for ${bytes} bytes of results: ${fault.message}`);
    return buffer;
  }
}

/** Waits until the GPU has filled the first `bytes` of `buffer`, and reads them. */
export async function readBuffer(
  buffer: GPUBuffer, bytes: number, lost: Promise<MachineError>, read: (stored: ArrayBuffer) => void,
): Promise<void> {
  try {
    await buffer.mapAsync(MAP_READ, 0, bytes);
  } catch (fault) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        resolve(undefined);
      }, LOSS_MS);
    });
    const loss = await Promise.race([lost, late]);
    clearTimeout(timer);
    throw loss ?? new MachineError(`the results cannot be read: ${messageOf(fault)}`);
  }
  read(buffer.getMappedRange(0, bytes));
  buffer.unmap();
}
