// From a network to a model on the GPU, for the verbs that run one.

import { loadModel, type Model } from '../../runtime/model.ts';
import { compile } from '../compile.ts';
import type { TypedGraph } from '../ir/graph.ts';
import { targets } from '../passes/targets.ts';
import type { Terminal } from './terminal.ts';

export interface LoadSettings {
  readonly weights: string;
  readonly adapter: string | undefined;
  /** Make every layer an output. */
  readonly storeAll: boolean;
}

export interface Loaded {
  readonly model: Model;
  /** How long each stage took. */
  readonly milliseconds: { readonly compile: number; readonly load: number };
}

/** Compiles `graph` and loads it onto the GPU that `adapter` names, the best one where it names none. */
export async function load(graph: TypedGraph, { weights, adapter, storeAll }: LoadSettings, terminal: Terminal): Promise<Loaded> {
  const start = performance.now();
  const { plan, shaders } = compile(graph, { targets, storeAll });
  const compiled = performance.now();
  const model = await loadModel({
    plan,
    weights,
    shaders: (path) => shaders.get(path) ?? '',
    quiet: true,
    ...(adapter === undefined ? {} : { adapter }),
    onProgress: ({ stage, done, total }) => {
      terminal.progress(`${stage === 'weights' ? 'loading weights' : 'compiling kernels'} ${Math.floor((100 * done) / Math.max(total, 1))} %`);
    },
  });
  terminal.progress('');
  return { model, milliseconds: { compile: compiled - start, load: performance.now() - compiled } };
}

/** One line that says where a model runs and why there. */
export function whereItRuns({ device, variant, passedOver }: Model): string {
  const others = passedOver.map(({ name, reason }) => `; not ${name}: ${reason}`).join('');
  return `${device.adapter.name} (${device.reason}), variant ${variant.target}${others}\n`;
}
