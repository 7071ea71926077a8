// Shaders to pipelines, those of a batch all at once, and each only when a batch first needs it: a real GPU's compiler takes its
// time for each, and most programs run one size of batch. The layouts are made from the plan's bindings, not guessed from the
// shaders, so that the kernels of one step share a bind group.

import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { messageOf } from './errors.ts';
import { kernelIdentity } from './kernel-identity.ts';
import type { Binding, Step } from './plan.ts';
import { kernelFor } from './variant.ts';

/** Where shaders are: a folder, or a function from the plan's path to the text. */
export type Shaders = URL | ((path: string) => string | Promise<string>);

/** A kernel of the plan: `steps[step].kernels[choice]`. */
export interface KernelPlace {
  readonly step: number;
  readonly choice: number;
}

interface Layouts {
  readonly bindings: GPUBindGroupLayout;
  readonly pipeline: GPUPipelineLayout;
}

const COMPUTE_STAGE = 4;

/** The kernels of `steps` on a device. */
export class Pipelines {
  readonly #gpu: GPUDevice;
  readonly #steps: readonly Step[];
  readonly #shaders: Shaders;
  readonly #texts = new Map<string, Promise<string>>();
  readonly #modules = new Map<string, Promise<GPUShaderModule>>();
  readonly #layouts = new Map<string, Layouts>();
  readonly #keys = new Map<string, Promise<string>>();
  /** Kernels that differ in their names alone share a pipeline: networks repeat themselves. */
  readonly #made = new Map<string, Promise<GPUComputePipeline>>();
  /** By step and choice. */
  readonly #ready: (GPUComputePipeline | undefined)[][];

  constructor(gpu: GPUDevice, steps: readonly Step[], shaders: Shaders) {
    this.#gpu = gpu;
    this.#steps = steps;
    this.#shaders = shaders;
    this.#ready = steps.map(({ kernels }) => kernels.map(() => undefined));
  }

  /** The kernels that a batch of `images` runs, each pipeline once. */
  async kernels(images: number): Promise<readonly KernelPlace[]> {
    const places = this.#steps.map((step, index): KernelPlace => ({ step: index, choice: kernelFor(step, images) }));
    const keyed = await Promise.all(places.map(async (place) => [await this.#key(place), place] as const));
    // Of places with one key, a Map keeps the last: the first layer that has a kernel gives it its name.
    return [...new Map(keyed.toReversed()).values()].reverse();
  }

  /** Whether all that a batch of `images` runs is compiled. */
  has(images: number): boolean {
    return this.#steps.every((step, index) => this.#ready[index]?.[kernelFor(step, images)] !== undefined);
  }

  /** Compiles what a batch of `images` runs, in parallel; `onDone` is called as each kernel is ready. */
  async make(images: number, onDone?: (done: number, total: number) => void): Promise<void> {
    const kernels = await this.kernels(images);
    const left = [...kernels];
    let done = 0;
    // One for each core: Dawn starts a thread for each, and what they hold would pile up.
    await Promise.all(Array.from({ length: availableParallelism() }, async () => {
      for (let place = left.shift(); place !== undefined; place = left.shift()) {
        await this.pipeline(place);
        onDone?.(++done, kernels.length);
      }
    }));
    for (const [index, step] of this.#steps.entries()) {
      const choice = kernelFor(step, images);
      const ready = this.#ready[index];
      if (ready !== undefined) ready[choice] = await this.pipeline({ step: index, choice });
    }
  }

  /** One kernel, compiled when it is first asked for. */
  async pipeline(place: KernelPlace): Promise<GPUComputePipeline> {
    const key = await this.#key(place);
    let made = this.#made.get(key);
    if (made === undefined) {
      made = this.#compile(place);
      this.#made.set(key, made);
    }
    return made;
  }

  /** What `make` has compiled. */
  at(step: number, choice: number): GPUComputePipeline | undefined {
    return this.#ready[step]?.[choice];
  }

  layout(step: number): GPUBindGroupLayout {
    return this.#layoutsOf(step).bindings;
  }

  /** The text of a shader, read once. */
  text(shader: string): Promise<string> {
    let text = this.#texts.get(shader);
    if (text === undefined) {
      text = readShader(this.#shaders, shader);
      this.#texts.set(shader, text);
    }
    return text;
  }

  #key({ step, choice }: KernelPlace): Promise<string> {
    const { kernels, bindings } = this.#steps[step] ?? { kernels: [], bindings: [] };
    const { shader = '', entryPoint = '' } = kernels[choice] ?? {};
    const name = `${shader} ${entryPoint}`;
    let key = this.#keys.get(name);
    if (key === undefined) {
      key = this.text(shader).then((code) => kernelIdentity(code, entryPoint));
      this.#keys.set(name, key);
    }
    return key.then((identity) => [identity, ...bindings.map(bufferType)].join(' '));
  }

  #layoutsOf(step: number): Layouts {
    const types = this.#steps[step]?.bindings.map(bufferType) ?? [];
    const label = types.join(' ');
    let layouts = this.#layouts.get(label);
    if (layouts === undefined) {
      const entries = types.map((type, binding) => ({ binding, visibility: COMPUTE_STAGE, buffer: { type } }));
      const bindings = this.#gpu.createBindGroupLayout({ label, entries });
      layouts = { bindings, pipeline: this.#gpu.createPipelineLayout({ label, bindGroupLayouts: [bindings] }) };
      this.#layouts.set(label, layouts);
    }
    return layouts;
  }

  async #compile({ step, choice }: KernelPlace): Promise<GPUComputePipeline> {
    const { name, kernels } = this.#steps[step] ?? { name: '', kernels: [] };
    const kernel = kernels[choice];
    if (kernel === undefined) throw new Error(`step ${step} has no kernel ${choice}`);
    const { shader, entryPoint } = kernel;
    const module = await this.#module(shader);
    const { pipeline: layout } = this.#layoutsOf(step);
    return this.#gpu.createComputePipelineAsync({ label: name, layout, compute: { module, entryPoint } })
      .catch((fault: unknown) => compilationFailed(module, shader, fault));
  }

  #module(shader: string): Promise<GPUShaderModule> {
    let module = this.#modules.get(shader);
    if (module === undefined) {
      module = this.text(shader).then((code) => {
        // Its faults come with the pipeline's, with the name of the file.
        this.#gpu.pushErrorScope('validation');
        const made = this.#gpu.createShaderModule({ label: shader, code });
        this.#gpu.popErrorScope().catch(() => undefined);
        return made;
      });
      this.#modules.set(shader, module);
    }
    return module;
  }
}

function bufferType(binding: Binding): GPUBufferBindingType {
  return 'slot' in binding && binding.access === 'write' ? 'storage' : 'read-only-storage';
}

async function readShader(shaders: Shaders, path: string): Promise<string> {
  if (!(shaders instanceof URL)) return shaders(path);
  try {
    return await readFile(new URL(path, shaders), 'utf8');
  } catch (fault) {
    throw new Error(`the shader ${path} of the compiled model cannot be read: ${messageOf(fault)}. Compile the model again`, { cause: fault });
  }
}

async function compilationFailed(module: GPUShaderModule, path: string, fault: unknown): Promise<never> {
  const { messages } = await module.getCompilationInfo();
  const errors = messages.filter(({ type }) => type === 'error');
  const lines = errors.map(({ lineNum, linePos, message }) => `${path}:${lineNum}:${linePos}: ${message}`);
  const text = (lines.length > 0 ? lines : [`${path}: ${messageOf(fault)}`]).join('\n');
  throw new Error(`a shader that netloom generated does not compile; please report this:\n${text}`, { cause: fault });
}
