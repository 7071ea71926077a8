// Shaders to pipelines, all at once. The layouts are made from the plan's bindings, not guessed from the shaders, so that the
// kernels of one step share a bind group.

import { readFile } from 'node:fs/promises';
import { messageOf } from './errors.ts';
import type { Binding, Kernel, Step } from './plan.ts';

/** Where shaders are: a folder, or a function from the plan's path to the text. */
export type Shaders = URL | ((path: string) => string | Promise<string>);

/** What one step needs to be dispatched. */
export interface StepPipelines {
  readonly layout: GPUBindGroupLayout;
  /** One for each of the step's kernels. */
  readonly pipelines: readonly GPUComputePipeline[];
}

const COMPUTE_STAGE = 4;

/** Compiles every kernel of `steps`, in parallel; `onDone` is called as each is ready. */
export async function createPipelines(
  gpu: GPUDevice, steps: readonly Step[], shaders: Shaders, onDone: (done: number, total: number) => void,
): Promise<readonly StepPipelines[]> {
  const texts = new Map<string, Promise<string>>();
  for (const { kernels } of steps) {
    for (const { shader } of kernels) if (!texts.has(shader)) texts.set(shader, readShader(shaders, shader));
  }
  await Promise.all(texts.values());
  const modules = new Map<string, GPUShaderModule>();
  // The faults are collected below, with the names of the files.
  gpu.pushErrorScope('validation');
  for (const [path, text] of texts) modules.set(path, gpu.createShaderModule({ label: path, code: await text }));
  const ignored = gpu.popErrorScope();

  const layouts = new Map<string, { bindings: GPUBindGroupLayout; pipeline: GPUPipelineLayout }>();
  const layoutOf = (step: Step) => {
    const types = step.bindings.map(bufferType);
    const key = types.join(' ');
    let layout = layouts.get(key);
    if (layout === undefined) {
      const entries = types.map((type, binding) => ({ binding, visibility: COMPUTE_STAGE, buffer: { type } }));
      const bindings = gpu.createBindGroupLayout({ label: key, entries });
      layout = { bindings, pipeline: gpu.createPipelineLayout({ label: key, bindGroupLayouts: [bindings] }) };
      layouts.set(key, layout);
    }
    return layout;
  };

  const made = new Map<string, Promise<GPUComputePipeline>>();
  let done = 0;
  const pipelineOf = (step: Step, { shader, entryPoint }: Kernel) => {
    const { pipeline: layout } = layoutOf(step);
    const key = `${shader} ${entryPoint} ${layout.label}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const module = modules.get(shader);
    if (module === undefined) throw new Error(`no shader ${shader}`);
    const pipeline = gpu.createComputePipelineAsync({ label: step.name, layout, compute: { module, entryPoint } }).then((ready) => {
      onDone(++done, made.size);
      return ready;
    }, (fault: unknown) => compilationFailed(module, shader, fault));
    made.set(key, pipeline);
    return pipeline;
  };
  const [all] = await Promise.all([
    Promise.all(steps.map(async (step) => ({
      layout: layoutOf(step).bindings,
      pipelines: await Promise.all(step.kernels.map((kernel) => pipelineOf(step, kernel))),
    }))),
    ignored,
  ]);
  return all;
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
