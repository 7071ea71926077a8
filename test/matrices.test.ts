// Kernels that multiply matrices, against the interpreter. No GPU in software has such matrices: the very shaders that are
// generated for those that do run on SwiftShader, a few words of them emulated (`support/emulate-matrices.ts`). What real
// drivers make of these words is shown by test/shaders.test.ts, which has Dawn judge them, and by test/inspect.

import { afterAll, describe, expect, test } from 'vitest';
import { compareValues } from '../compiler/cli/compare.ts';
import { compileKernel } from '../compiler/compile-kernel.ts';
import { compile, type Compiled } from '../compiler/compile.ts';
import type { TypedGraph } from '../compiler/ir/graph.ts';
import { elements } from '../compiler/ir/tensor.ts';
import type { Target } from '../compiler/ir/target.ts';
import type { MatrixTile } from '../compiler/kernels/matrix-product.ts';
import { fuse } from '../compiler/passes/fuse.ts';
import { classes } from '../compiler/passes/targets.ts';
import { waysOf, type Way } from '../compiler/passes/ways.ts';
import { openDevice, type AdapterReport } from '../runtime/device.ts';
import { fromHalves, toHalves } from '../runtime/half.ts';
import { loadModel } from '../runtime/model.ts';
import { syntheticTensor } from '../runtime/synthetic.ts';
import { findVariant } from '../runtime/variant.ts';
import { emulateMatrices } from './support/emulate-matrices.ts';
import { networkOf } from './support/gpu.ts';
import { interpretedInHalves } from './support/halves.ts';
import { smallNetworks } from './support/small-networks.ts';

const device = await openDevice({ adapter: 'swiftshader', quiet: true }).catch(() => undefined);
if (device === undefined) console.warn('SKIPPED: no SwiftShader on this machine: kernels that multiply matrices');

const named = (name: string): Target => classes.find((target) => target.name === name) ?? expect.fail(`no ${name}`);
/** Where other multiply-adds cost more than anything else, matrices are chosen wherever there is a way. */
const dear = (target: Target): Target => ({ ...target, costs: { ...target.costs, fma: 10_000, fmaAlone: 10_000 } });
const targets = ['matrices-16', 'matrices-8'].map((name) => dear(named(name)));
const small = (layers: string): TypedGraph => networkOf(`netloom: 1\nname: small${layers}\n`);

/** Values that f16 says exactly, so that what is rounded on the way into a matrix stays as it is. */
function exactInput(graph: TypedGraph, batch: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(syntheticTensor(graph.input.name, batch * elements(graph.input.shape), 5, 2));
  const halves = new Uint16Array(values.length);
  toHalves(values, halves);
  const exact = new Float32Array(values.length);
  fromHalves(halves, exact);
  return exact;
}

/** How far each output is from the interpreter's with the same weights, as a share of the largest value. */
async function errors(graph: TypedGraph, compiled: Pick<Compiled, 'plan' | 'shaders'>, batch: number): Promise<ReadonlyMap<string, number>> {
  const input = exactInput(graph, batch);
  const [expected, got] = [await interpretedInHalves(graph, 5, input), await emulated(compiled, input, batch)];
  return new Map(Array.from(got, ([name, data]) => [name, compareValues(expected.get(name)?.data ?? new Float64Array(), data).error]));
}

async function emulated({ plan, shaders }: Pick<Compiled, 'plan' | 'shaders'>, input: Float32Array, batch: number): Promise<ReadonlyMap<string, Float32Array>> {
  if (device === undefined) return new Map();
  // The emulation needs nothing of a device.
  const variants = plan.variants.map((variant) => ({ ...variant, needs: { features: [], limits: {}, maxStorageBufferBindingSize: variant.needs.maxStorageBufferBindingSize } }));
  const model = await loadModel({ plan: { ...plan, variants }, shaders: (path) => emulateMatrices(shaders.get(path) ?? ''), weights: 'synthetic:5', device, batch });
  try {
    return new Map(Object.entries(await model.run(input)).map(([name, { data }]) => [name, data]));
  } finally {
    model.close();
  }
}

const usesMatrices = ({ shaders }: Pick<Compiled, 'shaders'>): readonly string[] => [...shaders].filter(([, code]) => code.includes('subgroupMatrixMultiply')).map(([path]) => path.replace(/^.*\/\d+-|\.wgsl$/g, ''));

