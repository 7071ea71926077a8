// On whatever adapter there is: hardware, lavapipe, or the embedded one.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Golden } from '../../compiler/cli/golden.ts';
import { call } from '../support/call.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const golden = file('test/golden/alexnet-eighth.json');
const eighth = [file('specs/alexnet.yaml'), '--set', 'width=0.125', '--set', 'classes=10'] as const;
const folder = scratchFolder('verify');

/** The golden file with something changed, in a file of its own. */
function changed(name: string, change: (golden: Golden) => object): string {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(golden, 'utf8')) as Golden)));
  return path;
}

/** The golden file with one layer's outputs changed. */
const withLayer = (golden: Golden, layer: string, change: object): object => ({
  ...golden,
  outputs: { ...golden.outputs, [layer]: { ...golden.outputs[layer], ...change } },
});

const smallSpec = join(folder, 'small.yaml');
writeFileSync(
  smallSpec,
  `netloom: 1
name: small
input: { image: 9x9x3 }
layers:
  a: { op: conv, filters: 4, kernel: 3 }
  norm: { op: batchnorm, activation: relu }
  b: { op: conv, filters: 6, kernel: 3, pad: 1, activation: tanh }
  pool: { op: maxpool, kernel: 2 }
  d: { op: dense, units: 5 }
`,
);

describe('against a golden file', () => {
  test('every layer of AlexNet at an eighth of its width', async () => {
    const { code, out, err } = await call('verify', ...eighth, '--golden', golden);
    expect(code, out + err).toBe(0);
    for (const layer of ['conv1', 'norm1', 'pool1', 'conv2', 'fc6', 'drop6', 'fc8', 'prob']) expect(out).toMatch(new RegExp(`^${layer} .* ok$`, 'm'));
    expect(out).toMatch(/\nall layers are within 0\.0001\n$/);
    expect(err).toMatch(/, variant \S/);
  });

  test('the first layer beyond the tolerance is named', async () => {
    const path = changed('wrong-sample', (right) => withLayer(right, 'conv3', { sample: right.outputs['conv3']?.sample.map((value) => value + 0.1) }));
    const { code, out } = await call('verify', ...eighth, '--golden', path);
    expect(code).toBe(1);
    expect(out).toMatch(/^conv3 .*beyond: 1\.8e-3 at value \d+/m);
    expect(out).toMatch(/\nconv3 is the first layer beyond 0\.0001; 1 of 16 are\n$/);
    expect((await call('verify', ...eighth, '--golden', path, '--tolerance', '0.01')).code).toBe(0);
  });

  test('as json', async () => {
    const path = changed('wrong-mean', (right) => withLayer(right, 'pool5', { mean: 0 }));
    const { code, out } = await call('verify', ...eighth, '--golden', path, '--format', 'json');
    expect(code).toBe(1);
    const { layers, ...rest } = JSON.parse(out) as { layers: readonly { name: string; ok: boolean; error: number }[] };
    expect(rest).toMatchObject({ version: 1, ok: false, tolerance: 1e-4, first_beyond: 'pool5' });
    expect(layers.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['pool5']);
    expect(layers.find(({ name }) => name === 'pool5')?.error).toBeGreaterThan(0.1);
  });

  test.each([
    ['another network', ['--golden', golden], 'conv1 is 55x55x12 in', '--set gives them'],
    ['no such file', ['--golden', join(folder, 'none.json')], 'none.json does not exist', ''],
    ['both ways at once', ['--golden', golden, '--weights', 'synthetic:1'], '--golden brings its own weights', ''],
  ])('%s', async (_, args, message, help) => {
    const { code, out, err } = await call('verify', eighth[0], ...args);
    expect([code, out]).toEqual([args.includes('--weights') ? 2 : 1, '']);
    expect(err).toContain(message);
    expect(err).toContain(help);
  });

  test.each([
    ['not an object', () => [], 'it holds no object'],
    ['no seed', (right: Golden) => ({ ...right, seed: '7' }), '`seed` is not a number'],
    ['a layer without samples', (right: Golden) => withLayer(right, 'fc6', { sample: undefined }), '`outputs.fc6.sample` is not a list of numbers'],
    ['a layer that the spec has not', (right: Golden) => withLayer(right, 'fc9', right.outputs['fc8'] ?? {}), 'has a layer fc9, and'],
  ])('%s', async (name, change, message) => {
    const { code, err } = await call('verify', ...eighth, '--golden', changed(name, change));
    expect(code).toBe(1);
    expect(err).toContain(message);
  });
});

describe('against the interpreter', () => {
  test('every value of every layer, folded ones left out', async () => {
    const { code, out, err } = await call('verify', smallSpec, '--batch', '2');
    expect(code, out + err).toBe(0);
    expect(out).toMatch(/^a +folded into the layer after it$/m);
    expect(out).toMatch(/^norm .* ok$/m);
    expect(out).toMatch(/^d .* ok$/m);
  });

  test('no tolerance at all is beyond what float32 can do', async () => {
    const { code, out } = await call('verify', smallSpec, '--weights', 'synthetic:3', '--input', 'synthetic:2', '--tolerance', '0');
    expect(code).toBe(1);
    expect(out).toMatch(/ is the first layer beyond 0; \d of 5 are\n$/);
  });
});

describe('weights in f16', () => {
  test('every layer of AlexNet at an eighth of its width, against the exact weights', async () => {
    const { code, out, err } = await call('verify', ...eighth, '--golden', golden, '--precision', 'f16');
    expect(code, out + err).toBe(0);
    expect(out).toMatch(/\nall layers are within 0\.002\n$/);
    expect(err).toContain(', weights in f16');
    // They are not those that f32 has.
    expect((await call('verify', ...eighth, '--golden', golden, '--precision', 'f16', '--tolerance', '1e-4')).code).toBe(1);
  });

  const logits = join(folder, 'logits.yaml');
  writeFileSync(logits, 'netloom: 1\nname: logits\ninput: { x: 400 }\nlayers:\n  d: { op: dense, units: 20 }\n  p: { op: softmax }\n');

  test('probabilities may be off by what the tolerance of their logits makes of them', async () => {
    const half = ['verify', logits, '--weights', 'synthetic:10', '--input', 'synthetic:10', '--precision', 'f16', '--tolerance'] as const;
    const { code, out } = await call(...half, '4e-4', '--format', 'json');
    const { layers } = JSON.parse(out) as { layers: readonly { name: string; tolerance: number; max_abs: number; error: number; ok: boolean }[] };
    const [d, p] = layers;
    expect(d?.tolerance).toBe(4e-4);
    expect(p?.tolerance).toBeCloseTo(Math.exp(2 * 4e-4 * (d?.max_abs ?? NaN)) - 1, 10);
    expect(p?.error).toBeGreaterThan(4e-4);
    expect([code, d?.ok, p?.ok]).toEqual([0, true, true]);
    expect((await call(...half, '4e-4')).out).toMatch(/^p .* ok: logits within 0\.0004 leave it within \d/m);
    expect((await call(...half, '1e-5')).code).toBe(1);
  });
});

test('no such adapter is the machine\'s fault', async () => {
  const { code, err } = await call('verify', smallSpec, '--adapter', 'voodoo2');
  expect(code).toBe(3);
  expect(err).toContain('voodoo2');
});
