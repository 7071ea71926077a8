import { describe, expect, test } from 'vitest';
import { check, compile, SpecError, type CompileOptions } from '../compiler/index.ts';
import { shippedFiles } from '../compiler/passes/shipped-ways.ts';
import { profiles } from '../compiler/passes/targets.ts';
import { printTuned, type TunedFile } from '../compiler/passes/tuned.ts';
import type { Way } from '../compiler/passes/ways.ts';

const base = 'netloom: 1\nname: base\nparams: { n: 2 }\ninput: { image: 4x4x3 }\nlabels: ../names/two.txt\nlayers: { fc: { op: dense, units: = n, expect: [= n] } }\n';
const files: Readonly<Record<string, string>> = { 'nets/base.yaml': base, 'names/two.txt': 'cat\ndog\n', 'names/three.txt': 'a\nb\nc\n' };
const read = (path: string): string | undefined => files[path];
const variant = (rest: string): string => `netloom: 1\nname: variant\nextends: nets/base.yaml\n${rest}`;

test('files are asked for by their path from the spec, wherever they are named', () => {
  const asked: string[] = [];
  const { ok, diagnostics, layers } = check(variant(''), { read: (path) => { asked.push(path); return read(path); } });
  expect([ok, diagnostics, asked]).toEqual([true, [], ['nets/base.yaml', 'names/two.txt']]);
  expect(layers.map(({ name, shape }) => [name, shape])).toEqual([['fc', [2]]]);
});

test('what a variant names lies beside the variant', () => {
  const { labels } = compile(variant('labels: names/three.txt\nparams: { n: 3 }\n'), { read });
  expect(labels).toEqual(['a', 'b', 'c']);
});

test('params, as `--set` gives them', () => {
  expect(check(variant('labels: null\n'), { read, params: { n: '= 2 * 3' } }).totals.parameters).toBe(6 * 48 + 6);
});

test('a mistake in the base is one of the variant', () => {
  expect(() => compile(variant('params: { n: 3 }\n'), { read })).toThrow(SpecError);
  const [wrong] = check(variant('params: { n: 3 }\n'), { read, path: 'v.yaml' }).diagnostics;
  expect(wrong).toMatchObject({ code: 'NL3019', file: 'nets/base.yaml', related: [{ file: 'nets/base.yaml' }, { file: 'v.yaml', message: 'is built on nets/base.yaml' }] });
});

test('nothing is read from above the spec’s folder', () => {
  expect(check(variant('labels: ../secret.txt\n'), { read: () => base }).diagnostics[0]?.message).toContain('../secret.txt');
  expect(check('netloom: 1\nname: a\nextends: /etc/base.yaml\n', { read: () => base }).ok).toBe(false);
});

