// From a network to a model on the GPU, for the verbs that run one. The adapter is found first, so that the network is
// compiled only for the best target that it can run.

import { findAdapter, openAdapter, type AdapterOptions, type AdapterReport, type Device, type FoundAdapter, type PassedOver } from '../../runtime/device.ts';
import { loadModel, type Model } from '../../runtime/model.ts';
import type { Precision, Variant } from '../../runtime/plan.ts';
import { deviceNeeds, findVariant, noVariant, whyNot } from '../../runtime/variant.ts';
import { compile, type Compiled } from '../compile.ts';
import { needsOf } from '../emit/plan.ts';
import type { TypedGraph } from '../ir/graph.ts';
import type { Schedule } from '../passes/schedule.ts';
import type { Target } from '../ir/target.ts';
import type { Terminal } from './terminal.ts';
import { staleNotes, type TunedSource } from './tuned.ts';

export interface LoadSettings {
  readonly weights: string;
  readonly adapter: string | undefined;
  /** Best first: the first that the adapter can run is taken. */
  readonly targets: readonly Target[];
  readonly precision: Precision;
  /** Where to find ways that were measured on the adapter, besides those that ship; absent: those alone. */
  readonly tuned?: TunedSource;
  /** Make every layer an output. */
  readonly storeAll: boolean;
  /** How many images the first run will have. */
  readonly batch: number;
  /** How the adapter is found and opened; absent: for nothing but running. */
  readonly find?: (options: AdapterOptions) => Promise<FoundAdapter>;
  readonly open?: (found: FoundAdapter, variant: Variant) => Promise<Device>;
}

export interface Loaded {
  readonly model: Model;
  readonly schedule: Schedule;
  /** The targets before the one that was taken, and why the adapter cannot run them. */
  readonly passedOver: readonly PassedOver[];
  /** The file whose ways some of its kernels are written in. */
  readonly tunedBy: string | undefined;
  /** How long each stage took. */
  readonly milliseconds: { readonly compile: number; readonly load: number };
  /** Gives the GPU back. */
  readonly close: () => void;
}

const openToRun = (found: FoundAdapter, variant: Variant): Promise<Device> => openAdapter(found, deviceNeeds(variant));

/** Compiles `graph` and loads it onto the GPU that `adapter` names, the best one where it names none. */
export async function load(graph: TypedGraph, settings: LoadSettings, terminal: Terminal): Promise<Loaded> {
  const { weights, adapter, targets, precision, batch, find = findAdapter, open = openToRun } = settings;
  const start = performance.now();
  // Who names a target that takes an experimental feature asks for it.
  const experimental = targets.some((target) => needsOf(target, precision === 'f16').features.some((name) => name.startsWith('chromium-experimental-')));
  const found = await find({ quiet: true, ...(adapter === undefined ? {} : { adapter }), ...(experimental ? { experimental } : {}) });
  const ready = performance.now();
  const { compiled: { plan, shaders }, schedule, variant, passedOver, tunedBy, notes } = compileFor(found.report, graph, settings);
  for (const note of notes) terminal.err(`note: ${note}\n`);
  const compiled = performance.now();
  const device = await open(found, variant);
  const model = await loadModel({
    plan,
    weights,
    shaders: (path) => shaders.get(path) ?? '',
    device,
    batch,
    onProgress: ({ stage, done, total }) => {
      terminal.progress(`${stage === 'weights' ? 'loading weights' : 'compiling kernels'} ${Math.floor((100 * done) / Math.max(total, 1))} %`);
    },
  }).catch((fault: unknown) => {
    device.close();
    throw fault;
  });
  terminal.progress('');
  const close = (): void => {
    model.close();
    device.close();
  };
  return { model, schedule, passedOver, tunedBy, milliseconds: { compile: compiled - ready, load: performance.now() - compiled + ready - start }, close };
}

export interface Choice {
  readonly compiled: Compiled;
  readonly schedule: Schedule;
  readonly variant: Variant;
  readonly passedOver: readonly PassedOver[];
  readonly tunedBy: string | undefined;
  /** What is to be told of files of tuned ways. */
  readonly notes: readonly string[];
}

/** Most targets can be ruled out by what they are; the rest by what the network becomes for them. */
export function compileFor(adapter: AdapterReport, graph: TypedGraph, { targets, precision, storeAll, batch, tuned = () => ({ notes: [] }) }: Pick<LoadSettings, 'targets' | 'precision' | 'storeAll' | 'batch' | 'tuned'>): Choice {
  const passedOver: PassedOver[] = [];
  for (const target of targets) {
    const reason = whyNot(needsOf(target, precision === 'f16'), adapter);
    if (reason !== undefined) {
      passedOver.push({ name: target.name, reason });
      continue;
    }
    const { ways = new Map<string, never>(), path, notes } = tuned(target.name, adapter);
    const compiled = compile(graph, { targets: [target], precision, storeAll, batch, tuned: ways === 'none' ? ways : new Map([[target.name, ways]]) });
    const { variant, passedOver: refused } = findVariant(compiled.plan, adapter);
    const [schedule] = compiled.schedules;
    if (variant !== undefined && schedule !== undefined) {
      const tunedBy = schedule.tuning.used > 0 ? path : undefined;
      return { compiled, schedule, variant, passedOver, tunedBy, notes: [...notes, ...staleNotes(path ?? '', schedule)] };
    }
    passedOver.push(...refused);
  }
  throw noVariant(graph.document.name.value, adapter, passedOver);
}

/** One line that says where a model runs and why there. */
export function whereItRuns({ model: { device, plan, variant }, passedOver, tunedBy }: Pick<Loaded, 'model' | 'passedOver' | 'tunedBy'>): string {
  const others = passedOver.map(({ name, reason }) => `; not ${name}: ${reason}`).join('');
  return `${device.adapter.name} (${device.reason}), variant ${variant.target}${plan.precision === 'f16' ? ', weights in f16' : ''}${tunedBy === undefined ? '' : `, tuned by ${tunedBy}`}${others}\n`;
}
