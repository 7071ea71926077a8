import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Profile } from '../../compiler/ir/target-keys.ts';
import type { Target } from '../../compiler/ir/target.ts';
import { readTarget } from '../../compiler/passes/read-target.ts';
import { portable, profiles, targets } from '../../compiler/passes/targets.ts';
import { listAdapters, openDevice } from '../../runtime/device.ts';

const folder = new URL('../../compiler/targets/', import.meta.url);
const shipped = readdirSync(folder).filter((name) => name.endsWith('.json'));
const named = (name: string): Target => profiles.find((profile) => profile.name === name) ?? expect.fail(`no ${name}`);

/** The target that this text tells; fails where it tells none. */
function right(text: string, name = 'file'): Target {
  const read = readTarget(text, name);
  return 'target' in read ? read.target : expect.fail(read.problems.join('\n'));
}

const problems = (data: unknown): readonly string[] => {
  const read = readTarget(typeof data === 'string' ? data : JSON.stringify(data), 'file');
  return 'problems' in read ? read.problems : [];
};

test.each(shipped)('%s is a profile, and the one of that name', (file) => {
  const text = readFileSync(new URL(file, folder), 'utf8');
  expect(right(text, 'elsewhere')).toEqual(named(file.replace('.json', '')));
  expect((JSON.parse(text) as Profile).name).toBe(file.replace('.json', ''));
});

test('all profiles are files, and a model is compiled for four of them', () => {
  expect(profiles.map(({ name }) => `${name}.json`).sort()).toEqual(shipped.sort());
  expect(targets.map(({ name }) => name)).toEqual(['subgroups-32', 'sized-32', 'subgroups-8', 'subgroups-4', 'portable']);
});

test('what a profile leaves out is that of the class it is like', () => {
  const { costs, limits, tuned, ...rest } = named('subgroups-8');
  expect(tuned).toBe('lavapipe');
  expect(right('{ "name": "big", "like": "subgroups-8", "costs": { "fma": 0.5 }, "limits": { "maxStorageBufferBindingSize": 1073741824 } }')).toEqual({
    ...rest,
    name: 'big',
    costs: { ...costs, fma: 0.5 },
    limits: { ...limits, maxStorageBufferBindingSize: 2 ** 30 },
  });
  expect(right('{ "subgroupSize": 16 }', 'My GPU (2)')).toEqual({ ...named('subgroups-16'), name: 'my-gpu-2' });
  expect(right('{}', '32')).toEqual({ ...portable, name: 'target' });
});

test('a profile with all costs of its own takes none from its class', () => {
  const { storeInLoop, load, ...costs } = named('subgroups-8').costs;
  expect([storeInLoop, load]).not.toContain(undefined);
  expect(right(JSON.stringify({ ...named('subgroups-8'), costs })).costs).toEqual(costs);
});

test('a limit holds together with others that WebGPU tells apart', () => {
  const limits = { maxStorageBufferBindingSize: 2 ** 30, maxBufferSize: 2 ** 28, maxComputeInvocationsPerWorkgroup: 1024, maxComputeWorkgroupSizeX: 512, maxBindGroups: 4 };
  expect(right(JSON.stringify({ limits })).limits).toEqual({ ...portable.limits, maxStorageBufferBindingSize: 2 ** 28, maxComputeInvocationsPerWorkgroup: 512 });
});

test('what doctor prints of each adapter here gives its class and its limits', async () => {
  const { adapters } = await listAdapters({ quiet: true });
  const device = await openDevice({ adapter: 'null', quiet: true });
  device.close();
  for (const adapter of [...adapters, device.adapter]) {
    const { subgroupSize, limits } = right(JSON.stringify(adapter), 'mine');
    const fixed = adapter.features.includes('subgroups') && adapter.subgroupMinSize === adapter.subgroupMaxSize;
    // Dawn's null backend has sizes from 4 to 128, on request.
    expect(subgroupSize).toBe(fixed ? adapter.subgroupMinSize : adapter.features.includes('subgroup-size-control') ? 32 : undefined);
    expect(limits.maxComputeWorkgroupStorageSize).toBe(adapter.limits['maxComputeWorkgroupStorageSize']);
    // A profile may hold these limits as they are, all of them.
    expect(problems({ limits: adapter.limits })).toEqual([]);
  }
});