describe('what it compiles for', () => {
  test('a batch', () => {
    const text = 'netloom: 1\nname: wide\ninput: { image: 28x28x128 }\nlayers: { c: { op: conv, filters: 256, kernel: 3, pad: 1 } }\n';
    const steps = (batch?: number): number | undefined => compile(text, { targets: ['subgroups-32'], ...(batch === undefined ? {} : { batch }) }).plan.variants[0]?.steps.length;
    expect([steps(), steps(1), steps(32)]).toEqual([1, 1, 3]);
    expect(() => compile(text, { batch: 0 })).toThrow('`batch` is 0: it must be a whole number, at least 1');
  });


  const spec = 'netloom: 1\nname: small\ninput: { image: 13x13x16 }\nlayers: { c: { op: conv, filters: 32, kernel: 3 } }\n';
  const variants = (options: CompileOptions): readonly string[] => compile(spec, options).plan.variants.map(({ target }) => target);

  test('is every class that a device may need, or what is asked for, the best first', () => {
    expect(variants({})).toEqual(['subgroups-32', 'sized-32', 'subgroups-8', 'subgroups-4', 'portable']);
    const mine = { name: 'mine', like: 'subgroups-4', limits: { maxStorageBufferBindingSize: 2 ** 20 } };
    const { plan } = compile(spec, { targets: ['portable', 'lavapipe', mine] });
    expect(plan.variants.map(({ target }) => target)).toEqual(['lavapipe', 'mine', 'portable']);
    expect(plan.variants[1]?.needs.maxStorageBufferBindingSize).toBe(2 ** 20);
    for (const { name } of profiles) expect(variants({ targets: [name] })).toEqual([name]);
  });

  test.each<readonly [CompileOptions, string]>([
    [{ targets: [] }, '`targets` is empty: leave it out, or name one, such as portable'],
    [{ targets: ['subgroup-8'] }, "there is no target 'subgroup-8': did you mean subgroups-8?"],
    [{ targets: ['portable', 'gpu'] }, "there is no target 'gpu': it is subgroups-32, "],
    [{ targets: ['portable', { name: 'portable', like: 'subgroups-4' }] }, 'two of `targets` are called portable: give one of them another `name`'],
    [{ targets: [{ name: 'Mine', like: 'portabel' }] }, 'targets[0]: `name` must be small letters, digits, '],
    [{ targets: [{ like: 'portabel' }] }, 'targets[0]: `like` names no class: "portabel"; did you mean `portable`?'],
    [{ tuned: ['{'] }, 'tuned[0] holds no tuned ways: it is no JSON: '],
  ])('%j', (options, message) => {
    expect(() => compile(spec, options)).toThrow(message);
  });

  test('ways that were tuned are taken for their target, and one that is none any more is told', () => {
    const work = 'conv 16 -> 11x11x32, kernel 3x3, stride 1x1, dilation 1x1, groups 1, f32';
    const tuned = (way: Way, target = 'subgroups-8'): string => {
      const file: TunedFile = { version: 1, target, adapter: 'A', driver: 'B', ways: { [work]: { way, batch: 1, milliseconds: { before: 2, after: 1 } } } };
      return printTuned(file);
    };
    const stages = (options: CompileOptions): readonly number[] => compile(spec, { targets: ['subgroups-8'], ...options }).plan.variants.map(({ steps }) => steps.length);
    const direct = tuned({ kind: 'direct', tile: { lanes: 8, blocks: 1, rows: 2, columns: 4, turn: { channels: 1 }, shares: 1, stores: 'straight' } });
    const winograd = tuned({ kind: 'winograd', tile: { outputs: 4, lanes: 8, blocks: 2, tiles: 8 } });
    expect([stages({ tuned: [direct] }), stages({ tuned: [winograd] })]).toEqual([[1], [3]]);
    expect(compile(spec, { tuned: [winograd] }).plan.variants.map(({ steps }) => steps.length)[2]).toBe(3);
    expect(compile(spec, { tuned: [winograd] }).staleWays).toEqual([]);
    expect(compile(spec, { tuned: [tuned({ kind: 'pixels' })] })).toMatchObject({ staleWays: [work], plan: compile(spec).plan });
    expect(() => compile(spec, { targets: ['portable'], tuned: [direct] })).toThrow('tuned[0] was tuned for subgroups-8, and this compiles for portable');
    expect(() => compile(spec, { tuned: [direct, winograd] })).toThrow('two of `tuned` are for the target subgroups-8: give one of them');
  });

  test('ways that ship are taken, unless estimates alone are asked for', () => {
    const works = Object.keys(shippedFiles.lavapipe.ways).map((work) => /^conv (\d+) -> (\d+)x(\d+)x(\d+), kernel (\d+)x\5, stride (\d+)x\6, dilation 1x1, groups 1, f32$/.exec(work)?.slice(1).map(Number));
    const [channels, height = 0, width = 0, filters = 0, kernel = 0, stride = 0] = works.find((work) => work !== undefined) ?? [];
    if (channels === undefined) {
      console.warn('SKIPPED: no way ships for a plain convolution on lavapipe');
      return;
    }
    const input = [height, width].map((size) => (size - 1) * stride + kernel).join('x');
    const shipped = `netloom: 1\nname: one\ninput: { image: ${input}x${channels} }\nlayers: { c: { op: conv, filters: ${filters}, kernel: ${kernel}, stride: ${stride} } }\n`;
    const shader = (options: CompileOptions): string => {
      const { plan, shaders } = compile(shipped, { targets: ['subgroups-8'], ...options });
      return plan.variants.flatMap(({ steps }) => steps.flatMap(({ kernels }) => kernels.map((kernel) => shaders(kernel.shader)))).join('');
    };
    expect(shader({ tuned: [] })).toBe(shader({}));
    expect(shader({ tuned: 'none' })).not.toBe(shader({}));
  });
});
