// The ways that ship: each is for a work of some spec and is still one of its ways, and they are taken where nobody asks for
// others.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { fuse } from '../../compiler/passes/fuse.ts';
import { readTarget } from '../../compiler/passes/read-target.ts';
import { layOutFor } from '../../compiler/passes/schedule.ts';
import { shippedFiles, shippedWays } from '../../compiler/passes/shipped-ways.ts';
import { profiles } from '../../compiler/passes/targets.ts';
import { printTuned, tunedWays } from '../../compiler/passes/tuned.ts';
import { chooseWay, isSameWay, waysOf, workOf, type Way } from '../../compiler/passes/ways.ts';
import { networkOf } from '../support/gpu.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const specs = readdirSync(`${root}specs`).filter((name) => name.endsWith('.yaml'));
const programs = specs.map((name) => fuse(networkOf(readFileSync(`${root}specs/${name}`, 'utf8'), {}, `${root}specs/${name}`), { storeAll: false }));

const named = (name: string) => profiles.find((target) => target.name === name) ?? expect.fail(`no ${name}`);

describe.each(['lavapipe', 'swiftshader'] as const)('%s', (adapter) => {
  const file = shippedFiles[adapter];
  const target = named(file.target);

  test('is as the tuner writes it, with ways that were clearly faster', () => {
    expect(readFileSync(`${root}compiler/targets/tuned/${adapter}.json`, 'utf8')).toBe(printTuned(file));
    expect([target.tuned, file.adapter, file.driver]).not.toContain('');
    expect(target.tuned).toBe(adapter);
    for (const { milliseconds: { before, after } } of Object.values(file.ways)) expect(after / before).toBeLessThan(0.96);
  });

  test('knows ways that are some yet, for works that there are', () => {
    const works = new Set(programs.flatMap(({ kernels }) => kernels.flatMap((kernel) => [workOf({ kernel, precision: 'f32' }), workOf({ kernel, precision: 'f16' })])));
    expect(Object.keys(file.ways).filter((work) => !works.has(work)), 'works of no spec: npm run tune:defaults leaves them out').toEqual([]);
    const tuned = tunedWays(file);
    const stale = programs.flatMap((program) => (['f32', 'f16'] as const).flatMap((precision) => layOutFor(program, target, { precision, tuned }).tuning.stale));
    expect([...new Set(stale)], `ways of ${adapter}.json that are none any more: npm run tune:defaults measures them again`).toEqual([]);
  });
});

test('a way that ships is taken before the estimates, and after what is asked for', () => {
  const target = named('subgroups-8');
  const [kernel] = fuse(networkOf('netloom: 1\nname: a\ninput: { image: 13x13x16 }\nlayers: { only: { op: conv, filters: 32, kernel: 3 } }\n'), { storeAll: false }).kernels;
  if (kernel === undefined) return expect.fail();
  const site = { kernel, precision: 'f32' } as const;
  const [best, shipped, asked] = waysOf(site, target).map(({ way }) => way);
  if (best === undefined || shipped === undefined || asked === undefined) return expect.fail();
  const only = (way: Way) => new Map([[workOf(site) ?? '', way]]);
  const gone: Way = { kind: 'winograd', tile: { outputs: 99, lanes: 8, blocks: 1, tiles: 8 } };
  expect(chooseWay(site, target, new Map(), only(shipped))).toEqual({ way: shipped });
  expect(chooseWay(site, target, only(asked), only(shipped))).toEqual({ way: asked });
  expect(chooseWay(site, target, only(gone), only(shipped))).toEqual({ way: shipped, stale: true });
  // Of one that ships and is none any more nobody needs to hear.
  expect(chooseWay(site, target, new Map(), only(gone))).toEqual({ way: best });
});

test('what is compiled is written so, unless estimates alone are asked for', () => {
  const target = named('lavapipe');
  for (const program of programs) {
    const used = layOutFor(program, target).ways;
    const estimated = layOutFor(program, target, { tuned: 'none' });
    expect(estimated.tuning).toEqual({ used: 0, stale: [] });
    for (const [kernel, way] of estimated.ways) {
      const shipped = shippedWays(target).get(workOf({ kernel, precision: 'f32' }) ?? '');
      expect(isSameWay(used.get(kernel) ?? expect.fail(), shipped ?? way)).toBe(true);
    }
  }
});

test.each([
  ['{ "like": "subgroups-8", "limits": { "maxStorageBufferBindingSize": 1073741824 } }', 'lavapipe'],
  ['{ "subgroupSize": 4 }', 'swiftshader'],
  ['{ "like": "subgroups-8", "costs": { "fma": 0.5 } }', undefined],
  ['{ "like": "subgroups-8", "costs": { "fma": 0.5 }, "tuned": "lavapipe" }', 'lavapipe'],
  ['{ "like": "portable" }', undefined],
])('a profile %s takes the ways of %s', (text, tuned) => {
  const read = readTarget(text, 'mine');
  expect('target' in read ? read.target.tuned : read.problems).toBe(tuned);
});
