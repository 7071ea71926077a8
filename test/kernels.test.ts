// Every kernel against the interpreter, every value of every layer, in every variant that an adapter here can run.

import { afterAll, describe, expect, test } from 'vitest';
import { compile } from '../compiler/compile.ts';
import type { TypedGraph } from '../compiler/ir/graph.ts';
import type { Target } from '../compiler/ir/target.ts';
import { fuse } from '../compiler/passes/fuse.ts';
import { portable } from '../compiler/passes/targets.ts';
import { waysOf, workOf, type Tuned } from '../compiler/passes/ways.ts';
import { benches, networkOf } from './support/gpu.ts';
import { differences, smallNetworks, withoutWinograd, type Setting } from './support/small-networks.ts';

/** Each with the kernels that all targets have. */
const all = (await benches()).map((bench) => ({ ...bench, target: withoutWinograd(bench.target) }));

const small = (layers: string): TypedGraph => networkOf(`netloom: 1\nname: small${layers}\n`);

async function holds(graph: TypedGraph, bench: Setting, seed: number, batch: number, most = 5e-6): Promise<void> {
  const found = await differences(graph, bench, seed, batch);
  expect(found.size).toBeGreaterThan(0);
  for (const [layer, difference] of found) expect(difference.error, `${layer}, batch ${batch}: ${JSON.stringify(difference)}`).toBeLessThan(most);
}

describe.each(all)('$target.name on $adapter', (bench) => {
  test.each(Object.entries(smallNetworks))('%s', async (_, layers) => {
    for (const batch of [1, 11]) await holds(small(layers), bench, 5, batch);
  });
});

// Against the weights as they are stored, so as exactly as in f32.
describe.each(all)('weights in f16, $target.name on $adapter', (bench) => {
  test.each(Object.entries(smallNetworks).filter(([, layers]) => /op: (conv|dense)/.test(layers)))('%s', async (_, layers) => {
    for (const batch of [1, 11]) await holds(small(layers), { ...bench, precision: 'f16' }, 5, batch);
  });
});

const within = (target: Target, limits: Partial<Target['limits']>): Target => ({ ...target, limits: { ...target.limits, ...limits } });

/** A dense layer in three parts: 131 outputs where a binding holds 64 rows, with a tail that reads and keeps other values. */
const parts = `
input: { image: 8x8x4 }
layers:
  other: { op: dense, units: 131 }
  a: { op: dense, units: 131, from: image }
  n: { op: batchnorm, from: other }
  s: { op: add, from: [a, n], activation: relu }
  t: { op: batchnorm }
  u: { op: add, from: [t, a] }`;

test.each(all)('weights larger than a binding, $target.name on $adapter', async ({ target, device }) => {
  const tight = within(target, { maxStorageBufferBindingSize: 64 * 256 * 4 });
  const graph = small(parts);
  const dispatches = compile(graph, { targets: [tight] }).plan.variants[0]?.steps.map(({ name }) => name);
  expect(dispatches?.filter((name) => name.includes('of 3'))).toHaveLength(6);
  await holds(graph, { target: tight, device }, 9, 3);

  const half = compile(graph, { targets: [tight], precision: 'f16' }).plan.variants[0]?.steps.map(({ name }) => name);
  expect(half?.filter((name) => name.includes('of 2'))).toHaveLength(4);
  await holds(graph, { target: tight, device, precision: 'f16' }, 9, 2);
});

describe.each(all)('all limits close, $target.name on $adapter', ({ target, device }) => {
  const tight = within(target, {
    maxStorageBuffersPerShaderStage: 4,
    maxComputeInvocationsPerWorkgroup: target.subgroupSize ?? 16,
    maxComputeWorkgroupStorageSize: 1024,
    maxComputeWorkgroupsPerDimension: 40,
  });
  test.each(Object.entries(smallNetworks).filter(([name, layers]) => !name.startsWith('so many') && !layers.includes('[a, end, finished]')))('%s', async (_, layers) => {
    const graph = small(layers);
    const { plan, shaders } = compile(graph, { targets: [tight], storeAll: true });
    for (const { bindings, kernels } of plan.variants[0]?.steps ?? []) {
      expect(bindings.length).toBeLessThanOrEqual(4);
      for (const { workgroups, shader } of kernels) {
        expect(Math.max(...workgroups)).toBeLessThanOrEqual(40);
        expect(Number(/@workgroup_size\((\d+)\)/.exec(shaders.get(shader) ?? '')?.[1])).toBeLessThanOrEqual(target.subgroupSize ?? 16);
      }
    }
    await holds(graph, { target: tight, device }, 5, 9);
  });
});