/** Channels that fill no matrix, pictures that fill no tile, groups, strides, dilation, margins on one side, every kind of tail. */
const crooked = `
input: { image: 11x9x16 }
layers:
  a: { op: conv, filters: 40, kernel: 3, pad: 1, bias: false }
  an: { op: batchnorm, activation: relu }
  b: { op: conv, filters: 40, kernel: [3, 2], pad: [0, 1, 2, 0], groups: 2, activation: tanh }
  c: { op: conv, filters: 40, kernel: 1, from: an }
  s: { op: add, from: [c, an, c], activation: relu }
  t: { op: batchnorm }
  d: { op: conv, filters: 34, kernel: 3, stride: 2, dilation: 2, pad: 2, from: t }
  j: { op: concat, from: [d, d] }
  e: { op: conv, filters: 33, kernel: [1, 3], groups: 1, from: j, activation: gelu }
  f: { op: dense, units: 37, activation: leaky_relu }
  g: { op: dense, units: 70, bias: false }
  gn: { op: batchnorm }
  h: { op: add, from: [gn, g], activation: relu }`;

describe.skipIf(device === undefined).each(targets)('$name', (target) => {
  test.each([1, 8, 11])('channels, pictures and tails of all kinds, batch %i', async (batch) => {
    const graph = small(crooked);
    const compiled = compile(graph, { targets: [target], storeAll: true, precision: 'f16' });
    expect(usesMatrices(compiled).filter((name) => /^[a-e]/.test(name)).map((name) => name.charAt(0))).toEqual(expect.arrayContaining(['a', 'b', 'c', 'd', 'e']));
    for (const [layer, error] of await errors(graph, compiled, batch)) expect(error, layer).toBeLessThan(2e-3);
  });

  const networks = target === targets[0] ? Object.entries(smallNetworks).filter(([, layers]) => /op: (conv|dense)/.test(layers)) : [];
  test.each(networks)('%s', async (_, layers) => {
    const graph = small(layers);
    const compiled = compile(graph, { targets: [target], storeAll: true, precision: 'f16' });
    for (const [layer, error] of await errors(graph, compiled, 11)) expect(error, layer).toBeLessThan(2e-3);
  });

  const { m = 0, n = 0 } = target.matrices ?? {};
  const few = Math.max(8, n);
  test.each([few, few + 3, 4 * few + 1])('a dense layer for %i images', async (batch) => {
    const graph = small('\ninput: { image: 5x5x13 }\nlayers:\n  f: { op: dense, units: 77, activation: relu }');
    const compiled = compile(graph, { targets: [target], precision: 'f16' });
    expect(usesMatrices(compiled)).toEqual([few, 4 * few].map((images) => `f-relu-x${images}`));
    for (const error of (await errors(graph, compiled, batch)).values()) expect(error).toBeLessThan(5e-6);
  });

  test('dense weights in parts', async () => {
    const graph = small('\ninput: { image: 4x4x16 }\nlayers:\n  f: { op: dense, units: 150 }\n  g: { op: add, from: [f, f] }');
    const tight = { ...target, limits: { ...target.limits, maxStorageBufferBindingSize: 64 * 256 * 2 } };
    const compiled = compile(graph, { targets: [tight], precision: 'f16' });
    expect(compiled.plan.variants[0]?.steps.map(({ name }) => name)).toEqual(['f+g (1 of 3)', 'f+g (2 of 3)', 'f+g (3 of 3)']);
    for (const error of (await errors(graph, compiled, few + 1)).values()) expect(error).toBeLessThan(5e-6);
  });

  test('what f16 cannot say is its largest value', async () => {
    const graph = small('\ninput: { image: 1x1x32 }\nlayers:\n  a: { op: conv, filters: 40, kernel: 1, bias: false }');
    const compiled = compile(graph, { targets: [target], precision: 'f16' });
    expect(usesMatrices(compiled)).toContain('a');
    const outputs = async (input: number): Promise<readonly number[]> => [...(await emulated(compiled, new Float32Array(32).fill(input), 1)).values()].flatMap((data) => [...data]);
    const [most, beyond, below] = [await outputs(65504), await outputs(1e30), await outputs(-1e30)];
    expect(Math.max(...most)).toBeGreaterThan(1000);
    expect(beyond).toEqual(most);
    expect(below).toEqual(most.map((value) => -value));
  });

  const cuts: readonly (readonly [string, string, string])[] = [
    ['channels for each tap', 'image: 10x7x64', 'filters: 50, kernel: 3, pad: 1'],
    ['groups of channels', 'image: 6x9x64', 'filters: 68, kernel: [2, 3], stride: [1, 2], pad: [1, 0, 0, 2], groups: 2'],
    ['a list of taps', 'image: 19x17x3', 'filters: 37, kernel: 7, stride: 2, pad: 3'],
  ];
  describe.each(cuts.slice(target === targets[0] ? 0 : 1))('every cut: %s', (_, input, conv) => {
    const graph = small(`\ninput: { ${input} }\nlayers:\n  a: { op: conv, ${conv}, activation: relu }`);
    const program = fuse(graph, { storeAll: false });
    const [kernel] = program.kernels;
    const ways = kernel === undefined ? [] : waysOf({ kernel, precision: 'f16' }, target).map(({ way }) => way);
    // Large tiles are only more of the same, and take long to compile.
    const tiles = ways.flatMap((way) => (way.kind === 'matrices' && way.tile.rows * way.tile.columns <= 4 ? [way.tile] : []));
    test.each(coverOf(tiles).map((tile) => [JSON.stringify(tile), tile] as const))('%s', async (_, tile) => {
      if (kernel === undefined) return expect.fail('no kernel');
      const way: Way = ways.find((one) => one.kind === 'matrices' && one.tile === tile) ?? expect.fail('no way');
      for (const batch of [1, 9]) {
        const compiled = compileKernel(program, kernel, { target, precision: 'f16', way });
        for (const error of (await errors(graph, compiled, batch)).values()) expect(error).toBeLessThan(5e-6);
      }
    });
  });

  test(`matrices have ${m} rows, and f32 has none`, () => {
    const graph = small(crooked);
    const [half] = compile(graph, { targets: [target], precision: 'f16' }).plan.variants;
    expect(half?.needs.features).toEqual(expect.arrayContaining(['subgroups', 'shader-f16', 'chromium-experimental-subgroup-matrix']));
    expect(half?.needs.matrices).toEqual(target.matrices);
    const exact = compile(graph, { targets: [target] });
    expect(usesMatrices(exact)).toEqual([]);
    expect(exact.plan.variants[0]?.needs).not.toHaveProperty('matrices');
    expect(exact.plan.variants[0]?.needs.features).not.toContain('shader-f16');
  });
});

