import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { call } from '../support/call.ts';

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const alexnet = file('specs/alexnet.yaml');

test('the table, with its sum', async () => {
  const { code, out, err } = await call('summary', alexnet);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^conv2 .*5x5, pad 2, groups 2 +27x27x256 +307,456/m);
  expect(out).toMatch(/^total +60,965,224 +724,406,816/m);
});

test('json has the same numbers', async () => {
  const { totals } = JSON.parse((await call('summary', alexnet, '--format', 'json')).out) as { totals: { parameters: number } };
  expect(totals.parameters).toBe(60_965_224);
});

test('in 16 bits the weights of convolutions and dense layers take half, biases what they took', async () => {
  const bytesOf = async (...args: readonly string[]): Promise<Readonly<Record<string, number>>> => {
    const { layers, totals } = JSON.parse((await call('summary', alexnet, '--format', 'json', ...args)).out) as {
      layers: readonly { readonly name: string; readonly weight_bytes: number }[];
      totals: { readonly weight_bytes: number };
    };
    return { ...Object.fromEntries(layers.map(({ name, weight_bytes: bytes }) => [name, bytes])), total: totals.weight_bytes };
  };
  const biases = 4 * (96 + 256 + 384 + 384 + 256 + 4096 + 4096 + 1000);
  expect(await bytesOf()).toMatchObject({ conv1: 4 * (96 * 363 + 96), norm1: 0, total: 4 * 60_965_224 });
  expect(await bytesOf('--precision', 'f16')).toMatchObject({ conv1: 2 * 96 * 363 + 4 * 96, norm1: 0, total: 2 * 60_965_224 + biases / 2 });
  expect((await call('summary', alexnet, '--precision', 'f16')).out).toMatch(/^fc6 .* 72\.0 MiB /m);
});

describe('--plan', () => {
  test('adds the kernels and why', async () => {
    const { out } = await call('summary', alexnet, '--plan');
    const [table, plan] = out.split('\n\n');
    expect(table).toBe((await call('summary', alexnet)).out.trimEnd());
    expect(plan).toMatch(/^\d+ kernels\n/);
    expect(Number.parseInt(plan ?? '', 10)).toBeLessThanOrEqual(13);
    expect(plan).toMatch(/^ +1 {2}conv1\+relu\n +\S/m);
  });

  test('is part of the json', async () => {
    const { kernels } = JSON.parse((await call('summary', alexnet, '--plan', '--format', 'json')).out) as {
      kernels: readonly { readonly name: string; readonly reasons: readonly string[] }[];
    };
    expect(kernels[0]?.name).toBe('conv1+relu');
    expect(kernels[0]?.reasons.length).toBeGreaterThan(0);
  });
});

test('a wrong layer: the table up to it, and what is wrong with it', async () => {
  const { code, out, err } = await call('summary', file('test/invalid/alexnet-unpadded.yaml'));
  expect(code).toBe(1);
  expect(out).toMatch(/^conv1 .*54x54x96/m);
  expect(out).not.toMatch(/^fc6/m);
  expect(err).toMatch(/6400[^]*9216|9216[^]*6400/);
});
