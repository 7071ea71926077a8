// A network on the GPU for a measurement of this process, by the way that the command goes.

import { checkFile } from '../../compiler/cli/spec.ts';
import { load, type Loaded } from '../../compiler/cli/gpu.ts';
import type { Terminal } from '../../compiler/cli/terminal.ts';
import type { TypedGraph } from '../../compiler/ir/graph.ts';
import { targets } from '../../compiler/passes/targets.ts';
import type { Diagnostic } from '../../compiler/source/diagnostic.ts';
import { findForProfile, openTimed } from '../../runtime/profile.ts';
import type { AdapterName } from './adapter.ts';

const nobodyWatches: Terminal = {
  input: () => Promise.resolve(''),
  out: () => undefined,
  err: () => undefined,
  progress: () => undefined,
  color: { out: false, err: false },
  env: {},
};

/** The network of a spec's file, with other values for its params. */
export function graphOf(path: string, params: Readonly<Record<string, string>> = {}): TypedGraph {
  return rightGraph(path, checkFile(path, new Map(Object.entries(params))));
}

/** A network that was checked; throws an Error with what is wrong with it. */
export function rightGraph(name: string, { graph, diagnostics }: { readonly graph: TypedGraph | undefined; readonly diagnostics: readonly Diagnostic[] }): TypedGraph {
  if (graph === undefined) throw new Error(`${name}: ${diagnostics.map(({ message }) => message).join('; ')}`);
  return graph;
}

/** With weights of a formula, f32, for batches of `batch` first, on a device that tells the time. */
export function loadNetwork(graph: TypedGraph, adapter: AdapterName, batch: number): Promise<Loaded> {
  return load(graph, { weights: 'synthetic:1', adapter, targets, precision: 'f32', storeAll: false, batch, find: findForProfile, open: openTimed }, nobodyWatches);
}
