// The target profiles that ship with the project, and how one that does not say everything is filled in.

import { costKeys, type Profile } from '../ir/target-keys.ts';
import type { Costs, Target } from '../ir/target.ts';
import lavapipe from '../targets/lavapipe.json' with { type: 'json' };
import matrices16 from '../targets/matrices-16.json' with { type: 'json' };
import matrices8 from '../targets/matrices-8.json' with { type: 'json' };
import portableProfile from '../targets/portable.json' with { type: 'json' };
import sized32 from '../targets/sized-32.json' with { type: 'json' };
import subgroups16 from '../targets/subgroups-16.json' with { type: 'json' };
import subgroups32 from '../targets/subgroups-32.json' with { type: 'json' };
import subgroups4 from '../targets/subgroups-4.json' with { type: 'json' };
import subgroups64 from '../targets/subgroups-64.json' with { type: 'json' };
import subgroups8 from '../targets/subgroups-8.json' with { type: 'json' };
import swiftshader from '../targets/swiftshader.json' with { type: 'json' };

/** What every WebGPU device can run: the limits that a spec is checked against. */
export const portable = portableProfile as Target;

/** What a model is compiled for where nobody asks for anything else, best first. */
export const targets: readonly Target[] = [...([subgroups32, sized32, subgroups8, subgroups4] as Target[]), portable];

/** One for each class of devices. */
export const classes: readonly Target[] = [...targets, ...([subgroups16, subgroups64, matrices16, matrices8] as Target[])];

/** All that have a name: the classes, and devices with more to give than their class promises. */
export const profiles: readonly Target[] = [...classes, ...([lavapipe, swiftshader] as Profile[]).map(filledIn)];

/** Those with subgroups before those without: every device runs the latter, and would leave nothing to the others. */
export function bestFirst(asked: readonly Target[]): readonly Target[] {
  return asked.toSorted((a, b) => Number(a.subgroupSize === undefined) - Number(b.subgroupSize === undefined));
}

/** A profile with what it leaves out: that of the class it says it is like, else of the class with its subgroups. */
export function filledIn({ like, ...own }: Profile): Target {
  const base = classes.find(({ name }) => name === like) ?? classFor(own.subgroupSize);
  const { tuned, ...rest } = base;
  const costs = isComplete(own.costs) ? own.costs : { ...base.costs, ...own.costs };
  // Who says that operations cost something else has another device than the one that was measured.
  return { ...rest, ...(tuned === undefined || own.costs !== undefined ? {} : { tuned }), ...own, costs, limits: { ...base.limits, ...own.limits } };
}

/** The class with subgroups of this size; the portable one, if there is none. */
export const classFor = (subgroupSize: number | undefined): Target => classes.find((target) => target.subgroupSize === subgroupSize) ?? portable;

/** Costs that only some targets have. */
const ofSome: readonly string[] = ['halfLoad', 'load', 'store', 'fetch', 'storeInLoop', 'dispatch', 'wait', 'matrix', 'stage'] satisfies readonly (keyof Costs)[];

/** Costs that leave out no others are meant as they are. */
function isComplete(costs: Partial<Costs> | undefined): costs is Costs {
  return costs !== undefined && Object.keys(costKeys).every((key) => ofSome.includes(key) || Object.hasOwn(costs, key));
}