/** Few of `tiles` that have between them each value of each number, and subgroups and shares of one and of several. */
function coverOf(tiles: readonly MatrixTile[]): readonly MatrixTile[] {
  const seen = new Set<string>();
  return tiles.filter(({ subgroups, shares, rows, columns, depth }) => {
    const marks = [`subgroups ${subgroups}`, `shares ${shares}`, `rows ${rows}`, `columns ${columns}`, `depth ${depth}`, `${subgroups > 1} ${shares > 1}`];
    const fresh = marks.filter((mark) => !seen.has(mark));
    for (const mark of marks) seen.add(mark);
    return fresh.length > 0;
  });
}

test('which adapter can run them, and why not', () => {
  const config = { M: 16, N: 16, K: 16, componentType: 'f16', resultComponentType: 'f32' };
  const features = ['subgroups', 'subgroup-size-control', 'shader-f16', 'chromium-experimental-subgroup-matrix'];
  const card: AdapterReport = {
    name: 'card', kind: 'hardware', vendor: '', architecture: '', description: '', features, subgroupMinSize: 32, subgroupMaxSize: 64,
    limits: { maxStorageBufferBindingSize: 2 ** 30, maxBufferSize: 2 ** 30, maxStorageBuffersPerShaderStage: 10 }, subgroupMatrixConfigs: [config],
  };
  const { plan } = compile(small(crooked), { targets: [named('matrices-16')], precision: 'f16' });
  const whyNot = (adapter: AdapterReport): string | undefined => findVariant(plan, adapter).passedOver[0]?.reason;
  expect(whyNot(card)).toBeUndefined();
  expect(whyNot({ ...card, features: features.slice(0, 3) })).toBe('card lacks the feature chromium-experimental-subgroup-matrix');
  expect(whyNot({ ...card, subgroupMatrixConfigs: [{ ...config, resultComponentType: 'f16' }, { ...config, M: 8 }] })).toBe(
    'card lacks f16 matrices of 16x16x16 with f32 results (it has 16x16x16 of f16 into f16, 8x16x16 of f16 into f32)');
});

test('the emulation says what it does not know', () => {
  expect(() => emulateMatrices('@compute @workgroup_size(32)\nfn f(\n) {\n  let a = subgroupMax(1.0);\n}')).toThrow('the emulation knows no subgroupMax(');
});

afterAll(() => device?.close());
