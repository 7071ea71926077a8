// What a tuner does with a network: finds the works that may be done in several ways, and has a GPU measure some of them.

import type { Device } from '../../runtime/device.ts';
import type { Precision } from '../../runtime/plan.ts';
import { kernelFor } from '../../runtime/variant.ts';
import { compileKernel } from '../compile-kernel.ts';
import type { Artifact } from '../emit/plan.ts';
import type { FusedKernel, Program } from '../ir/kernel.ts';
import type { Target } from '../ir/target.ts';
import { candidatesOf } from '../passes/candidates.ts';
import { shippedWays } from '../passes/shipped-ways.ts';
import { isSameWay, waysOf, workOf, type EstimatedWay, type Way } from '../passes/ways.ts';
import { contest, type ContestSettings } from './contest.ts';
import type { TunedWork } from './print-tune.ts';

/** A work of a network, and the kernels that do it. */
export interface Work {
  readonly work: string;
  readonly program: Program;
  readonly target: Target;
  readonly precision: Precision;
  readonly kernels: readonly [FusedKernel, ...FusedKernel[]];
  /** All ways to do it, the best by its estimate first. */
  readonly ways: readonly EstimatedWay[];
}

export interface MeasureSettings {
  /** For how many images at once. */
  readonly batch: number;
  /** How many ways are measured at the most. */
  readonly most: number;
}

/** Each work that may be done in several ways, in the order of the network. */
export function worksOf(program: Program, target: Target, precision: Precision, images = 1): readonly Work[] {
  const works = new Map<string, [FusedKernel, ...FusedKernel[]]>();
  for (const kernel of program.kernels) {
    const work = workOf({ kernel, precision });
    if (work === undefined) continue;
    const known = works.get(work);
    if (known === undefined) works.set(work, [kernel]);
    else known.push(kernel);
  }
  return Array.from(works, ([work, kernels]): Work => ({ work, program, target, precision, kernels, ways: waysOf({ kernel: kernels[0], precision, images }, target) }))
    .filter((work) => candidatesFor(work).length > 1);
}

/** The ways that are worth measuring, the one to beat first; the one that ships is among them, however it is estimated. */
export function candidatesFor({ work, target, ways }: Work): readonly Way[] {
  const [first, ...others] = candidatesOf(ways);
  const shipped = shippedWays(target).get(work);
  const usual = ways.find(({ way }) => shipped !== undefined && isSameWay(way, shipped))?.way;
  return [...new Set([first, usual, ...others])].filter((way) => way !== undefined);
}

/** Measures ways to do a work; undefined where it was stopped before there was anything to say. */
export async function measureWork(
  device: Device, { work, kernels, ways, ...site }: Work, candidates: readonly Way[], { batch, most }: MeasureSettings, watch: Omit<ContestSettings, 'batch'>,
): Promise<TunedWork | undefined> {
  const plans = plansOf({ kernel: kernels[0], ...site }, candidates, { batch, most });
  const result = await contest(device, plans.map(({ plan }) => plan), { batch, ...watch });
  const way = plans[result?.winner ?? 0]?.way;
  if (result === undefined || way === undefined) return undefined;
  const ran = result.shortest.flatMap((shortest, place) => {
    const one = plans[place]?.way;
    return one === undefined ? [] : [{ way: one, estimate: ways.find((other) => other.way === one)?.estimate, shortest }];
  });
  return { work, layers: kernels.map(({ name }) => name), way, before: result.before, after: result.after, ran };
}

interface Site extends Pick<Work, 'program' | 'target' | 'precision'> {
  readonly kernel: FusedKernel;
}

/** The first so many ways that differ in what a batch of this size runs. */
function plansOf({ kernel, program, target, precision }: Site, ways: readonly Way[], { batch, most }: MeasureSettings): readonly { readonly way: Way; readonly plan: Artifact }[] {
  const plans = new Map<string, { readonly way: Way; readonly plan: Artifact }>();
  for (const way of ways) {
    if (plans.size === most) break;
    const plan = compileKernel(program, kernel, { target, precision, way });
    const texts = plan.plan.variants.flatMap(({ steps }) => steps.map((step) => plan.shaders.get(step.kernels[kernelFor(step, batch)]?.shader ?? '')));
    const key = texts.join('\n');
    if (!plans.has(key)) plans.set(key, { way, plan });
  }
  return [...plans.values()];
}
