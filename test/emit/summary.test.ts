import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { check } from '../../compiler/check.ts';
import { printBytes, printSummary, summarize } from '../../compiler/emit/summary.ts';
import type { TypedGraph } from '../../compiler/ir/graph.ts';
import { inferPartial } from '../../compiler/passes/infer.ts';
import { collect } from '../../compiler/source/catalog.ts';
import type { Source } from '../../compiler/source/source.ts';
import { network } from '../support/network.ts';

const source = (name: string): Source => ({
  path: `specs/${name}`,
  text: readFileSync(new URL(`../../specs/${name}`, import.meta.url), 'utf8'),
  read: source,
});

function spec(name: string, overrides: Readonly<Record<string, string>> = {}): TypedGraph {
  const { graph, diagnostics } = check(source(`${name}.yaml`), new Map(Object.entries(overrides)));
  if (graph === undefined) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  return graph;
}

test.each([
  ['alexnet', 60_965_224],
  ['alexnet-notebook', 62_378_344],
  ['alexnet-227', 62_378_344],
  ['alexnet-torchvision', 61_100_840],
  ['squeezenet-1.0', 1_248_424],
  ['vgg-16', 138_357_544],
  ['zfnet', 62_357_608],
  ['nin', 7_595_176],
  ['resnet-18', 11_689_512],
  ['mobilenet-v1', 4_231_976],
  ['alexnet-no-lrn', 60_965_224],
  ['alexnet-half', 16_277_160],
  ['alexnet-cifar10', 35_910_730],
])('%s has as many parameters as published', (name, parameters) => {
  expect(summarize(spec(name)).totals.parameters).toBe(parameters);
});

test('alexnet has the neurons that the paper counts, and an eighth of it the weights of its golden file', () => {
  const neurons = summarize(spec('alexnet')).layers.filter(({ op }) => op === 'conv' || op === 'dense').map(({ activation_bytes: bytes }) => bytes / 4);
  expect(neurons.reduce((sum, count) => sum + count, 0)).toBe(659_272);
  expect(summarize(spec('alexnet', { width: '0.125', classes: '10' })).totals.parameters).toBe(898_554);
});

test('a row is a layer, its activation included', () => {
  const { layers, totals } = summarize(spec('alexnet'));
  expect(layers[0]).toEqual({
    name: 'conv1',
    op: 'conv',
    shape: [55, 55, 96],
    parameters: 34_944,
    macs: 105_415_200,
    flops: 2 * 105_415_200 + 2 * 290_400,
    weight_bytes: 4 * 34_944,
    activation_bytes: 4 * 290_400,
  });
  expect(layers).toHaveLength(16);
  expect(totals).toMatchObject({ macs: 724_406_816, weight_bytes: 4 * 60_965_224 });
});

test('statistics weigh but are no parameters', () => {
  const { known } = inferPartial(network({ x: [2, 2, 3] }, [{ name: 'bn', op: 'batchnorm' }]), collect().report);
  expect(summarize(known).totals).toMatchObject({ parameters: 6, weight_bytes: 48 });
});

const small = network({ x: [9, 8, 4] }, [
  { name: 'c', op: 'conv', filters: 1000, kernel: [3, 1], stride: [2, 1], pad: [1, 0, 0, 0], dilation: [1, 2], groups: 4, activation: 'relu' },
  { name: 'n', op: 'lrn', size: 3, alpha: 1, beta: 1, k: 1, reduce: 'sum' },
]);

test('the table in text', () => {
  expect(printSummary(inferPartial(small, collect().report).known, 'text')).toBe(
    [
      'layer  op           window                                          output    parameters    MACs   weights  activations',
      'x      input                                                        9x8x4                                       1.1 KiB',
      'c      conv + relu  3x1 / 2x1, pad 1 0 0 0, dilation 1x2, groups 4  4x8x1000       4,000  96,000  15.6 KiB    125.0 KiB',
      'n      lrn          3 channels                                      4x8x1000                                  125.0 KiB',
      'total                                                                              4,000  96,000  15.6 KiB    250.0 KiB',
      '',
    ].join('\n'),
  );
});

test('the table in Markdown', () => {
  const [, rule, input] = printSummary(inferPartial(small, collect().report).known, 'markdown').split('\n');
  expect(rule).toBe('| --- | --- | --- | --- | ---: | ---: | ---: | ---: |');
  expect(input).toBe('| x | input |  | 9x8x4 |  |  |  | 1.1 KiB |');
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [150_994_944, '144.0 MiB'],
  [5 * 1024 ** 4, '5120.0 GiB'],
])('%i bytes', (bytes, text) => {
  expect(printBytes(bytes)).toBe(text);
});

test('every spec that ships is without a mistake, and without a warning', () => {
  const names = readdirSync(new URL('../../specs/', import.meta.url)).filter((name) => name.endsWith('.yaml'));
  expect(names.length).toBeGreaterThanOrEqual(13);
  expect(names.flatMap((name) => check(source(name)).diagnostics.map(({ code, message }) => `${name}: ${code} ${message}`))).toEqual([]);
});

test('layers of a block are counted where it is used', () => {
  const { layers } = summarize(spec('squeezenet-1.0'));
  expect(layers.slice(2, 6).map(({ name, shape, parameters }) => [name, shape.join('x'), parameters])).toEqual([
    ['fire2.squeeze', '55x55x16', 1552],
    ['fire2.expand1x1', '55x55x64', 1088],
    ['fire2.expand3x3', '55x55x64', 9280],
    ['fire2.out', '55x55x128', 0],
  ]);
});
