// How long a dispatch would take, from what the compiler says of its shader. The compiler takes each loop for eight turns.
// Where it is known how many multiply-adds a dispatch does, the turns of its hottest loop follow, and the estimate is drawn
// out to them. Caches and memory are in it only as the latencies that the compiler assumes.

import { families, type FamilyName } from './fake-gpu.ts';
import type { Pipeline } from './pipelines.ts';

/** Turns that the compiler assumes of each loop. */
const ASSUMED_TURNS = 8;

export interface Estimate {
  /** Waves for each SIMD of the card: below 1 some have nothing to do. */
  readonly wavesPerSimd: number;
  /** Thousands of cycles of one SIMD for all of it: inverse throughput times size. */
  readonly kilocycles: number;
  /** On the card with nothing else to do: all SIMDs share the work, but no wave is faster than its latency. */
  readonly microseconds: number;
}

/** `macs`: multiply-adds of all groups together, where they are known. */
export function estimate(pipeline: Pipeline, groups: number, family: FamilyName, macs?: number): Estimate {
  const { simds, gigahertz } = families[family];
  const { threads, wave, latency, inverseThroughput } = pipeline;
  const factor = macs === undefined ? 1 : drawnOut(pipeline, macs / (groups * threads));
  const cycles = factor * inverseThroughput * (groups * threads) / 64;
  const waves = groups * Math.ceil(threads / wave);
  return {
    wavesPerSimd: waves / simds,
    kilocycles: cycles / 1e3,
    microseconds: Math.max(cycles / simds, factor * latency) / (gigahertz * 1e3),
  };
}

/** How many times longer a thread takes than the compiler assumes, if it does `macs` multiply-adds. */
function drawnOut({ wave, inverseThroughput, assembly: { whole, hot } }: Pipeline, macs: number): number {
  if (hot === undefined || hot.fma === 0) return 1;
  const once = Math.max(0, whole.cycles - hot.cycles);
  const looping = (macs / hot.fma) * hot.cycles;
  const factor = (once + looping) / (once + ASSUMED_TURNS ** hot.depth * hot.cycles);
  // Of a loop under a condition the compiler assumes less still; but its instructions have to be issued.
  return Math.max(factor, looping * (64 / wave) / inverseThroughput);
}
