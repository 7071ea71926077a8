// `netloom tune` on whatever GPU there is, with hardly any time: what it keeps, who finds it, and that results stay what they were.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findAdapter } from '../../runtime/device.ts';
import { check } from '../../compiler/check.ts';
import { fuse } from '../../compiler/passes/fuse.ts';
import { profiles } from '../../compiler/passes/targets.ts';
import { printTuned, type TunedFile } from '../../compiler/passes/tuned.ts';
import { waysOf, workOf } from '../../compiler/passes/ways.ts';
import { userCache } from '../../compiler/cli/user-cache.ts';
import { call, callWith } from '../support/call.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const folder = scratchFolder('tune');

const text = `netloom: 1
name: t
input: { image: 13x11x8 }
layers:
  c: { op: conv, filters: 24, kernel: 3, pad: 1, activation: relu }
  d: { op: dense, units: 40, expect: 40 }
`;
const spec = join(folder, 't.yaml');
writeFileSync(spec, text);
const brief = ['--time', '0.01', '--candidates', '2'] as const;
const inputs = ['--weights', 'synthetic:3', '--input', 'synthetic:1'] as const;

const adapter = await findAdapter({ quiet: true }).then(({ report }) => report, () => undefined);
if (adapter === undefined) console.warn('SKIPPED: no adapter on this machine, so nothing is tuned');

interface Ran {
  readonly variant: string;
  readonly tuned_by: string | null;
  readonly outputs: readonly { readonly scores: readonly { readonly index: number; readonly score: number }[] }[];
}

const scores = ({ outputs }: Ran): readonly number[] => [...(outputs[0]?.scores ?? [])].sort((a, b) => a.index - b.index).map(({ score }) => score);

async function ran(cache: string, ...args: readonly string[]): Promise<Ran & { readonly err: string }> {
  const { code, out, err } = await callWith({ env: { XDG_CACHE_HOME: cache } }, 'run', spec, ...inputs, '--top', '40', '--format', 'json', ...args);
  expect([code, err.replace(/^note: .*\n/gm, '')]).toEqual([0, '']);
  return { ...(JSON.parse(out) as Ran), err };
}

/** A file that wants other ways than those that are estimated, as if they had been measured on `made.adapter`. */
function otherWays(target: string, made: { readonly adapter: string; readonly driver: string }): TunedFile {
  const { graph } = check({ path: spec, text }, new Map());
  const profile = profiles.find(({ name }) => name === target) ?? expect.fail(`no target ${target}`);
  if (graph === undefined) return expect.fail();
  const ways = fuse(graph, { storeAll: false }).kernels.flatMap((kernel) => {
    const site = { kernel, precision: 'f32' } as const;
    const work = workOf(site);
    const way = waysOf(site, profile)[2]?.way;
    return work === undefined || way === undefined ? [] : [[work, { way, batch: 1, milliseconds: { before: 2, after: 1 } }] as const];
  });
  expect(ways).toHaveLength(2);
  return { version: 1, target, ...made, ways: Object.fromEntries(ways) };
}

function write(name: string, file: TunedFile): string {
  const path = join(folder, name);
  writeFileSync(path, printTuned(file));
  return path;
}

