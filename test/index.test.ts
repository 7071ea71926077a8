import { expect, test } from 'vitest';
import { check, compile, SpecError } from '../compiler/index.ts';

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
