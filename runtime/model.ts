// A plan and its weights on a device, ready to run. What a run needs is made once: kernels and weights when the model is
// loaded, buffers when the largest batch so far comes. Runs may overlap: the queue keeps their order, and each has a buffer
// of its own to read its results from.

import { findAdapter, limitsOf, openAdapter, type AdapterOptions, type Device, type PassedOver } from './device.ts';
import { InputError } from './errors.ts';
import { fromLayout } from './layout.ts';
import { Pipelines, type Shaders } from './pipelines.ts';
import type { Plan, TensorSpec, Variant } from './plan.ts';
import { Program, type Watch } from './program.ts';
import { Readbacks, readBuffer } from './readback.ts';
import { uploadWeights } from './upload.ts';
import { deviceNeeds, largestPart, pickVariant } from './variant.ts';
import { warmKernels } from './warm.ts';
import { openWeights, type Weights } from './weights.ts';

/** How far loading is: bytes of weights, or kernels compiled. */
export interface LoadProgress {
  readonly stage: 'weights' | 'kernels';
  readonly done: number;
  readonly total: number;
}

export interface LoadOptions<P extends Plan = Plan> extends AdapterOptions {
  readonly plan: P;
  /** The folder of the plan's shaders (a file URL that ends in `/`), or a function from a path in it to its text. */
  readonly shaders: Shaders;
  /** A `.safetensors` file, `synthetic:SEED`, or weights of the program's own. */
  readonly weights: string | URL | Weights;
  /** A device to share, which stays open when the model is closed. Absent: one is opened for the plan's needs. */
  readonly device?: Device;
  /** The size of the first batch: its kernels are compiled while weights are loaded, others when they are needed. Default 1. */
  readonly batch?: number;
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** One tensor of a result. */
export interface OutputTensor {
  /** The batch, then H,W,C or C: [8, 1000]. */
  readonly shape: readonly number[];
  /** N,H,W,C, contiguous. */
  readonly data: Float32Array;
}

/** The model that a plan makes, with the names of its outputs and of its input as types. */
export type ModelOf<P extends Plan> = Model<P['outputs'][number]['name'], P['input']['name']>;

/** A whole batch in N,H,W,C order, bare or under the input's name. */
export type ModelInput<InputName extends string> = Float32Array | Readonly<Record<InputName, Float32Array>>;

export interface RunOptions<OutputName extends string> {
  /** Arrays of the caller's to put results into, of exactly their length. */
  readonly into?: Readonly<Partial<Record<OutputName, Float32Array>>>;
  /** Looks on, for a batch that needs no parts: see `profile.ts`. */
  readonly watch?: Watch;
}

/**
 * Opens a device for `plan` (unless one is given), takes the first variant that it can run, and compiles the kernels while the
 * weights stream in. Throws InputError for weights that do not fit, MachineError for a device that does not.
 */
export async function loadModel<const P extends Plan>(options: LoadOptions<P>): Promise<ModelOf<P>> {
  const { plan, shaders, onProgress } = options;
  const weights = await openWeights(options.weights, plan.tensors);
  try {
    const { device, variant, passedOver } = await prepareDevice(options);
    const owned = options.device === undefined;
    try {
      const maxBytes = Math.min(
        device.gpu.limits.maxStorageBufferBindingSize, device.gpu.limits.maxBufferSize, variant.needs.maxStorageBufferBindingSize,
      );
      const part = largestPart(plan, variant, maxBytes, device.gpu.limits.maxComputeWorkgroupsPerDimension);
      const images = Math.min(options.batch ?? 1, part);
      const pipelines = new Pipelines(device.gpu, variant.steps, shaders);
      let failed = false;
      const uploading = uploadWeights(device, variant, weights, (done, total) => onProgress?.({ stage: 'weights', done, total }));
      const uploaded = uploading.catch(() => {
        failed = true;
      });
      const compiling = pipelines.make(images, (done, total) => onProgress?.({ stage: 'kernels', done, total })).then(async () => {
        if (device.adapter.kind === 'software') await warmKernels(device, variant.steps, pipelines, images, uploaded, () => failed);
      });
      const [, buffers] = await both(compiling, uploading);
      if (device.fault !== undefined) throw device.fault;
      const program = new Program(device.gpu, plan, variant, pipelines, buffers, maxBytes);
      return new Model({ plan, variant, passedOver, device, owned, program, part });
    } catch (fault) {
      const loss = device.fault;
      if (owned) device.close();
      throw loss ?? fault;
    }
  } finally {
    // A program's own weights may serve another model.
    if (weights !== options.weights) await weights.close();
  }
}

interface Loaded {
  readonly plan: Plan;
  readonly variant: Variant;
  readonly passedOver: readonly PassedOver[];
  readonly device: Device;
  /** Whether the device is closed with the model. */
  readonly owned: boolean;
  readonly program: Program;
  /** How many images can be run at once. */
  readonly part: number;
}

/** A loaded model. Made by `loadModel`; it holds GPU memory until `close`. */
export class Model<OutputName extends string = string, InputName extends string = string> {
  readonly plan: Plan;
  /** The variant of the plan that the device runs. */
  readonly variant: Variant;
  /** The variants before it in the plan, and why this device cannot run them. */
  readonly passedOver: readonly PassedOver[];
  readonly device: Device;
  readonly #loaded: Loaded;
  readonly #readbacks: Readbacks;
  #closed = false;