const adapter = { name: 'Some GPU', features: ['shader-f16', 'subgroups'], limits: { maxStorageBufferBindingSize: 2 ** 29, maxNewThings: 7 }, subgroupMinSize: 32, subgroupMaxSize: 32 };

test.each([
  ['the limits alone', adapter.limits, 'portable'],
  ['an adapter', adapter, 'subgroups-32'],
  ['an adapter whose subgroups vary as a shader wishes', { ...adapter, features: ['subgroups', 'subgroup-size-control'], subgroupMaxSize: 64 }, 'sized-32'],
  ['an adapter whose subgroups vary, but never are of 32', { ...adapter, features: ['subgroups', 'subgroup-size-control'], subgroupMinSize: 4, subgroupMaxSize: 16 }, 'portable'],
  ['an adapter whose subgroups vary', { ...adapter, subgroupMinSize: 8 }, 'portable'],
  ['an adapter whose subgroups no class has', { ...adapter, subgroupMinSize: 128, subgroupMaxSize: 128 }, 'portable'],
  ['an adapter without subgroups', { ...adapter, features: [] }, 'portable'],
  ['all of doctor', { version: 1, used: { name: 'Some GPU' }, adapters: [{ ...adapter, name: 'Another', features: [] }, adapter] }, 'subgroups-32'],
  ['all of doctor, which would use none', { version: 1, used: null, adapters: [{ ...adapter, subgroupMinSize: 4, subgroupMaxSize: 4 }, adapter] }, 'subgroups-4'],
])('%s', (_, data, like) => {
  const target = right(JSON.stringify(data), 'gpu');
  expect([target.name, target.subgroupSize, target.costs]).toEqual(['gpu', named(like).subgroupSize, named(like).costs]);
  expect(target.limits).toEqual({ ...portable.limits, maxStorageBufferBindingSize: 2 ** 29 });
});

const config = { M: 16, N: 16, K: 16, componentType: 'f16', resultComponentType: 'f32' };
const varying = { ...adapter, features: ['subgroups', 'subgroup-size-control'], subgroupMaxSize: 64 };

test.each([
  ['matrices of 16', { ...varying, subgroupMatrixConfigs: [{ ...config, M: 8 }, config] }, 'matrices-16', { asksForSize: true, matrices: { m: 16, n: 16, k: 16 } }],
  ['matrices of 16, subgroups of one size', { ...adapter, subgroupMatrixConfigs: [config] }, 'matrices-16', { asksForSize: false, matrices: { m: 16, n: 16, k: 16 } }],
  ['matrices of 8', { ...adapter, subgroupMatrixConfigs: [{ ...config, M: 8, N: 8, K: 8 }] }, 'matrices-8', { asksForSize: false, matrices: { m: 8, n: 8, k: 8 } }],
  ['matrices of a shape for which there is no class', { ...adapter, subgroupMatrixConfigs: [{ ...config, N: 8 }] }, 'matrices-16', { asksForSize: false, matrices: { m: 16, n: 8, k: 16 } }],
  ['matrices with results of 16 bits', { ...varying, subgroupMatrixConfigs: [{ ...config, resultComponentType: 'f16' }] }, 'sized-32', { asksForSize: true }],
  ['matrices, but no subgroups that kernels can count on', { ...adapter, features: ['subgroups'], subgroupMinSize: 16, subgroupMatrixConfigs: [config] }, 'portable', {}],
])('an adapter with %s', (_, data, like, keys) => {
  const { costs, matrices, asksForSize } = right(JSON.stringify(data), 'gpu');
  expect(costs).toEqual(named(like).costs);
  expect({ matrices, asksForSize }).toEqual({ matrices: undefined, asksForSize: undefined, ...keys });
});

