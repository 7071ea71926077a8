// The shaders that netloom makes of a spec, as the compiler for a card's family has them: of the variant that such a card
// would load, and of the one that every device can load; with weights of 16 bits, of the one for cards that multiply matrices,
// and of the one that they would load without.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openTarget } from '../../compiler/cli/target.ts';
import { compile, type Compiled } from '../../compiler/compile.ts';
import type { Artifact } from '../../compiler/emit/plan.ts';
import { stepCosts } from '../../compiler/emit/step-costs.ts';
import type { TypedGraph } from '../../compiler/ir/graph.ts';
import { targets } from '../../compiler/passes/targets.ts';
import type { AdapterReport } from '../../runtime/device.ts';
import type { Kernel, Precision, Step, Variant } from '../../runtime/plan.ts';
import { kernelFor, pickVariant } from '../../runtime/variant.ts';
import type { Answer, Job } from './compile-child.ts';
import { estimate, type Estimate } from './estimate.ts';
import { fakeGpu, families, type FamilyName } from './fake-gpu.ts';
import { readLog, type Pipeline } from './pipelines.ts';

/** Of how many images; kernels are chosen for each. */
export const batches = [1, 8] as const;
export type Batch = (typeof batches)[number];

export interface CompiledShader {
  /** Its file beside the plan, `portable/01-conv1-relu.wgsl`, and the batch that it is another one for. */
  readonly shader: string;
  readonly pipeline: Pipeline;
}

export interface StepEstimate extends Estimate {
  readonly step: string;
  readonly shader: string;
  readonly pipeline: Pipeline;
  readonly groups: number;
  /** What its bytes would take from the card's memory: every weight and value once. */
  readonly memoryMicroseconds: number;
}

export interface Ours {
  readonly adapter: AdapterReport;
  /** The targets of the variants, that which the card loads first. */
  readonly loaded: readonly string[];
  readonly shaders: readonly CompiledShader[];
  readonly steps: (target: string, batch: Batch) => readonly StepEstimate[];
}

const child = fileURLToPath(new URL('compile-child.ts', import.meta.url));

export async function compileOurs(graph: TypedGraph, family: FamilyName, precision: Precision = 'f32'): Promise<Ours> {
  const made = new Map(batches.map((batch): readonly [Batch, Compiled] => {
    if (precision === 'f32') return [batch, compile(graph, { targets, batch })];
    const compiled = compile(graph, { targets: inHalves, precision, batch });
    return [batch, { ...compiled, ...marked(compiled) }];
  }));
  const madeFor = (batch: Batch): Compiled => made.get(batch) ?? missing(`a batch of ${batch}`);
  const wanted = [...made].flatMap(([batch, { plan, shaders }]) => {
    const kernels = plan.variants.flatMap(({ needs, steps }) =>
      // Shaders for subgroups of other sizes would not be valid on such a card.
      needs.subgroupSize === undefined || [32, 64].includes(needs.subgroupSize) ? steps.flatMap((step) => step.kernels) : []);
    return [...new Map(kernels.map(({ shader, entryPoint }) => [shader, entryPoint]))].map(([path, entryPoint]) => ({ path, batch, entryPoint, code: shaders.get(path) ?? '' }));
  });
  const different = wanted.filter(({ path, code }, index) => wanted.findIndex((other) => other.path === path && other.code === code) === index);
  const { pipelines, adapter, faults } = await compileOn({ shaders: different }, family);
  const [fault] = faults;
  if (fault !== undefined) throw new Error(`${different[fault.shader]?.path ?? ''}: ${fault.message}`);
  const found = different.map(({ path, batch, code }, index) =>
    ({ path, code, shader: batch === batches[0] ? path : `${path}, batch ${batch}`, pipeline: pipelines[index] ?? missing(path) }));
  const { variant: { target: best } } = pickVariant(madeFor(1).plan, adapter);
  const loaded = precision === 'f32' ? [...new Set([best, 'portable'])] : madeFor(1).plan.variants.map(({ target }) => target);
  if (loaded[0] !== best) throw new Error(`${family} loads ${best}, and ${loaded[0] ?? ''} is before it`);

  const steps = (target: string, batch: Batch): readonly StepEstimate[] => {
    const { plan, schedules, shaders } = madeFor(batch);
    const chosen = plan.variants.find((one) => one.target === target) ?? missing(target);
    const schedule = schedules[plan.variants.indexOf(chosen)];
    const costs = schedule === undefined ? [] : stepCosts(schedule, chosen, batch);
    return chosen.steps.map((step, index): StepEstimate => {
      const { shader: path, groups } = dispatched(step, batch);
      const { shader, pipeline } = found.find((one) => one.path === path && one.code === shaders.get(path)) ?? missing(path);
      const { bytes = 0 } = costs[index] ?? {};
      const macs = multiplies(chosen, step) ? (costs[index]?.flops ?? 0) / 2 : undefined;
      return { step: step.name, shader, pipeline, groups, memoryMicroseconds: bytes / (families[family].gigabytesPerSecond * 1e3), ...estimate(pipeline, groups, family, macs) };
    });
  };
  const ofLoaded = found.filter(({ path }) => loaded.some((target) => path.startsWith(`${target}/`)));
  return { adapter, loaded, shaders: ofLoaded.map(({ shader, pipeline }) => ({ shader, pipeline })), steps };
}

const inHalves = ['matrices-16', 'sized-32'].map(openTarget);

/** A plan and its shaders under names that tell the precision. */
function marked({ plan, shaders }: Artifact): Artifact {
  const rename = (path: string): string => path.replace(/^[^/]+/, '$&, f16');
  return {
    plan: {
      ...plan,
      variants: plan.variants.map((variant) => ({
        ...variant,
        target: rename(variant.target),
        steps: variant.steps.map((step) => ({ ...step, kernels: step.kernels.map((kernel) => ({ ...kernel, shader: rename(kernel.shader) })) })),
      })),
    },
    shaders: new Map(Array.from(shaders, ([path, code]) => [rename(path), code])),
  };
}

function missing(what: string): never {
  throw new Error(`nothing was made of ${what}`);
}

/** The kernel that the runtime takes for a batch, and its workgroups. */
function dispatched(step: Step, images: number): { readonly shader: string; readonly groups: number } {
  const kernel: Kernel | undefined = step.kernels[kernelFor(step, images)];
  if (kernel === undefined) throw new Error(`${step.name} has no kernel`);
  return { shader: kernel.shader, groups: kernel.workgroups[0] * kernel.workgroups[1] * Math.ceil(images / kernel.images) };
}

/** Whether its work is multiply-adds with weights: then its loop's turns are known. */
function multiplies({ weights }: Variant, { bindings }: Step): boolean {
  return bindings.some((binding) => 'weight' in binding && weights[binding.weight]?.source.role === 'weight');
}

async function compileOn(job: Job, family: FamilyName): Promise<Answer & { readonly pipelines: readonly Pipeline[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'netloom-inspect-'));
  try {
    const [jobFile, answerFile, log] = ['job.json', 'answer.json', 'log.jsonl'].map((name) => join(folder, name)) as [string, string, string];
    writeFileSync(jobFile, JSON.stringify(job));
    await promisify(execFile)(process.execPath, ['--import', 'tsx', child, jobFile, answerFile], { env: fakeGpu(family, log) });
    return { ...(JSON.parse(readFileSync(answerFile, 'utf8')) as Answer), pipelines: readLog(log, family).pipelines };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