/** As kernels for hardware GPUs are made, for the subgroups that software ones have. */
const sharing = all.flatMap(({ target: { name, subgroupSize }, ...bench }) =>
  subgroupSize === undefined ? [] : [{ ...bench, target: { ...portable, name: `${name}, as on hardware`, subgroupSize, subgroupsAtOnce: 1000 } }]);

describe.each(sharing)('subgroups that share the inputs, $target.name on $adapter', (bench) => {
  const networks = { ...smallNetworks, 'three channels, and channels that fill no block': `
input: { image: 23x21x3 }
layers:
  a: { op: conv, filters: 24, kernel: 5, stride: 2, pad: 2 }
  b: { op: conv, filters: 14, kernel: 3, pad: 1, groups: 2, activation: relu }` };
  test.each(Object.entries(networks).filter(([, layers]) => layers.includes('op: conv')))('%s', async (_, layers) => {
    await holds(small(layers), bench, 5, 2);
  });
  test.each(Object.entries(smallNetworks).filter(([, layers]) => layers.includes('op: dense')))('%s', async (_, layers) => {
    for (const batch of [1, 9, 18]) await holds(small(layers), bench, 5, batch);
  });
  test('so they do', () => {
    const [network = ''] = Object.values(networks).slice(-1);
    const shaders = [...compile(small(network), { targets: [bench.target] }).shaders.values()];
    expect(shaders.map((code) => Number(/@workgroup_size\((\d+)\)/.exec(code)?.[1]) / bench.target.subgroupSize)).toEqual([3, 6]);
  });
});

test.each(all.slice(0, 1))('more rows than a dimension of a dispatch has workgroups, $target.name on $adapter', async (bench) => {
  const graph = small('\ninput: { image: 70001x2x2 }\nlayers:\n  a: { op: conv, filters: 3, kernel: 3, pad: 1 }\n  b: { op: softmax }');
  const { plan, shaders } = compile(graph, { targets: [bench.target] });
  const b = plan.variants[0]?.steps.find(({ name }) => name === 'b')?.kernels[0];
  expect(b?.workgroups).toEqual([46668, 3]);
  expect(shaders.get(b?.shader ?? '')).toContain('// 2 x 70001 workgroups are too many for a dimension: they are dispatched as 46668 x 3.');
  await holds(graph, bench, 5, 1);
});

/** Square kernels of all sizes, tiles of all sizes that fit the picture or do not, groups, channels that no lane fills, tails; and what is squashed. */
const tiled = `
input: { image: 13x11x8 }
layers:
  a: { op: conv, filters: 24, kernel: 3, pad: 1, activation: relu }
  b: { op: conv, filters: 20, kernel: 3, pad: [1, 0, 0, 2], groups: 2, bias: false }
  bn: { op: batchnorm, activation: gelu }
  c: { op: conv, filters: 24, kernel: 5, pad: 2, from: a, groups: 2 }
  d: { op: conv, filters: 24, kernel: 3, pad: 1 }
  s: { op: add, from: [d, a], activation: relu }
  e: { op: conv, filters: 16, kernel: 2, from: a }
  f: { op: conv, filters: 40, kernel: 3, activation: leaky_relu }
  g: { op: conv, filters: 8, kernel: [3, 1] }
  h: { op: conv, filters: 16, kernel: 7, stride: 2, pad: [3, 2, 3, 4], from: image, activation: relu }
  i: { op: conv, filters: 32, kernel: 5, stride: 2, pad: 2, groups: 2, from: a }
  j: { op: conv, filters: 16, kernel: 3, from: a, activation: sigmoid }
outputs: [bn, c, s, g, h, i, j]`;

/** Where multiply-adds cost more than anything else, whoever needs the fewest is chosen. */
const dear = (target: Target): Target => ({ ...target, costs: { ...target.costs, load: 5, fma: 10_000, fmaAlone: 10_000 } });

/** The layers, by their first letters, that are done in Winograd's tiles, and the shaders of their products. */
function withProducts(graph: TypedGraph, target: Target, ways: Tuned = new Map()): { readonly steps: readonly string[]; readonly codes: readonly string[] } {
  const { plan, shaders } = compile(graph, { targets: [target], tuned: new Map([[target.name, ways]]) });
  const steps = plan.variants[0]?.steps.filter(({ name }) => name.endsWith('(products)')) ?? [];
  return { steps: steps.map(({ name }) => name.charAt(0)), codes: steps.map(({ kernels }) => shaders.get(kernels[0]?.shader ?? '') ?? '') };
}