test.each<[unknown, readonly string[]]>([
  [{ subgroupSize: 32, matrices: { m: 16, n: 12, k: 16 } }, ['`matrices.n` must be 8, 16 or 32; not 12']],
  [{ subgroupSize: 32, matrices: { m: 16, n: 16 } }, ['`matrices` must be a map of `m`, `n` and `k`; not {"m":16,"n":16}']],
  [{ subgroupSize: 32, matrices: { m: 16, n: 16, k: 16, depth: 8 } }, ['`matrices.depth` is no key of `matrices`; it is one of m, n or k']],
  [{ matrices: { m: 16, n: 16, k: 16 } }, ['`matrices` need `subgroupSize`: it is a subgroup that multiplies them']],
  ['{ name: "x" }', [expect.stringMatching(/^it is no JSON: /) as string]],
  [[1], ['it must be a map of keys, as in compiler/targets/portable.json; not [1]']],
  [{ maxSum: 4 }, ['`maxSum` is no key of a target profile; did you mean `maxSums`?']],
  [{ fma: 4 }, [expect.stringMatching(/^`fma` is no key of a target profile; it is one of name, summary, like, .* or limits$/) as string]],
  [{ costs: { fmaa: 1 } }, ['`costs.fmaa` is no key of `costs`; did you mean `fma`?']],
  [{ limits: { maxStorageBufferPerShaderStage: 8 } }, ['`limits.maxStorageBufferPerShaderStage` is no key of `limits`; did you mean `maxStorageBuffersPerShaderStage`?']],
  [{ limits: { maxStorageBufferBindingSize: '1GiB' } }, ['`limits.maxStorageBufferBindingSize` must be a whole number, at least 65536; not "1GiB"']],
  [{ limits: { maxStorageBuffersPerShaderStage: 3 } }, ['`limits.maxStorageBuffersPerShaderStage` must be a whole number, at least 4; not 3']],
  [{ limits: [] }, ['`limits` must be a map of limits; not []']],
  [{ costs: { fma: -1 } }, ['`costs.fma` must be a number, at least 0; not -1']],
  [{ maxSums: 4.5 }, ['`maxSums` must be a whole number, at least 4; not 4.5']],
  [{ supply: 'shuffle' }, ['`supply` must be "broadcast" or "uniform"; not "shuffle"']],
  [{ subgroupSize: 12 }, ['`subgroupSize` must be 4, 8, 16, 32, 64 or 128; not 12']],
  [{ name: 'My GPU' }, ['`name` must be small letters, digits, `-` and `.`, beginning with a letter: it names a folder; not "My GPU"']],
  [{ name: 'a/../b' }, ['`name` must be small letters, digits, `-` and `.`, beginning with a letter: it names a folder; not "a/../b"']],
  [{ like: 'subgroup-8' }, ['`like` names no class: "subgroup-8"; did you mean `subgroups-8`?']],
  [{ supply: 'broadcast' }, ['`supply` cannot be "broadcast" without `subgroupSize`: lanes hand values on within a subgroup']],
  [{ subgroupSize: 64, limits: { maxComputeInvocationsPerWorkgroup: 32 } }, ['`subgroupSize` is 64, and `limits.maxComputeInvocationsPerWorkgroup` allows workgroups of 32']],
  [{ adapters: [], used: null }, ['it lists no adapter: doctor found none']],
  [{ maxSums: 1, unroll: 0 }, ['`unroll` must be "driver" or "written"; not 0', '`maxSums` must be a whole number, at least 4; not 1']],
])('%j is none', (data, expected) => {
  expect(problems(data)).toEqual(expected);
});