describe.skipIf(adapter === undefined)('on this GPU', () => {
  const made = { adapter: adapter?.name ?? '', driver: adapter?.description ?? '' };

  test('what it measures is kept where run finds it, and results stay what they were', async () => {
    const cache = join(folder, 'cache');
    const before = await ran(cache);
    expect(before.tuned_by).toBeNull();
    const { code, out, err } = await callWith({ env: { XDG_CACHE_HOME: cache } }, 'tune', spec, ...brief);
    expect(code).toBe(0);
    expect(out).toMatch(/^layer +before ms +after +ratio +ways\n(c\+relu .*\n)?(d .*\n)?in all /);
    const [, kept = ''] = /^Kept in (.*?\.json)[;.]/m.exec(err) ?? [];
    expect(kept).toContain(join(cache, 'netloom', 'tuned'));
    expect(JSON.parse(readFileSync(kept, 'utf8'))).toMatchObject({ version: 1, target: before.variant, ...made });
    const after = await ran(cache);
    expect(after.tuned_by).toBe(kept);
    expect(Math.max(...scores(before).map((score, index) => Math.abs(score - (scores(after)[index] ?? NaN))))).toBeLessThan(1e-4);
    expect((await ran(cache, '--tuned', 'none')).tuned_by).toBeNull();
    expect((await ran(join(folder, 'another user'))).tuned_by).toBeNull();
  });

  test('a file holds what others measured too, and prints as data', async () => {
    const { variant } = await ran(join(folder, 'none'));
    const file = otherWays(variant, made);
    const path = write('more.json', { ...file, ways: { 'dense 1 -> 1, f32': Object.values(file.ways)[0] ?? expect.fail() } });
    const { code, out } = await call('tune', spec, ...brief, '-o', path, '--format', 'json', '--batch', '3');
    const printed = JSON.parse(out) as { readonly file: string; readonly batch: number; readonly works: readonly { readonly work: string; readonly layers: readonly string[]; readonly before_ms: number; readonly after_ms: number }[] };
    expect([code, printed.file, printed.batch]).toEqual([0, path, 3]);
    expect(printed.works[0]).toMatchObject({ work: 'conv 8 -> 13x11x24, kernel 3x3, stride 1x1, dilation 1x1, groups 1, f32', layers: ['c+relu'] });
    for (const { before_ms: was, after_ms: is } of printed.works) expect(is).toBeLessThanOrEqual(was);
    const { ways } = JSON.parse(readFileSync(path, 'utf8')) as TunedFile;
    expect(Object.keys(ways)).toEqual([...printed.works.map(({ work }) => work), 'dense 1 -> 1, f32'].sort());
  });

  test('run and verify take a file that suits, and tell of one that does not', async () => {
    const cache = join(folder, 'none');
    const { variant, ...before } = await ran(cache);
    const file = otherWays(variant, made);
    const path = write('suits.json', file);
    const tuned = await ran(cache, '--tuned', path);
    expect([tuned.tuned_by, tuned.err]).toEqual([path, '']);
    expect(Math.max(...scores({ variant, ...before }).map((score, index) => Math.abs(score - (scores(tuned)[index] ?? NaN))))).toBeLessThan(1e-4);
    const verified = await call('verify', spec, '--tuned', path);
    expect([verified.code, verified.err]).toEqual([0, expect.stringContaining(`, tuned by ${path}`)]);

    for (const [foreign, reason] of [
      [{ ...file, adapter: 'Voodoo 2' }, 'it was tuned on Voodoo 2, and this is '],
      [{ ...file, driver: 'an old one' }, 'it was tuned with the driver an old one, and this is '],
      [{ ...file, target: 'subgroups-64' }, 'it was tuned for subgroups-64, and this is '],
    ] as const) {
      const other = write('foreign.json', foreign);
      const { tuned_by: by, err } = await ran(cache, '--tuned', other);
      expect(by).toBeNull();
      expect(err).toContain(`note: ${other} is not used: ${reason}`);
    }
    const [work = ''] = Object.keys(file.ways);
    const stale = write('stale.json', { ...file, ways: { [work]: { way: { kind: 'pixels' }, batch: 1, milliseconds: { before: 1, after: 1 } } } });
    const told = await ran(cache, '--tuned', stale);
    expect([told.tuned_by, told.err]).toEqual([null, `note: ${stale} knows a way that is none any more, and it is estimated instead: ${work}. netloom tune measures it again\n`]);
  });

  test('a broken file in the cache keeps nobody from running', async () => {
    const cache = join(folder, 'broken');
    const { err } = await callWith({ env: { XDG_CACHE_HOME: cache } }, 'tune', spec, ...brief);
    const [, kept = ''] = /^Kept in (.*?\.json)[;.]/m.exec(err) ?? [];
    writeFileSync(kept, '{');
    const told = await ran(cache);
    expect(told.tuned_by).toBeNull();
    expect(told.err).toContain(`note: ${kept} holds no tuned ways: it is no JSON`);
    expect((await callWith({ env: { XDG_CACHE_HOME: cache } }, 'tune', spec, ...brief)).code).toBe(0);
    expect((await ran(cache)).err).toBe('');
  });

  test('a file for something else is not written over', async () => {
    const path = write('other.json', { ...otherWays('portable', made), adapter: 'Voodoo 2', target: 'subgroups-64' });
    const before = readFileSync(path, 'utf8');
    const { code, err } = await call('tune', spec, ...brief, '-o', path);
    expect([code, err]).toEqual([1, expect.stringContaining(`${path} is for something else: it was tuned for subgroups-64`)]);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  test('without a folder to keep it in it asks for one', async () => {
    const { code, err } = await call('tune', spec, ...brief);
    expect([code, err]).toEqual([2, expect.stringContaining('finds no folder to keep the winners in')]);
  });
});

describe('compile', () => {
  const compiled = async (name: string, ...args: readonly string[]) => {
    const into = join(folder, name);
    const { code, err } = await callWith({ env: { XDG_CACHE_HOME: join(folder, 'cache') } }, 'compile', spec, '-o', into, '--target', 'subgroups-8,portable', ...args);
    expect(code).toBe(0);
    const file = (path: string): string => (existsSync(join(into, path)) ? readFileSync(join(into, path), 'utf8') : '');
    return { err, files: ['model.ts', 'subgroups-8/01-c-relu.wgsl', 'subgroups-8/02-d.wgsl', 'portable/01-c-relu.wgsl', 'portable/02-d.wgsl'].map(file) };
  };

  test('writes kernels as a file says, the same each time, and never as the cache does', async () => {
    const path = write('compile.json', otherWays('subgroups-8', { adapter: 'A', driver: 'B' }));
    const [plain, again, tuned, repeated] = [await compiled('plain'), await compiled('again'), await compiled('tuned', '--tuned', path), await compiled('repeated', '--tuned', path)];
    expect(again).toEqual(plain);
    expect(repeated).toEqual(tuned);
    expect(tuned.err).toBe(`${path}: 2 of 2 kernels for subgroups-8 are written as measured on A, B\n`);
    expect(plain.files.map((file, index) => file === tuned.files[index])).toEqual([false, false, false, true, true]);
  });

  test.each([
    ['subgroups-64', 'was tuned for subgroups-64, and this compiles for subgroups-8 or portable'],
    [undefined, 'holds no tuned ways: it lacks `target`'],
  ])('takes no file for %s', async (target, message) => {
    const path = join(folder, 'wrong.json');
    writeFileSync(path, JSON.stringify({ version: 1, target, adapter: 'A', driver: 'B', ways: {} }));
    const { code, out, err } = await call('compile', spec, '-o', join(folder, 'wrong'), '--target', 'subgroups-8,portable', '--tuned', path);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(`${path} ${message}`);
  });
});

test("caches lie where the platform has them, and nowhere without anybody's folder", () => {
  expect(userCache({ XDG_CACHE_HOME: '/x', HOME: '/home/a' }, 'linux')).toBe(join('/x', 'netloom'));
  expect(userCache({ HOME: '/home/a' }, 'linux')).toBe(join('/home/a', '.cache', 'netloom'));
  expect(userCache({ HOME: '/Users/a' }, 'darwin')).toBe(join('/Users/a', 'Library', 'Caches', 'netloom'));
  expect(userCache({ LOCALAPPDATA: 'C:\\Local', HOME: '/home/a' }, 'win32')).toBe(join('C:\\Local', 'netloom'));
  expect(userCache({}, 'linux')).toBeUndefined();
});
