// One kernel of a network as a plan of its own, written in a given way: what a tuner runs. Weights, shapes and stages are
// those of the network; values that the tail reads from other layers are left out, and so is what others read of its own.

import type { Plan, Precision } from '../runtime/plan.ts';
import { outputsOf, toPlan, type Artifact } from './emit/plan.ts';
import type { FusedKernel, Program } from './ir/kernel.ts';
import type { Target } from './ir/target.ts';
import { planMemory } from './passes/plan-memory.ts';
import { schedule } from './passes/schedule.ts';
import { shapeOf, workOf, type Way } from './passes/ways.ts';

export interface KernelSettings {
  readonly target: Target;
  readonly precision: Precision;
  readonly way: Way;
}

/** The plan has one variant, and one output: the kernel's result. */
export function compileKernel(program: Program, kernel: FusedKernel, { target, precision, way }: KernelSettings): Artifact & { readonly plan: Plan } {
  const alone = standAlone(program, kernel);
  const work = workOf({ kernel, precision });
  const steps = schedule(alone, target, 'tune', { precision, tuned: new Map(work === undefined ? [] : [[work, way]]) });
  if (steps.tuning.used !== 1) throw new Error(`${kernel.name} is not written in the way that was asked for`);
  const outputs = outputsOf(alone, false);
  return toPlan(alone.graph, outputs, precision, [{ schedule: steps, memory: planMemory(steps, outputs.map(({ value }) => value)) }]);
}

function standAlone({ graph }: Program, whole: FusedKernel): Program {
  const { nodes, reads, readsShape, result, core, tail } = whole;
  const shape = shapeOf(whole);
  const last = nodes.at(-1);
  if (last === undefined || core.kind === 'map') throw new Error(`${whole.name} has no core to be measured`);
  const kernel: FusedKernel = { ...whole, keeps: [], tail: tail.filter(({ inputs }) => inputs.every((input) => input === 'previous')) };
  const values = [{ id: reads, shape: readsShape }, { id: result, shape }];
  return {
    graph: { ...graph, input: { name: reads, shape: readsShape }, nodes: [...nodes.slice(0, -1), { ...last, id: result }], outputs: [result] },
    kernels: [kernel],
    values: new Map(values.map((value) => [value.id, value])),
    views: new Map(),
    free: new Map(),
    foldedAway: new Set(),
  };
}
