// The target profiles that ship with the project, best first: a loader takes the first one its device can run.

import type { Target } from '../ir/target.ts';
import portableProfile from '../targets/portable.json' with { type: 'json' };
import subgroups32 from '../targets/subgroups-32.json' with { type: 'json' };
import subgroups4 from '../targets/subgroups-4.json' with { type: 'json' };
import subgroups8 from '../targets/subgroups-8.json' with { type: 'json' };

/** What every WebGPU device can run: the limits that a spec is checked against. */
export const portable = portableProfile as Target;

export const targets: readonly Target[] = [...([subgroups32, subgroups8, subgroups4] as Target[]), portable];
