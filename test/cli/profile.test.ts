// On whatever adapter there is. What is printed is checked against itself: times differ from run to run.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chromeTrace, type TraceEvent } from '../../compiler/cli/chrome-trace.ts';
import { profileText, stepProfiles } from '../../compiler/cli/print-profile.ts';
import type { Profile, Round } from '../../runtime/profile.ts';
import { call } from '../support/call.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const folder = scratchFolder('profile');
const spec = join(folder, 'p.yaml');
writeFileSync(spec, 'netloom: 1\nname: p\ninput: { image: 16x16x3 }\nlayers:\n  c: { op: conv, filters: 8, kernel: 3, activation: relu }\n  d: { op: dense, units: 5, expect: 5 }\n');
const few = ['--rounds', '3'] as const;

const round = (at: number, steps: Round['steps'] = []): Round => ({
  at, total: 20, steps, stages: { upload: 1, encode: 0.5, submit: 0.25, prepare: 0.25, wait: 16, results: 1.5 },
});
/** Two steps: one of a millisecond at half the peak of arithmetic, one of ten that moves bytes as fast as they come. */
const known: Profile = {
  batch: 2, peak: { flops: 1e11, bytes: 1e10 }, clock: 'exact',
  steps: [{ name: 'c+relu', median: 2, min: 1, gap: 0 }, { name: 'd', median: 12, min: 10, gap: 0.5 }],
  run: { median: 20, min: 18 }, upload: { median: 1, min: 1 }, submit: { median: 0.75, min: 0.75 }, encode: { median: 0.25, min: 0.25 },
  gpu: { median: 14.5, min: 11.5 }, readback: { median: 3, min: 2 },
  rounds: { plain: [round(0)], stamped: [round(25, [{ begin: 0, end: 2 }, { begin: 2.5, end: 14.5 }])] },
};
const costs = [{ flops: 5e7, bytes: 1e6 }, { flops: 1e7, bytes: 1e8 }] as const;

describe('what is printed of times that are known', () => {
  test('rates, shares of the peak and what bounds them are of the fastest round', () => {
    const [conv, dense] = stepProfiles(known, costs);
    expect(conv).toMatchObject({ flopsPerSecond: 5e10, bytesPerSecond: 1e9, share: 0.5, bound: 'arithmetic' });
    expect(dense).toMatchObject({ flopsPerSecond: 1e9, bytesPerSecond: 1e10, share: 1, bound: 'memory' });
  });

  test('the table', () => {
    expect(profileText(known, costs)).toBe(
      [
        'step        ms   least    gap  GFLOP/s  GB/s  of peak  bound by',
        'c+relu   2.000   1.000  0.000     50.0   1.0     50 %  arithmetic',
        'd       12.000  10.000  0.500      1.0  10.0    100 %  memory',
        'total   14.000  11.000  0.500      5.5   9.2     95 %',
        '',
        '2 images take 20.000 ms from array to array (least 18.000; 1 round).',
        'Of these, upload 1.000, submit 0.750, steps and gaps 14.500, readback 3.000; while the GPU works, the next run is encoded in 0.250.',
        'The device can do 100.0 GFLOP/s and read 10.0 GB/s, measured between the rounds. At that all steps would take 10.500 ms.',
        '',
      ].join('\n'),
    );
  });

  test('without a clock there are whole runs, and it says so', () => {
    const { batch, peak, run, upload, submit, encode } = known;
    const text = profileText({ batch, peak, run, upload, submit, encode, clock: 'none', steps: [], rounds: { plain: [round(0)], stamped: [] } }, costs);
    expect(text).toBe(
      [
        '2 images take 20.000 ms from array to array (least 18.000; 1 round).',
        'Of these, upload 1.000, submit 0.750; while the GPU works, the next run is encoded in 0.250.',
        'The device can do 100.0 GFLOP/s and read 10.0 GB/s, measured between the rounds. At that all steps would take 10.500 ms: 58 % of the fastest run.',
        'This device cannot tell the time of steps (it has no timestamp-query): whole runs only.',
        '',
      ].join('\n'),
    );
  });

  test('a step too short for the clock has no rates', () => {
    const [step] = stepProfiles({ ...known, clock: 'rounded', steps: [{ name: 'd', median: 0, min: 0, gap: 0 }] }, costs);
    expect(step).toMatchObject({ flopsPerSecond: null, bytesPerSecond: null, share: null });
    expect(profileText({ ...known, clock: 'rounded' }, costs)).toContain('This device rounds the times of steps to 0.0655 ms.\n');
  });

  test('the trace, in microseconds: a run, its stages, and its steps from where it was submitted', () => {
    const { traceEvents } = chromeTrace(known, costs, 'p on a GPU');
    const at = (name: string) => traceEvents.filter((event) => event.name === name).map(({ tid, ts, dur }) => ({ tid, ts, dur }));
    expect(at('run')).toEqual([{ tid: 1, ts: 0, dur: 20_000 }]);
    expect(at('run, a pass for each step')).toEqual([{ tid: 1, ts: 25_000, dur: 20_000 }]);
    expect(at('wait')).toEqual([{ tid: 2, ts: 2000, dur: 16_000 }, { tid: 2, ts: 27_000, dur: 16_000 }]);
    expect(at('c+relu')).toEqual([{ tid: 3, ts: 26_750, dur: 2000 }]);
    expect(at('d')).toEqual([{ tid: 3, ts: 29_250, dur: 12_000 }]);
  });
});

