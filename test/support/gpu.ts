// Networks on the GPUs of this machine, for tests that compare kernels with their judges.

import { loadModel } from '../../runtime/model.ts';
import { findAdapter, openAdapter, type Device } from '../../runtime/device.ts';
import type { Precision } from '../../runtime/plan.ts';
import { check } from '../../compiler/check.ts';
import { neighboursOf } from '../../compiler/cli/files.ts';
import { compile } from '../../compiler/compile.ts';
import type { TypedGraph } from '../../compiler/ir/graph.ts';
import type { Target } from '../../compiler/ir/target.ts';
import type { Tuned } from '../../compiler/passes/ways.ts';
import { targets } from '../../compiler/passes/targets.ts';

/** The kinds of GPU that tests run on, those there are; a missing one is said aloud. */
export async function adapters(): Promise<readonly string[]> {
  const wanted = ['hardware', 'lavapipe', 'swiftshader'];
  const found = await Promise.all(wanted.map((adapter) => findAdapter({ adapter, quiet: true }).then(() => adapter, () => undefined)));
  wanted.forEach((adapter, index) => {
    if (found[index] === undefined) console.warn(`SKIPPED: no ${adapter} adapter on this machine`);
  });
  return found.filter((adapter) => adapter !== undefined);
}

export interface Bench {
  readonly adapter: string;
  readonly device: Device;
  readonly target: Target;
}

/**
 * Each target with an open device that can run it; a target that no adapter here can run is said aloud. The last adapter
 * that can takes it: SwiftShader compiles the portable kernels a hundred times faster than lavapipe.
 */
export async function benches(): Promise<readonly Bench[]> {
  const open = await Promise.all((await adapters()).map(async (adapter) => ({ adapter, device: await openAdapter(await findAdapter({ adapter, quiet: true })) })));
  return targets.flatMap((target) => {
    const bench = open.findLast(({ device: { adapter } }) => {
      const size = target.subgroupSize;
      return size === undefined || (adapter.features.includes('subgroups') && adapter.subgroupMinSize === size && adapter.subgroupMaxSize === size);
    });
    if (bench === undefined) console.warn(`SKIPPED: no adapter of this machine runs ${target.name}`);
    return bench === undefined ? [] : [{ ...bench, target }];
  });
}

/** The network of a right spec; what it is built on lies beside `path`. */
export function networkOf(text: string, overrides: Readonly<Record<string, string>> = {}, path = 'spec.yaml'): TypedGraph {
  const { graph, diagnostics } = check({ path, text, ...neighboursOf(path) }, new Map(Object.entries(overrides)));
  if (graph === undefined) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  return graph;
}

/** Every layer of a network, as the kernels of `target` compute it. */
export async function everyLayer(
  graph: TypedGraph, target: Target, device: Device, seed: number, input: Float32Array, precision: Precision = 'f32', ways: Tuned = new Map(),
): Promise<ReadonlyMap<string, Float32Array>> {
  const { plan, shaders } = compile(graph, { targets: [target], storeAll: true, precision, tuned: new Map([[target.name, ways]]) });
  const model = await loadModel({ plan, shaders: (path) => shaders.get(path) ?? '', weights: `synthetic:${seed}`, device });
  try {
    return new Map(Object.entries(await model.run(input)).map(([name, { data }]) => [name, data]));
  } finally {
    model.close();
  }
}
