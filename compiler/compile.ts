// The pipeline on one page: what a spec goes through on its way to a GPU program. Start here.

import type { Precision } from '../runtime/plan.ts';
import type { Artifact } from './emit/plan.ts';
import { outputsOf, toPlan } from './emit/plan.ts';
import type { TypedGraph } from './ir/graph.ts';
import type { Program } from './ir/kernel.ts';
import type { Target } from './ir/target.ts';
import { fuse } from './passes/fuse.ts';
import { planMemory } from './passes/plan-memory.ts';
import { schedule, type Schedule } from './passes/schedule.ts';
import type { Tuned } from './passes/ways.ts';

export interface CompileSettings {
  readonly targets: readonly Target[];
  /** Make every layer an output, by the same kernels: what `verify` compares. */
  readonly storeAll?: boolean;
  /** In what the weights of convolutions and dense layers are stored; sums are f32 either way. Default f32. */
  readonly precision?: Precision;
  /** Ways that were measured to be the fastest for some kernels, by the names of targets; for the rest those that ship. `none`: estimates alone. */
  readonly tuned?: ReadonlyMap<string, Tuned> | 'none';
  /** For batches of how many images kernels are chosen; those of any size run. Default 1. */
  readonly batch?: number;
}

export interface Compiled extends Artifact {
  readonly program: Program;
  readonly schedules: readonly Schedule[];
}

/** A network whose shapes are known, as a GPU program for each target. What is wrong with a network was said by `check`. */
export function compile(graph: TypedGraph, { targets, storeAll = false, precision = 'f32', tuned = new Map(), batch = 1 }: CompileSettings): Compiled {
  // All targets share one division into kernels.
  const program = fuse(graph, { storeAll, maxBuffers: Math.min(...targets.map(({ limits }) => limits.maxStorageBuffersPerShaderStage)) });
  const outputs = outputsOf(program, storeAll);
  const scheduled = targets.map((target) => {
    const steps = schedule(program, target, fileName(graph), { precision, images: batch, tuned: tuned === 'none' ? tuned : (tuned.get(target.name) ?? new Map()) });
    return { schedule: steps, memory: planMemory(steps, outputs.map(({ value }) => value)) };
  });
  return { program, schedules: scheduled.map(({ schedule: made }) => made), ...toPlan(graph, outputs, precision, scheduled) };
}

/** The spec's file name without its folders, which differ from machine to machine: what generated files say they come from. */
export function fileName({ document }: TypedGraph): string {
  return document.source.path.replace(/^.*[/\\]/, '');
}
