// The ways to do a kernel's work: all are enumerated, their key is the work and nothing else, and a measured one is taken where
// it is still one.

import { describe, expect, test } from 'vitest';
import { compileKernel } from '../../compiler/compile-kernel.ts';
import { compile } from '../../compiler/compile.ts';
import type { FusedKernel, Program } from '../../compiler/ir/kernel.ts';
import type { Target } from '../../compiler/ir/target.ts';
import { candidatesOf } from '../../compiler/passes/candidates.ts';
import { fuse } from '../../compiler/passes/fuse.ts';
import { classes } from '../../compiler/passes/targets.ts';
import { chooseWay, isSameWay, waysOf, workOf, type Way } from '../../compiler/passes/ways.ts';
import { networkOf } from '../support/gpu.ts';

const named = (name: string): Target => classes.find((target) => target.name === name) ?? expect.fail(`no ${name}`);

const layers = (text: string, input = '13x13x16') => networkOf(`netloom: 1\nname: small\ninput: { image: ${input} }\nlayers:\n${text}`);

const programOf = (text: string, input?: string): Program => fuse(layers(text, input), { storeAll: false });

/** The one kernel of a network of one layer. */
const kernelOf = (layer: string, input?: string): FusedKernel => programOf(`  only: { ${layer} }\n`, input).kernels[0] ?? expect.fail('no kernel');

const conv = 'op: conv, filters: 32, kernel: 3, pad: 1';

const kindsOf = (layer: string, target: string): readonly string[] =>
  [...new Set(waysOf({ kernel: kernelOf(layer), precision: 'f32' }, named(target)).map(({ way: { kind } }) => kind))].sort();

/** Their values have bounds on both sides, or not. */
test.each([
  ['relu', true], ['leaky_relu', true], ['gelu', true],
  ['relu6', false], ['sigmoid', false], ['tanh', false],
])('after %s, tiles are a choice: %s', (activation, isChoice) => {
  expect(kindsOf(`${conv}, activation: ${activation}`, 'subgroups-8').includes('winograd')).toBe(isChoice);
});

describe('what there is to choose from', () => {
  test.each([
    [conv, 'subgroups-8', ['direct', 'winograd']],
    [conv, 'portable', ['direct', 'winograd']],
    ['op: conv, filters: 24, kernel: 3, pad: 1', 'portable', ['direct']],
    [conv, 'subgroups-32', ['direct', 'winograd']],
    [`${conv}, dilation: 2`, 'subgroups-8', ['direct']],
    [`${conv}, groups: 16`, 'portable', ['pixels']],
    ['op: dense, units: 64', 'subgroups-8', ['columns', 'rows']],
    ['op: dense, units: 64', 'subgroups-32', ['columns', 'rows']],
    ['op: dense, units: 64', 'portable', ['rows']],
    ['op: maxpool, kernel: 2', 'subgroups-8', []],
  ])('%s for %s', (layer, target, kinds) => {
    expect(kindsOf(layer, target)).toEqual(kinds);
  });

  test.each(classes)('the first of them is chosen, $name', (target) => {
    for (const layer of [conv, 'op: conv, filters: 24, kernel: 5, stride: 2', 'op: dense, units: 100', 'op: dense, units: 4096']) {
      const site = { kernel: kernelOf(layer), precision: 'f32' } as const;
      expect(chooseWay(site, target)).toEqual({ way: waysOf(site, target)[0]?.way });
    }
  });

  test('each is another one, and each can be written', () => {
    const target = named('subgroups-8');
    for (const layer of [conv, 'op: dense, units: 20']) {
      const program = programOf(`  only: { ${layer} }\n`);
      const [kernel] = program.kernels;
      if (kernel === undefined) return expect.fail();
      const ways = waysOf({ kernel, precision: 'f32' }, target).map(({ way }) => way);
      const texts = ways.map((way) => [...compileKernel(program, kernel, { target, precision: 'f32', way }).shaders.values()].join('\n'));
      expect(ways.length).toBeGreaterThan(10);
      // A loop that stores sums is no loop where there is one sum, so a few are written alike.
      expect(new Set(texts).size).toBeGreaterThan(0.9 * texts.length);
    }
  });

  test('candidates begin with the best, and none is hopeless', () => {
    const ways = waysOf({ kernel: kernelOf('op: conv, filters: 384, kernel: 3, pad: 1', '13x13x64'), precision: 'f32' }, named('subgroups-8'));
    const candidates = candidatesOf(ways);
    expect(candidates[0]).toBe(ways[0]?.way);
    const first = candidates.slice(0, 8);
    expect(new Set(first.map((way) => (way.kind === 'winograd' ? way.tile.outputs : way.kind))).size).toBeGreaterThan(3);
    expect(first.some(({ kind }) => kind === 'direct')).toBe(true);
    const estimates = new Map(ways.map(({ way, estimate }) => [way, estimate]));
    expect(Math.max(...candidates.map((way) => estimates.get(way) ?? NaN))).toBeLessThanOrEqual(2 * (ways[0]?.estimate ?? NaN));
    expect(new Set(candidates).size).toBe(candidates.length);
  });
});

