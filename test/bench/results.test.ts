// The page and what it is made of, from made-up measurements.

import { describe, expect, test } from 'vitest';
import type { Measured, Row } from './compare.ts';
import { growthSummary, type GrowthPoint } from './growth.ts';
import { kernelHead, kernelRows, worstSteps, type KernelTimes } from './kernels.ts';
import { chart } from './chart.ts';
import { page } from './page.ts';
import { ratiosOf } from './ratios.ts';
import { merge, noResults, type Results } from './results.ts';

const row = (peer: Row['peer'], median: number | null, rest: Partial<Row> = {}): Measured => ({
  row: {
    peer, model: 'alexnet', batch: 1, load_ms: 900, first_cold_ms: 2000, first_warm_ms: 1000,
    median_ms: median, p10_ms: median, p90_ms: median, rss_mb: 400, max_error: 1e-6, error: null, ...rest,
  },
  runs: 20,
  note: `${peer} says so`,
});
const setting = (date: string): Results['settings'][number] => ({ date, shared: false, lines: [`command of ${date}`] });
const cell = { model: 'alexnet', batch: 1, adapter: 'lavapipe' } as const;
const kernels: KernelTimes = {
  ...cell, device: 'llvmpipe', variant: 'subgroups-8', clock: 'exact', peak: { flops: 1e11, bytes: 1e10 }, rounds: 20, run: { median: 9, min: 8 },
  steps: [
    { name: 'conv1+relu', median: 2.5, min: 2, gap: 0, flops: 1e8, bytes: 1e6, flopsPerSecond: 5e10, bytesPerSecond: 5e8, share: 0.5, bound: 'arithmetic' },
    { name: 'fc6', median: 6, min: 6, gap: 0, flops: 1e7, bytes: 1.5e7, flopsPerSecond: 1.67e9, bytesPerSecond: 2.5e9, share: 0.25, bound: 'memory' },
  ],
};
const point = (images: number, milliseconds: number, slotBytes: number): GrowthPoint =>
  ({ what: `batch ${images}`, images, macs: 1e9 * images, milliseconds, weightBytes: 1e6, slotBytes, slots: 3, resultBytes: 1e7 * images });
const series = { what: 'Larger batches', points: [point(1, 10, 100), point(4, 20, 400), point(16, 40, 800)] };

const results: Results = {
  settings: [setting('2026-01-01')],
  compared: [{ ...cell, date: '2026-01-01', measured: [row('netloom', 50), row('onnxruntime-webgpu', 900, { first_cold_ms: 5000, rss_mb: 600 }), row('tfjs', null, { error: 'out of\nmemory | gone' })] }],
  kernels: [{ ...kernels, date: '2026-01-01' }],
  growth: [{ adapter: 'lavapipe', device: 'llvmpipe', rounds: 5, date: '2026-01-01', series: [series] }],
};

test('ratios are of what was measured together', () => {
  expect(ratiosOf(results, 'lavapipe').map(({ row: { peer }, ...ratio }) => [peer, ratio])).toEqual([
    ['onnxruntime-webgpu', { run: 18, cold: 2.5, warm: 1, memory: 1.5 }],
    ['tfjs', { run: undefined, cold: 1, warm: 1, memory: 1 }],
  ]);
  expect(ratiosOf(results, 'swiftshader')).toEqual([]);
});

describe('the page', () => {
  const text = page(results);

  test('opens with the ratios, a failure in the place of one', () => {
    expect(text.split('\n').filter((line) => line.startsWith('|')).slice(0, 4)).toEqual([
      '| model | batch | peer | a run | first, cold | first, warm | memory |',
      '| --- | ---: | --- | ---: | ---: | ---: | ---: |',
      '| alexnet | 1 | onnxruntime-webgpu | 18.00 | 2.50 | 1.00 | 1.50 |',
      '| alexnet | 1 | tfjs | out of memory \\| gone | 1.00 | 1.00 | 1.00 |',
    ]);
  });

  test('has a section for each adapter that was measured, and no other', () => {
    expect(text.match(/^#{2,3} .*/gm)).toEqual([
      '## Times netloom\'s', '### On lavapipe', '## Milliseconds for a batch', '### On lavapipe', '## Each kernel beside the device\'s peak', '### On lavapipe',
      '## How cost grows', '### On lavapipe', '## What it leaves out', '## Where',
    ]);
  });

  test('says nothing of what was not measured', () => {
    expect(page({ ...noResults, settings: results.settings, growth: results.growth }).match(/^#{2,3} .*/gm)).toEqual(['## How cost grows', '### On lavapipe', '## What it leaves out', '## Where']);
  });

  test('says what was measured where', () => {
    expect(text).toContain('command of 2026-01-01\nmeasured  alexnet x1 on lavapipe; kernels of alexnet x1 on lavapipe; growth on lavapipe\nnetloom: netloom says so\n');
  });
});

test('the row of all steps has their times, work and the share of what was possible', () => {
  const all = Object.fromEntries(kernelHead.map((name, index) => [name, kernelRows(kernels).at(-1)?.[index]]));
  // 1 ms of arithmetic and 1.5 of reads, of 8.
  expect(all).toEqual({ 'step': 'all', 'ms': '8.50', 'least': '8.00', 'GFLOP/s': '13.8', 'GB/s': '2.00', 'of peak': '31 %', 'bound by': '' });
});

test('the worst step is the one that takes longest beyond what was possible', () => {
  expect(worstSteps(kernels)).toBe('Most time beyond what was possible: fc6 4.50 ms (25 %), conv1+relu 1.00 ms (50 %).');
});

test('growth is told as a power, and from end to end', () => {
  expect(growthSummary(series)).toBe(
    'Time grows as the multiply-adds to the power of 0.50 (fitted; off by 0 % at most): ' +
    'from batch 1 to batch 16 there is 16.0 times the work, in 4.0 times the time and 8.0 times the memory for activations.',
  );
});

test('the chart has a bar for each ratio, and says where there is none', () => {
  const svg = chart('lavapipe', ratiosOf(results, 'lavapipe'));
  expect(svg).toContain('>18.00</text>');
  expect(svg).toContain('tfjs, alexnet, batch 1</text>');
  expect(svg.match(/no time/g)).toHaveLength(1);
});

describe('what is measured anew', () => {
  const swiftshader = { ...results.compared[0], ...cell, adapter: 'swiftshader', date: '2026-02-02', measured: [row('netloom', 400)] } as const;
  const again = { ...cell, date: '2026-03-03', measured: [row('netloom', 40)] };

  test('stands beside the rest', () => {
    const both = merge(results, { ...noResults, settings: [setting('2026-02-02')], compared: [swiftshader] });
    expect(both.compared.map(({ adapter, date }) => [adapter, date])).toEqual([['lavapipe', '2026-01-01'], ['swiftshader', '2026-02-02']]);
    expect(both.settings.map(({ date }) => date)).toEqual(['2026-01-01', '2026-02-02']);
    expect(both.kernels).toEqual(results.kernels);
  });

  test('takes the place of the same', () => {
    const fresh = merge({ ...noResults, settings: results.settings, compared: results.compared }, { ...noResults, settings: [setting('2026-03-03')], compared: [again] });
    expect(fresh.compared).toEqual([again]);
    expect(fresh.settings.map(({ date }) => date)).toEqual(['2026-03-03']);
  });
});