test('a table of steps, and how a run is made up', async () => {
  const { code, out, err } = await call('profile', spec, ...few, '--batch', '2');
  expect(code, err).toBe(0);
  expect(out).toMatch(/^step +ms +least +gap +GFLOP\/s +GB\/s +of peak +bound by\nc\+relu .*\nd .*\ntotal .*\n\n2 images take \d/);
  expect(out).toMatch(/3 rounds\)\.\nOf these, upload \d\S+, submit \d\S+, steps and gaps \d\S+, readback \d/);
  expect(err).toMatch(/, variant \S/);
});

test('json: every number follows from the others', async () => {
  const { code, out, err } = await call('profile', spec, ...few, '--weights', 'synthetic:3', '--input', 'synthetic:2', '--format', 'json');
  expect([code, err]).toEqual([0, '']);
  interface Step { name: string; median_ms: number; min_ms: number; gap_ms: number; flops: number; bytes: number; flops_per_second: number; share_of_peak: number; bound: string }
  const printed = JSON.parse(out) as { peak: { flops_per_second: number; bytes_per_second: number }; steps: Step[] };
  expect(printed).toMatchObject({ version: 1, model: 'p', batch: 1, rounds: 3, clock: 'exact' });
  expect(printed.steps.map(({ name }) => name)).toEqual(['c+relu', 'd']);
  for (const step of printed.steps) {
    expect(step.flops_per_second).toBeCloseTo((1000 * step.flops) / step.min_ms, -3);
    const least = Math.max(step.flops / printed.peak.flops_per_second, step.bytes / printed.peak.bytes_per_second);
    expect(step.share_of_peak).toBeCloseTo((1000 * least) / step.min_ms, 6);
    expect(step.min_ms).toBeLessThanOrEqual(step.median_ms);
  }
});

test('a trace that Perfetto opens, in a file', async () => {
  const path = join(folder, 'trace.json');
  const { code, out } = await call('profile', spec, ...few, '--format', 'trace', '-o', path);
  expect([code, out]).toEqual([0, '']);
  const { traceEvents } = JSON.parse(readFileSync(path, 'utf8')) as { traceEvents: TraceEvent[] };
  const names = traceEvents.filter(({ ph }) => ph === 'M').map(({ name, tid, args }) => [name, tid, args?.['name']]);
  expect(names).toEqual([['process_name', 1, expect.stringMatching(/^p on ./)], ['thread_name', 1, 'runs'], ['thread_name', 2, 'CPU'], ['thread_name', 3, 'GPU']]);
  const spans = traceEvents.filter(({ ph }) => ph === 'X');
  expect(spans).toHaveLength(traceEvents.length - 4);
  // Three rounds: each a run of six stages, and one more of six stages and two steps.
  expect(spans).toHaveLength(3 * (7 + 9));
  for (const { ts = NaN, dur = NaN, pid } of spans) {
    expect(ts).toBeGreaterThanOrEqual(0);
    expect(dur).toBeGreaterThanOrEqual(0);
    expect(pid).toBe(1);
  }
  // What lies on one track must not overlap, or viewers drop it.
  for (const track of [1, 2, 3]) {
    const onTrack = spans.filter(({ tid }) => tid === track).sort((a, b) => (a.ts ?? 0) - (b.ts ?? 0));
    for (const [index, { ts = NaN }] of onTrack.slice(1).entries()) {
      const { ts: begin = NaN, dur = NaN } = onTrack[index] ?? {};
      expect(ts).toBeGreaterThanOrEqual(begin + dur - 1e-3);
    }
  }
});

describe('what is wrong', () => {
  test.each([
    [[spec, '--rounds', '0'], 2, "--rounds takes a whole number, at least 1; not '0'"],
    [[spec, '--format', 'svg'], 2, "--format takes text, json or trace; not 'svg'"],
    [[join(folder, 'none.yaml')], 1, 'none.yaml does not exist'],
    [[spec, '--weights', join(folder, 'none.safetensors')], 1, 'none.safetensors'],
    [[spec, ...few, '-o', join(folder, 'none', 'trace.json')], 1, 'does not exist'],
    [[spec, '--adapter', 'voodoo2'], 3, 'voodoo2'],
    [[spec, '--adapter', 'null'], 3, 'there is no time to measure'],
  ])('%j', async (args, exit, message) => {
    const { code, out, err } = await call('profile', ...args);
    expect([code, out]).toEqual([exit, '']);
    expect(err).toContain(message);
    expect(err).not.toMatch(/\n\s+at /);
  });
});