  constructor(loaded: Loaded) {
    this.plan = loaded.plan;
    this.variant = loaded.variant;
    this.passedOver = loaded.passedOver;
    this.device = loaded.device;
    this.#loaded = loaded;
    this.#readbacks = new Readbacks(loaded.device.gpu);
  }

  /** The GPU buffers it holds. Their number does not grow with the number of runs. */
  get bufferCount(): number {
    return this.#loaded.program.bufferCount + this.#readbacks.count;
  }

  /** How many images of a batch this device runs at once; a larger one is run in parts, in the memory of one part. */
  get imagesAtOnce(): number {
    return this.#loaded.part;
  }

  /**
   * Runs the network on a batch of any size; what does not fit the device at once is run in parts. The input array must stay
   * as it is until the result is there. Calls may overlap. Every output of the plan is in the result, by its name.
   */
  async run(input: ModelInput<InputName>, options: RunOptions<OutputName> = {}): Promise<Record<OutputName, OutputTensor>> {
    this.#assertUsable();
    const values = valuesOf(input, this.plan.input);
    const images = values.length / elements(this.plan.input.shape);
    const results = this.plan.outputs.map((output) => resultArray(output, images, options.into));
    const { part } = this.#loaded;
    if (options.watch !== undefined && images > part) {
      throw new InputError(`${images} images are run in parts of ${part} on ${this.device.adapter.name}, and only one part can be watched: give ${part} at most`);
    }
    const parts: Promise<void>[] = [];
    for (let first = 0; first < images; first += part) {
      parts.push(this.#runPart(values, first, Math.min(part, images - first), results, options.watch));
    }
    // All of them, so that none writes into the caller's arrays after this has failed.
    const failed = (await Promise.allSettled(parts)).find((settled) => settled.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const named = this.plan.outputs.map(({ name, shape }, index) => [name, { shape: [images, ...shape], data: results[index] }]);
    return Object.fromEntries(named) as Record<OutputName, OutputTensor>;
  }

  /** Frees the GPU's memory. A run that is not done yet is rejected. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#loaded.program.destroy();
    this.#readbacks.destroy();
    if (this.#loaded.owned) this.device.close();
  }

  async #runPart(values: Float32Array, first: number, images: number, results: readonly Float32Array[], watch?: Watch): Promise<void> {
    const { program } = this.#loaded;
    const last = program.sections(images).at(-1);
    const bytes = last === undefined ? 0 : last.at + last.bytes;
    const readback = await this.#readbacks.take(bytes);
    try {
      await program.ready(images);
      this.#assertUsable();
      const accepted = program.submit(values, first, images, readback, watch);
      const read = readBuffer(readback, bytes, this.device.lost, (stored) => {
        watch?.done('wait');
        for (const [index, section] of program.sections(images).entries()) {
          const [output, into] = [this.plan.outputs[index], results[index]];
          if (output === undefined || into === undefined) continue;
          fromLayout(new Float32Array(stored, section.at, section.bytes / 4), images, output, section.layout, into, first);
        }
        watch?.done('results');
      });
      // Not before the results have been asked for.
      program.prepare(images, readback);
      watch?.done('prepare');
      await both(accepted, read);
    } catch (fault) {
      throw this.#closed ? new Error(`${this.plan.model} was closed while it ran`, { cause: fault }) : fault;
    } finally {
      this.#readbacks.give(readback);
    }
  }

  #assertUsable(): void {
    if (this.#closed) throw new Error(`${this.plan.model} was closed: load it again`);
    if (this.device.fault !== undefined) throw this.device.fault;
  }
}

async function prepareDevice(options: LoadOptions): Promise<Pick<Loaded, 'device' | 'variant' | 'passedOver'>> {
  const { plan, device } = options;
  if (device !== undefined) {
    if (device.fault !== undefined) throw device.fault;
    const opened = { ...device.adapter, features: [...device.gpu.features], limits: limitsOf(device.gpu.limits) };
    return { device, ...pickVariant(plan, opened) };
  }
  const found = await findAdapter(options);
  const pick = pickVariant(plan, found.report);
  return { device: await openAdapter(found, deviceNeeds(pick.variant)), ...pick };
}

function valuesOf(input: ModelInput<string>, { name, shape }: TensorSpec): Float32Array {
  const values: unknown = input instanceof Float32Array ? input : input[name];
  if (!(values instanceof Float32Array)) throw new InputError(`run takes a Float32Array, or { ${name}: Float32Array }`);
  const size = elements(shape);
  const over = values.length % size;
  if (values.length === 0 || over > 0) {
    const images = Math.floor(values.length / size);
    throw new InputError(`${name} has ${values.length} values; ${shape.join('x')} takes ${size} for each image, ` +
      (images === 0 ? `${size - values.length} more` : `and ${over} are left over after ${images}`));
  }
  return values;
}

function resultArray({ name, shape }: TensorSpec, images: number, into: RunOptions<string>['into']): Float32Array {
  const length = images * elements(shape);
  const given = into?.[name];
  if (given !== undefined && given.length !== length) {
    throw new InputError(`${name} gives ${length} values for ${images} images, and the array to put them into has ${given.length}`);
  }
  return given ?? new Float32Array(length);
}

/** Both results; where either fails, the first fault, but only when both have ended. */
async function both<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  const failed = (await Promise.allSettled([a, b])).find((settled) => settled.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return [await a, await b];
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
