// What `null-gpu.c` writes down of a program, read back: each compute pipeline with the compiler's statistics and its
// assembly, and each dispatch.

import { readFileSync } from 'node:fs';
import { analyse, type Assembly } from './assembly.ts';
import type { FamilyName } from './fake-gpu.ts';

export interface Pipeline {
  /** Lanes of a wave. */
  readonly wave: number;
  /** Threads of a workgroup. */
  readonly threads: number;
  readonly registers: number;
  readonly spills: number;
  /** Bytes of a lane's memory that stand in for registers. */
  readonly scratch: number;
  /** Waves that a SIMD can hold at once. */
  readonly occupancy: number;
  readonly instructions: number;
  /** The compiler's estimates, in cycles: of one wave from start to end, and of a SIMD for 64 threads where there are enough of them. Each loop counts as eight turns. */
  readonly latency: number;
  readonly inverseThroughput: number;
  readonly assembly: Assembly;
  /** The driver's texts by their names, the disassembly among them. */
  readonly texts: Readonly<Record<string, string>>;
}

export interface Dispatch {
  readonly pipeline: Pipeline;
  readonly groups: number;
}

export interface Recorded {
  readonly pipelines: readonly Pipeline[];
  readonly dispatches: readonly Dispatch[];
}

type Line =
  | {
      readonly pipeline: number;
      readonly subgroup: number;
      readonly workgroup: readonly [number, number, number];
      readonly stats: Readonly<Record<string, number>>;
      readonly texts: Readonly<Record<string, string>>;
    }
  | { readonly dispatch: number; readonly groups: readonly [number, number, number] };

export function readLog(path: string, family: FamilyName): Recorded {
  const pipelines: Pipeline[] = [];
  const dispatches: Dispatch[] = [];
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    if (text === '') continue;
    const line = JSON.parse(text) as Line;
    if ('dispatch' in line) {
      const pipeline = pipelines[line.dispatch];
      if (pipeline !== undefined) dispatches.push({ pipeline, groups: product(line.groups) });
    } else {
      pipelines[line.pipeline] = describe(line, family);
    }
  }
  return { pipelines, dispatches };
}

function describe({ subgroup, workgroup, stats, texts }: Extract<Line, { pipeline: number }>, family: FamilyName): Pipeline {
  const stat = (name: string): number => {
    const value = stats[name];
    if (value === undefined) throw new Error(`the driver says nothing of '${name}'; it tells ${Object.keys(stats).join(', ')}`);
    return value;
  };
  return {
    wave: subgroup,
    threads: product(workgroup),
    registers: stat('VGPRs'),
    spills: stat('Spilled SGPRs') + stat('Spilled VGPRs'),
    scratch: stat('Scratch size'),
    // RADV counts subgroups of 32.
    occupancy: stat('Subgroups per SIMD') / (subgroup / 32),
    instructions: stat('Instructions'),
    latency: stat('Latency'),
    inverseThroughput: stat('Inverse Throughput'),
    assembly: analyse(texts['Assembly'] ?? '', subgroup, family === 'navi31'),
    texts,
  };
}

const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);
