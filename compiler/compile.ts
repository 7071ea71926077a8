// The pipeline on one page: what a spec goes through on its way to a GPU program. Start here.

import type { Report } from './source/catalog.ts';
import type { Artifact } from './emit/plan.ts';
import { outputsOf, toPlan } from './emit/plan.ts';
import type { TypedGraph } from './ir/graph.ts';
import type { Program } from './ir/kernel.ts';
import type { Target } from './ir/target.ts';
import { fuse } from './passes/fuse.ts';
import { planMemory } from './passes/plan-memory.ts';
import { schedule, type Schedule } from './passes/schedule.ts';

export interface CompileSettings {
  readonly targets: readonly Target[];
  /** The spec's file name, for the first line of each shader. */
  readonly model: string;
  /** Make every layer an output, by the same kernels: what `verify` compares. */
  readonly storeAll?: boolean;
}

export interface Compiled extends Artifact {
  readonly program: Program;
  readonly schedules: readonly Schedule[];
}

/** A network whose shapes are known, as a GPU program for each target. Nothing is reported but what a device cannot hold. */
export function compile(graph: TypedGraph, { targets, model, storeAll = false }: CompileSettings, _report: Report): Compiled {
  const program = fuse(graph, { storeAll });
  const outputs = outputsOf(program, storeAll);
  const scheduled = targets.map((target) => {
    const steps = schedule(program, target, model);
    return { schedule: steps, memory: planMemory(steps, outputs.map(({ value }) => value)) };
  });
  return { program, schedules: scheduled.map(({ schedule: made }) => made), ...toPlan(graph, outputs, scheduled) };
}