describe('for a batch', () => {
  const chosen = (target: string, images: number): string | undefined =>
    chooseWay({ kernel: kernelOf('op: conv, filters: 384, kernel: 3, pad: 1', '13x13x256'), precision: 'f32', images }, named(target))?.way.kind;

  test('a GPU takes what needs more weights and dispatches, and fewer multiply-adds', () => {
    for (const target of ['sized-32', 'subgroups-32']) expect([1, 32].map((images) => chosen(target, images))).toEqual(['direct', 'winograd']);
  });

  test('a GPU has fewer subgroups share the channels', () => {
    const site = { kernel: kernelOf('op: conv, filters: 384, kernel: 3, pad: 1, dilation: 2', '13x13x256'), precision: 'f32' } as const;
    const shares = [1, 64].map((images) => {
      const way = chooseWay({ ...site, images }, named('sized-32'))?.way;
      return way?.kind === 'direct' ? way.tile.shares : NaN;
    });
    expect(shares).toEqual([8, 1]);
  });

  test('a device of a few cores takes the same', () => {
    for (const layer of [conv, 'op: conv, filters: 24, kernel: 5, stride: 2']) {
      const [one, many] = [1, 32].map((images) => waysOf({ kernel: kernelOf(layer), precision: 'f32', images }, named('subgroups-8')));
      expect(many).toEqual(one);
    }
  });
});

describe('a work', () => {
  const work = (layer: string, input?: string, precision: 'f32' | 'f16' = 'f32'): string | undefined => workOf({ kernel: kernelOf(layer, input), precision });

  test('is what is to be done, in words', () => {
    expect(work(conv)).toBe('conv 16 -> 13x13x32, kernel 3x3, stride 1x1, dilation 1x1, groups 1, f32');
    expect(work('op: dense, units: 64')).toBe('dense 2704 -> 64, f32');
    expect(work('op: lrn, size: 5, alpha: 1, beta: 0.75, k: 1, reduce: sum')).toBeUndefined();
  });

  test('is the same whatever follows it', () => {
    expect(work(`${conv}, activation: relu`)).toBe(work(conv));
    expect(work(`${conv}, bias: false`)).toBe(work(conv));
  });

  test('differs with whatever its kernels depend on', () => {
    const works = [
      work(conv), work(conv, '14x13x16'), work(conv, '13x13x32'), work(conv, undefined, 'f16'), work(`${conv}, groups: 2`), work(`${conv}, dilation: 2`),
      work('op: conv, filters: 32, kernel: 3, pad: 1, stride: 2'), work('op: conv, filters: 40, kernel: 3, pad: 1'), work('op: conv, filters: 32, kernel: 5, pad: 2'),
      work('op: dense, units: 64'), work('op: dense, units: 65'), work('op: dense, units: 64', '13x13x15'), work('op: dense, units: 64', undefined, 'f16'),
    ];
    expect(new Set(works).size).toBe(works.length);
  });
});

describe('a way that was measured', () => {
  const target = named('subgroups-8');
  const graph = layers(`  a: { ${conv} }\n  b: { op: conv, filters: 24, kernel: 5, stride: 2 }\n  c: { op: dense, units: 64 }\n`);
  const kernels = fuse(graph, { storeAll: false }).kernels.slice(0, 3);
  const plain = compile(graph, { targets: [target] });

  test.each(kernels.map(({ name }, index) => [name, index] as const))('changes %s and nothing else', (name, index) => {
    const site = { kernel: kernels[index] ?? expect.fail(), precision: 'f32' } as const;
    const { way } = waysOf(site, target).find((one) => one.way.kind === 'direct' ? one.way.tile.rows === 2 : one.way.kind === 'rows') ?? expect.fail('no other way');
    const tuned = new Map([[target.name, new Map([[workOf(site) ?? '', way]])]]);
    const changed = compile(graph, { targets: [target], tuned });
    const files = ({ shaders }: typeof plain, own: boolean): readonly (readonly [string, string])[] => [...shaders].filter(([path]) => new RegExp(`/\\d+-${name}\\b`).test(path) === own);
    expect(files(changed, false)).toEqual(files(plain, false));
    expect(files(changed, true)).not.toEqual(files(plain, true));
    expect(changed.schedules[0]?.tuning).toEqual({ used: 1, stale: [] });
    expect([...compile(graph, { targets: [target], tuned }).shaders]).toEqual([...changed.shaders]);
  });

  test('for another target or another work changes nothing', () => {
    const [kernel] = kernels;
    if (kernel === undefined) return expect.fail();
    const site = { kernel, precision: 'f16' } as const;
    const way = waysOf(site, target)[3]?.way ?? expect.fail();
    for (const name of [target.name, 'portable']) {
      const tuned = new Map([[name, new Map([[workOf(site) ?? '', way]])]]);
      expect(compile(graph, { targets: [target], tuned })).toEqual(plain);
    }
  });

  test('and is none any more is told about', () => {
    const site = { kernel: kernels[0] ?? expect.fail(), precision: 'f32' } as const;
    const work = workOf(site) ?? '';
    const gone = { kind: 'direct', tile: { lanes: 7, blocks: 9, rows: 1, columns: 13, turn: 'kernel row', shares: 1, stores: 'straight' } } as const;
    const compiled = compile(graph, { targets: [target], tuned: new Map([[target.name, new Map([[work, gone]])]]) });
    expect(compiled.schedules[0]?.tuning).toEqual({ used: 0, stale: [work] });
    expect([...compiled.shaders]).toEqual([...plain.shaders]);
  });

  test('is the same in whatever order its numbers stand', () => {
    const way: Way = { kind: 'winograd', tile: { outputs: 4, lanes: 8, blocks: 2, tiles: 16 } };
    expect(isSameWay(way, { tile: { tiles: 16, blocks: 2, lanes: 8, outputs: 4 }, kind: 'winograd' })).toBe(true);
    expect(isSameWay(way, { kind: 'winograd', tile: { ...way.tile, tiles: 8 } })).toBe(false);
  });
});
