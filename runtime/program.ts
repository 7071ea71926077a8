// A variant with its buffers: turns a batch into one submission, that is the input written, every step in one compute pass,
// and the outputs copied to where they can be read. Buffers and bind groups are made for the largest batch so far.

import { COPY_DST, COPY_SRC, STORAGE } from './buffer-usage.ts';
import { MachineError } from './errors.ts';
import { intoLayout, spanOf } from './layout.ts';
import type { Pipelines } from './pipelines.ts';
import type { Layout, Plan, Step, Variant } from './plan.ts';
import type { Timestamps } from './timestamps.ts';
import { capacityFor, kernelFor } from './variant.ts';

/** One output's place among the results: `bytes` from byte `at` on. */
export interface Section {
  readonly layout: Layout;
  readonly at: number;
  readonly bytes: number;
}

/** What a run goes through, in order; `profile.ts` wants to know when. */
export type Stage =
  /** The input lies where the queue takes it from. */
  | 'upload'
  /** All commands are written down, if they were not while the run before was waited for, */
  | 'encode'
  /** given to the device, */
  | 'submit'
  /** written down for the next run, */
  | 'prepare'
  /** and done. */
  | 'wait'
  /** The results lie in the caller's arrays. */
  | 'results';

/** Looks on while a batch runs. */
export interface Watch {
  /** Called at the end of each stage. */
  done(stage: Stage): void;
  /** Absent: the steps share one pass, as when nobody looks on. Given: each step has a pass of its own, which is stamped. */
  readonly stamps?: Timestamps | undefined;
}

interface Prepared {
  readonly images: number;
  readonly commands: GPUCommandBuffer;
}

export class Program {
  readonly #gpu: GPUDevice;
  readonly #plan: Plan;
  readonly #variant: Variant;
  readonly #pipelines: Pipelines;
  readonly #weights: readonly GPUBuffer[];
  readonly #maxBindingBytes: number;
  #capacity = 0;
  /** Whether the device found nothing wrong with the buffers and groups of this capacity. */
  #accepted = false;
  #slots: readonly GPUBuffer[] = [];
  #groups: readonly GPUBindGroup[] = [];
  #staging = new Float32Array(0);
  /** By the buffer that results are copied to. */
  #prepared = new WeakMap<GPUBuffer, Prepared>();
  #sections: { images: number; list: readonly Section[] } = { images: 0, list: [] };

  constructor(
    gpu: GPUDevice, plan: Plan, variant: Variant, pipelines: Pipelines, weights: readonly GPUBuffer[], maxBindingBytes: number,
  ) {
    this.#gpu = gpu;
    this.#plan = plan;
    this.#variant = variant;
    this.#pipelines = pipelines;
    this.#weights = weights;
    this.#maxBindingBytes = maxBindingBytes;
  }

  get bufferCount(): number {
    return this.#weights.length + this.#slots.length;
  }

