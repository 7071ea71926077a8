// What AMD's compiler makes of the shaders that such a card would load, against what is committed (`inspect/results.json`):
// registers must do, and no estimate may be worse. It needs no card; what it needs, it says where it skips.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { analyse } from './inspect/assembly.ts';
import { whatIsMissing } from './inspect/fake-gpu.ts';
import { inspectAll, readPeers, readResults, toPage, toResults, type StepRow } from './inspect/results.ts';
import { networkOf } from './support/gpu.ts';

/** An estimate may be worse by so much: what a shuffled register does. */
const SLACK = 1.02;

const committed = readResults();
const missing = whatIsMissing();
if (missing !== undefined) console.warn(`skipped: what AMD's compiler makes of the shaders. ${missing}.`);

test.runIf(missing === undefined)('every AlexNet shader fits the registers of an AMD card, and none has become slower', async ({ skip }) => {
  const path = fileURLToPath(new URL('../specs/alexnet.yaml', import.meta.url));
  const graph = networkOf(readFileSync(path, 'utf8'), {}, path);
  const found = toResults(await inspectAll(graph));
  expect(found.shaders.length).toBeGreaterThan(20);
  expect(found.shaders.filter(({ spills, scratch }) => spills + scratch > 0)).toEqual([]);
  if (found.driver !== committed.driver) {
    console.warn(`skipped: estimates against those committed. They are of ${committed.driver}, and this is ${found.driver}.`);
    skip();
  }
  expect(slower(found.steps, committed.steps), 'if that is meant, run npm run inspect:amd and commit what it writes').toEqual([]);
});

/** Steps, and sums of a variant's steps, that take longer than before, in words. */
function slower(now: readonly StepRow[], before: readonly StepRow[]): readonly string[] {
  const sums = (rows: readonly StepRow[]): ReadonlyMap<string, number> => {
    const all = new Map<string, number>();
    for (const { family, target, batch, step, kilocycles, microseconds } of rows) {
      for (const [unit, value] of [['kcycles', kilocycles], ['µs', microseconds]] as const) {
        for (const what of [step, 'all of it']) {
          const key = `${family}, ${target}, batch ${batch}, ${what} in ${unit}`;
          all.set(key, (all.get(key) ?? 0) + value);
        }
      }
    }
    return all;
  };
  const known = sums(before);
  return Array.from(sums(now)).flatMap(([key, value]) => {
    const was = known.get(key) ?? Infinity;
    return value > was * SLACK ? [`${key}: ${value.toPrecision(4)}, was ${was.toPrecision(4)}`] : [];
  });
}

test('a step that takes longer, and a sum that does, are told', () => {
  const row = { family: 'navi31', target: 'portable', batch: 1, step: 'fc8', wavesPerSimd: 1, kilocycles: 100, microseconds: 2, memoryMicroseconds: 0 } as const;
  expect(slower([row], [row])).toEqual([]);
  expect(slower([{ ...row, kilocycles: 103 }], [row])).toEqual([
    'navi31, portable, batch 1, fc8 in kcycles: 103.0, was 100.0', 'navi31, portable, batch 1, all of it in kcycles: 103.0, was 100.0',
  ]);
  expect(slower([row, { ...row, step: 'new' }], [row]).map((text) => text.split(':')[0])).toEqual(['navi31, portable, batch 1, all of it in kcycles', 'navi31, portable, batch 1, all of it in µs']);
});

test('the page shows the committed numbers', () => {
  expect(readFileSync(new URL('inspect/RESULTS.md', import.meta.url), 'utf8')).toBe(toPage(committed, readPeers()));
});

test('the hottest loop is the innermost one with the most multiply-adds', () => {
  const assembly = [
    'BB0:', '\tv_mov_b32_e32 v1, 0 ; 7e020280',
    'BB1:', '\ts_load_b128 s[0:3], s[4:5], 0x0 ; f4', '\tv_mul_lo_u32 v2, v3, v4 ; d5',
    'BB2:', '\tglobal_load_b128 v[8:11], v2, s[0:1] ; dc', '\tv_dual_fmac_f32 v1, v8, v9 :: v_dual_fmac_f32 v2, v10, v11 ; c8', '\tv_fma_f32 v3, v8, s0, v3 ; d6',
    '\tv_add_nc_u32_e32 v2, 16, v2 ; 4a', '\ts_cbranch_scc1 BB2 ; bf',
    '\ts_cbranch_scc1 BB1 ; bf', '\ts_endpgm ; bf',
  ].join('\n');
  const { whole, hot } = analyse(assembly, 32, true);
  expect(hot).toMatchObject({ depth: 2, fma: 3, dualFma: 2, vector: 3, integer: 1, scalar: 1, laneBytes: 16, uniformBytes: 0, cycles: 3 });
  expect(whole).toMatchObject({ fma: 3, vector: 5, uniformBytes: 16, cycles: 8 });
  // With 64 lanes what is no dual instruction takes two turns, unless the family issues it at once.
  expect(analyse(assembly, 64, false).hot?.cycles).toBe(6);
  expect(analyse(assembly.replace('v_add_nc', 'v_xad'), 64, true).hot?.cycles).toBe(5);
});