describe.each(all.filter(({ target }) => target.costs.store !== undefined))('convolutions in Winograd tiles, $target.name on $adapter', (bench) => {
  test.each([1, 5])('batch %i', async (batch) => {
    const graph = small(tiled);
    const { subgroupSize } = bench.target;
    const { steps } = withProducts(graph, dear(bench.target));
    // Without subgroups a workgroup makes 32 channels, and only one layer has so many.
    expect(steps).toEqual(subgroupSize === undefined ? ['f'] : ['a', 'b', 'c', 'd', 'e', 'f', 'h', 'i']);
    await holds(graph, { ...bench, target: dear(bench.target) }, 5, batch, 1e-5);
  });
});

describe.each(sharing)('Winograd tiles whose channels subgroups share, $target.name on $adapter', ({ target, device }) => {
  const graph = small(tiled.replace('13x11x8', '13x11x64'));
  /** Of each convolution's ways with shares the first, or one that takes in sixteen channels at once. */
  const ways = new Map(fuse(graph, { storeAll: true }).kernels.flatMap((kernel) => {
    const site = { kernel, precision: 'f32' } as const;
    const able = waysOf(site, target).map(({ way }) => way).filter((way) => way.kind === 'winograd' && way.tile.shares !== undefined);
    const way = able.find((one) => one.kind === 'winograd' && one.tile.quads === 4) ?? able[0];
    return way === undefined ? [] : [[workOf(site) ?? '', way] as const];
  }));

  test.each([1, 3])('batch %i', async (batch) => {
    const { steps, codes } = withProducts(graph, target, ways);
    // The channels of the others come in threes.
    expect(steps).toEqual(['a', 'd', 'e', 'f', 'h', 'i']);
    for (const code of codes) expect(code).toContain('let share = ');
    expect(codes.some((code) => code.includes('mat4x4f'))).toBe(true);
    await holds(graph, { target, device, ways }, 5, batch, 1e-5);
  });
});

/** Rows that fill no group of four pixels and pictures that fill no workgroup, margins left of them, strides, groups, channels that no block fills, tails. */
const singlePixels = `
input: { image: 13x11x8 }
layers:
  a: { op: conv, filters: 24, kernel: 1, activation: relu6 }
  b: { op: conv, filters: 70, kernel: 1, bias: false }
  bn: { op: batchnorm }
  s: { op: conv, filters: 70, kernel: 1, from: a }
  sum: { op: add, from: [s, bn], activation: relu }
  c: { op: conv, filters: 20, kernel: 1, pad: [1, 0, 0, 2] }
  d: { op: conv, filters: 36, kernel: 1, stride: 2, groups: 2, activation: gelu }
  e: { op: conv, filters: 8, kernel: 3, pad: 1, from: a }
  f: { op: conv, filters: 10, kernel: 1, from: image, stride: 2, groups: 2, pad: [1, 3, 0, 0] }
  g: { op: conv, filters: 9, kernel: 1, from: c }
  j: { op: concat, from: [g, c] }
  k: { op: conv, filters: 16, kernel: 1, from: c, stride: 3 }
  l: { op: conv, filters: 33, kernel: 1, from: j }
outputs: [d, e, f, k, l]`;

describe.each(all.filter(({ target }) => target.supply === 'broadcast'))('convolutions of single pixels by pixels, $target.name on $adapter', (bench) => {
  const costs = { ...bench.target.costs, weightLoad: 1e9 };
  test.each([32, 256].flatMap((maxUnrolled) => [1, 11].map((batch) => ({ maxUnrolled, batch }))))('batch $batch, at most $maxUnrolled multiply-adds a turn', async ({ maxUnrolled, batch }) => {
    const target = { ...bench.target, costs, maxUnrolled };
    const graph = small(singlePixels);
    const shaders = [...compile(graph, { targets: [target] }).shaders.values()];
    expect(shaders.filter((code) => code.includes('Convolution of single pixels'))).toHaveLength(9);
    await holds(graph, { ...bench, target, precision: batch > 1 ? 'f16' : 'f32' }, 5, batch);
  });
});

test.skipIf(all.length > 0)('SKIPPED: no GPU at all, not even in software', () => undefined);

afterAll(() => {
  for (const { device } of all) device.close();
});
