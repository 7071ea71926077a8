// From a network to a model on the GPU, for the verbs that run one.

import type { AdapterOptions, Device } from '../../runtime/device.ts';
import { loadModel, type Model } from '../../runtime/model.ts';
import type { Plan } from '../../runtime/plan.ts';
import { compile } from '../compile.ts';
import type { TypedGraph } from '../ir/graph.ts';
import type { Program } from '../ir/kernel.ts';
import { targets } from '../passes/targets.ts';
import type { Terminal } from './terminal.ts';

export interface LoadSettings {
  readonly weights: string;
  readonly adapter: string | undefined;
  /** Make every layer an output. */
  readonly storeAll: boolean;
  /** Opens the device; it then outlives the model, but not a failure to load it. Absent: the model opens one for itself. */
  readonly open?: (plan: Plan, options: AdapterOptions) => Promise<Device>;
}

export interface Loaded {
  readonly model: Model;
  readonly program: Program;
  /** How long each stage took. */
  readonly milliseconds: { readonly compile: number; readonly load: number };
}

/** Compiles `graph` and loads it onto the GPU that `adapter` names, the best one where it names none. */
export async function load(graph: TypedGraph, { weights, adapter, storeAll, open }: LoadSettings, terminal: Terminal): Promise<Loaded> {
  const start = performance.now();
  const { plan, shaders, program } = compile(graph, { targets, storeAll });
  const compiled = performance.now();
  const options: AdapterOptions = { quiet: true, ...(adapter === undefined ? {} : { adapter }) };
  const device = await open?.(plan, options);
  const model = await loadModel({
    plan,
    weights,
    shaders: (path) => shaders.get(path) ?? '',
    ...(device === undefined ? options : { device }),
    onProgress: ({ stage, done, total }) => {
      terminal.progress(`${stage === 'weights' ? 'loading weights' : 'compiling kernels'} ${Math.floor((100 * done) / Math.max(total, 1))} %`);
    },
  }).catch((fault: unknown) => {
    device?.close();
    throw fault;
  });
  terminal.progress('');
  return { model, program, milliseconds: { compile: compiled - start, load: performance.now() - compiled } };
}

/** One line that says where a model runs and why there. */
export function whereItRuns({ device, variant, passedOver }: Model): string {
  const others = passedOver.map(({ name, reason }) => `; not ${name}: ${reason}`).join('');
  return `${device.adapter.name} (${device.reason}), variant ${variant.target}${others}\n`;
}
