// On whatever adapter there is: hardware, lavapipe, or the embedded one.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { call } from '../support/call.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const folder = scratchFolder('run');
const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

// Adds up: with weights of one its result is known without a computer.
const weights = ((): string => {
  const header = JSON.stringify({ 'd.weight': { dtype: 'F32', shape: [3, 2], data_offsets: [0, 24] }, 'd.bias': { dtype: 'F32', shape: [3], data_offsets: [24, 36] } });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return write('d.safetensors', Buffer.concat([length, Buffer.from(header), Buffer.from(Float32Array.of(1, 1, 2, 0, 0, -1, 0, 0, 0.5).buffer)]));
})();
const spec = write('d.yaml', 'netloom: 1\nname: d\ninput: { v: 2 }\nlabels: names.txt\nlayers:\n  d: { op: dense, units: 3 }\n');
write('names.txt', 'sum\ntwice\nminus\n');
const input = write('v.f32', new Uint8Array(Float32Array.of(3, 5).buffer));

interface Printed {
  readonly adapter: { readonly name: string };
  readonly variant: string;
  readonly passed_over: readonly { readonly name: string; readonly reason: string }[];
  readonly outputs: readonly { readonly name: string; readonly shape: readonly number[]; readonly scores: readonly object[] }[];
  readonly milliseconds: Readonly<Record<string, number>>;
}

test('weights in f16: the same where 16 bits hold them, and what was taken is told', async () => {
  const { code, out, err } = await call('run', spec, '--weights', weights, '--input', input, '--precision', 'f16');
  expect(code, err).toBe(0);
  expect(out).toBe('   d\n1  8     sum\n2  6     twice\n3  -4.5  minus\n');
  expect(err).toMatch(/, variant \S+, weights in f16/);
  const json = JSON.parse((await call('run', spec, '--weights', weights, '--input', input, '--precision', 'f16', '--format', 'json')).out) as object;
  expect(json).toMatchObject({ precision: 'f16' });
});

test('scores with their labels, highest first, and where it ran', async () => {
  const { code, out, err } = await call('run', spec, '--weights', weights, '--input', input);
  expect(code, err).toBe(0);
  expect(out).toBe('   d\n1  8     sum\n2  6     twice\n3  -4.5  minus\n');
  expect(err).toMatch(/, variant \S/);
  expect(err).toMatch(/compile .* ms, load .* ms, image .* ms, run .* ms/);
  expect(err).not.toContain('mean nothing');
});

test('--labels wins over the spec', async () => {
  const names = write('other.txt', 'x\ny\nz\n');
  expect((await call('run', spec, '--weights', weights, '--input', input, '--labels', names)).out).toContain('1  8     x\n');
});

test('json; a batch repeats the image', async () => {
  const { code, out } = await call('run', spec, '--weights', weights, '--input', input, '--batch', '3', '--top', '1', '--format', 'json');
  expect(code).toBe(0);
  const printed = JSON.parse(out) as Printed;
  expect(printed).toMatchObject({ version: 1, model: 'd', batch: 3 });
  expect(printed.outputs).toEqual([{ name: 'd', shape: [3, 3], scores: [{ index: 0, label: 'sum', score: 8 }] }]);
  expect(Object.keys(printed.milliseconds)).toEqual(['compile', 'load', 'image', 'run']);
});

describe('--target', () => {
  const args = [spec, '--weights', weights, '--input', input] as const;
  const mine = write('mine.json', JSON.stringify({ name: 'mine', like: 'portable' }));

  test('forces one: a profile by its name, or a file', async () => {
    for (const target of ['portable', mine]) {
      const { code, out, err } = await call('run', ...args, '--target', target, '--format', 'json');
      expect(code, err).toBe(0);
      const { variant, passed_over: passedOver, outputs } = JSON.parse(out) as Printed;
      expect([variant, passedOver]).toEqual([target === mine ? 'mine' : target, []]);
      expect(outputs[0]?.scores[0]).toMatchObject({ label: 'sum', score: 8 });
    }
  });

  test('of several the first that the adapter can run is taken, and why not those before it is told', async () => {
    const huge = write('huge.json', JSON.stringify({ name: 'huge', limits: { maxStorageBufferBindingSize: 2 ** 50 } }));
    const { code, out, err } = await call('run', ...args, '--target', `${huge},portable`);
    expect([code, out.split('\n')[1]], err).toEqual([0, '1  8     sum']);
    expect(err).toMatch(/variant portable; not huge: .* lacks maxStorageBufferBindingSize 1125899906842624 \(it has \d+\)\n/);
    const alone = await call('run', ...args, '--target', huge);
    expect([alone.code, alone.out]).toEqual([3, '']);
    expect(alone.err).toMatch(/^error: .* can run no variant of d:\n {2}huge: .* lacks maxStorageBufferBindingSize/m);
  });

  test('one that there is not is told before anything is read', async () => {
    expect(await call('run', 'nowhere.yaml', '--weights', weights, '--input', input, '--target', 'portble')).toEqual({
      code: 2, out: '', err: "error: there is no target 'portble'\nhelp: did you mean portable?\n",
    });
  });
});

test('a picture, and weights from a formula', async () => {
  const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
  const eighth = ['--set', 'width=0.125', '--weights', 'synthetic:7'] as const;
  const { code, out, err } = await call('run', at('specs/alexnet.yaml'), ...eighth, '--input', at('specs/demo.jpg'), '--top', '2');
  expect(code, err).toBe(0);
  expect(out.trimEnd().split('\n')).toHaveLength(3);
  expect(err).toContain('The weights come from a formula, not from training: the names mean nothing.');
});

describe('what is missing or wrong', () => {
  test.each([
    [[spec, '--input', input], 2, 'netloom run needs --weights FILE'],
    [[spec, '--weights', weights], 2, 'netloom run needs --input FILE'],
    [[spec, '--weights', join(folder, 'none.safetensors'), '--input', input], 1, 'none.safetensors'],
    [[spec, '--weights', 'synthetic:x', '--input', input], 1, 'synthetic:x'],
    [[spec, '--weights', weights, '--input', join(folder, 'none.jpg')], 1, 'none.jpg'],
    [[spec, '--weights', weights, '--input', weights], 1, ''],
    [[spec, '--weights', weights, '--input', input, '--labels', 'imagenet-1k'], 1, 'imagenet-1k has 1000 names, and d has 3 values'],
    [[spec, '--weights', weights, '--input', input, '--labels', 'nowhere'], 1, 'nowhere'],
    [[join(folder, 'none.yaml'), '--weights', weights, '--input', input], 1, 'none.yaml does not exist'],
    [[spec, '--weights', weights, '--input', input, '--adapter', 'voodoo2'], 3, 'voodoo2'],
  ])('%j', async (args, exit, message) => {
    const { code, out, err } = await call('run', ...args);
    expect([code, out]).toEqual([exit, '']);
    expect(err).toContain(message);
    expect(err).not.toMatch(/\n\s+at /);
  });
});