  /** Where the outputs of `images` images lie in the buffer that `submit` fills, one after the other. */
  sections(images: number): readonly Section[] {
    if (this.#sections.images === images) return this.#sections.list;
    let at = 0;
    const list = this.#variant.outputs.map(({ layout }) => {
      const bytes = 4 * ((images - 1) * layout.imageStride + spanOf(layout));
      const section = { layout, at, bytes };
      at += Math.ceil(bytes / 16) * 16;
      return section;
    });
    this.#sections = { images, list };
    return list;
  }

  /** Has the kernels compiled that `images` images need, where a batch is the first to need them. */
  async ready(images: number): Promise<void> {
    if (!this.#pipelines.has(images)) await this.#pipelines.make(images);
  }

  /**
   * Gives images `first` to `first + images` of `values` to the GPU and returns at once; `results` is filled when the GPU is
   * done. They must be `ready`. What is returned rejects where the device refused something.
   */
  submit(values: Float32Array, first: number, images: number, results: GPUBuffer, watch?: Watch): Promise<void> {
    const grows = capacityFor(this.#variant, images) > this.#capacity;
    if (grows) {
      this.#gpu.pushErrorScope('validation');
      this.#gpu.pushErrorScope('out-of-memory');
      this.#grow(capacityFor(this.#variant, images));
    }
    this.#writeInput(values, first, images);
    watch?.done('upload');
    const ready = this.#prepared.get(results);
    this.#prepared.delete(results);
    const commands = ready?.images === images && watch?.stamps === undefined ? ready.commands : this.#encode(images, results, watch?.stamps);
    watch?.done('encode');
    this.#gpu.queue.submit([commands]);
    watch?.done('submit');
    return grows ? this.#checkScopes(images) : Promise.resolve();
  }

  /**
   * Writes down the commands of another run like the one just submitted, while the GPU works: on a fast one that is a good
   * part of the time until the next result. Not before the device has accepted what they use.
   */
  prepare(images: number, results: GPUBuffer): void {
    if (this.#accepted) this.#prepared.set(results, { images, commands: this.#encode(images, results) });
  }

  destroy(): void {
    for (const buffer of [...this.#weights, ...this.#slots]) buffer.destroy();
    this.#slots = [];
    this.#capacity = 0;
  }

  #encode(images: number, results: GPUBuffer, stamps?: Timestamps): GPUCommandBuffer {
    const encoder = this.#gpu.createCommandEncoder({ label: this.#plan.model });
    const { steps } = this.#variant;
    if (stamps === undefined) {
      const pass = encoder.beginComputePass({ label: this.#plan.model });
      for (const [index, step] of steps.entries()) this.#dispatch(pass, index, step, images);
      pass.end();
    } else {
      for (const [index, step] of steps.entries()) {
        const pass = encoder.beginComputePass({ label: step.name, timestampWrites: stamps.writes(index) });
        this.#dispatch(pass, index, step, images);
        pass.end();
      }
      stamps.resolve(encoder);
    }
    for (const [index, { layout, at, bytes }] of this.sections(images).entries()) {
      const slot = this.#slots[this.#variant.outputs[index]?.slot ?? 0];
      if (slot !== undefined) encoder.copyBufferToBuffer(slot, 4 * layout.firstChannel * layout.planeStride, results, at, bytes);
    }
    return encoder.finish();
  }

  #dispatch(pass: GPUComputePassEncoder, index: number, step: Step, images: number): void {
    const choice = kernelFor(step, images);
    const kernel = step.kernels[choice];
    const pipeline = this.#pipelines.at(index, choice);
    if (kernel === undefined || pipeline === undefined) throw new Error(`${step.name} has no kernel`);
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.#groups[index]);
    pass.dispatchWorkgroups(kernel.workgroups[0], kernel.workgroups[1], Math.ceil(images / kernel.images));
  }

  #writeInput(values: Float32Array, first: number, images: number): void {
    const { slot, layout } = this.#variant.input;
    const buffer = this.#slots[slot];
    if (buffer === undefined) throw new Error(`the plan has no slot ${slot}`);
    const span = spanOf(layout);
    // The halo stays zero, since only what the layout speaks of is ever written.
    if (this.#staging.length < images * span) this.#staging = new Float32Array(images * span);
    intoLayout(values, first, images, this.#plan.input, layout, this.#staging, span);
    const start = 4 * layout.firstChannel * layout.planeStride;
    if (span === layout.imageStride) {
      this.#gpu.queue.writeBuffer(buffer, start, this.#staging, 0, images * span);
      return;
    }
    for (let n = 0; n < images; n++) {
      this.#gpu.queue.writeBuffer(buffer, start + 4 * n * layout.imageStride, this.#staging, n * span, span);
    }
  }

  #grow(capacity: number): void {
    for (const buffer of this.#slots) buffer.destroy();
    this.#capacity = capacity;
    this.#accepted = false;
    this.#prepared = new WeakMap();
    this.#slots = this.#variant.slots.map((bytes, index) =>
      this.#gpu.createBuffer({ label: `slot ${index}`, size: bytes * capacity, usage: STORAGE | COPY_SRC | COPY_DST }));
    this.#groups = this.#variant.steps.map((step, index) => {
      const entries = step.bindings.map((binding, number) => {
        const buffer = 'slot' in binding ? this.#slots[binding.slot] : this.#weights[binding.weight];
        if (buffer === undefined) throw new Error(`${step.name} binds a buffer that the plan does not have`);
        const offset = binding.offsetBytes ?? 0;
        return { binding: number, resource: { buffer, offset, size: Math.min(buffer.size - offset, this.#maxBindingBytes) } };
      });
      return this.#gpu.createBindGroup({ label: step.name, layout: this.#pipelines.layout(index), entries });
    });
  }

  async #checkScopes(images: number): Promise<void> {
    const [memory, validation] = await Promise.all([this.#gpu.popErrorScope(), this.#gpu.popErrorScope()]);
    // Some bindings answer null, others undefined, where nothing went wrong.
    this.#accepted = !(memory instanceof Object) && !(validation instanceof Object);
    if (this.#accepted) return;
    this.#capacity = 0;
    if (memory instanceof Object) {
      throw new MachineError(`no memory for the activations of ${images} images: ${memory.message}. Run fewer at a time`);
    }
    throw new Error(`the device refuses what netloom generated; please report this: ${validation?.message ?? ''}`);
  }
}
