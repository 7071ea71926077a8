// The shaders that netloom makes of a spec, as the compiler for a card's family has them: of the variant that such a card
// would load, and of the one that every device can load.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compile } from '../../compiler/compile.ts';
import { stepCosts } from '../../compiler/emit/step-costs.ts';
import type { TypedGraph } from '../../compiler/ir/graph.ts';
import { targets } from '../../compiler/passes/targets.ts';
import type { AdapterReport } from '../../runtime/device.ts';
import type { Kernel, Step, Variant } from '../../runtime/plan.ts';
import { kernelFor, pickVariant } from '../../runtime/variant.ts';
import type { Answer, Job } from './compile-child.ts';
import { estimate, type Estimate } from './estimate.ts';
import { fakeGpu, families, type FamilyName } from './fake-gpu.ts';
import { readLog, type Pipeline } from './pipelines.ts';

export interface CompiledShader {
  /** Its file beside the plan: `portable/01-conv1-relu.wgsl`. */
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
  readonly steps: (target: string, images: number) => readonly StepEstimate[];
}

const child = fileURLToPath(new URL('compile-child.ts', import.meta.url));

export async function compileOurs(graph: TypedGraph, family: FamilyName): Promise<Ours> {
  const { plan, schedules, shaders } = compile(graph, { targets });
  const kernels = plan.variants.flatMap(({ needs, steps }) =>
    // Shaders for subgroups of other sizes would not be valid on such a card.
    needs.subgroupSize === undefined || [32, 64].includes(needs.subgroupSize) ? steps.flatMap((step) => step.kernels) : []);
  const wanted = [...new Map(kernels.map((kernel) => [kernel.shader, kernel])).values()];
  const job: Job = { shaders: wanted.map(({ shader, entryPoint }) => ({ code: shaders.get(shader) ?? '', entryPoint })) };
  const { pipelines, adapter, faults } = await compileOn(job, family);
  const [fault] = faults;
  if (fault !== undefined) throw new Error(`${wanted[fault.shader]?.shader ?? ''}: ${fault.message}`);
  const found = wanted.map(({ shader }, index): CompiledShader => ({ shader, pipeline: pipelines[index] ?? missing(shader) }));
  const { variant } = pickVariant(plan, adapter);
  const loaded = [...new Set([variant.target, 'portable'])];

  const steps = (target: string, images: number): readonly StepEstimate[] => {
    const chosen = plan.variants.find((one) => one.target === target) ?? variant;
    const schedule = schedules[plan.variants.indexOf(chosen)];
    const costs = schedule === undefined ? [] : stepCosts(schedule, chosen, images);
    return chosen.steps.map((step, index): StepEstimate => {
      const { shader, groups } = dispatched(step, images);
      const { pipeline } = found.find((one) => one.shader === shader) ?? missing(shader);
      const { bytes = 0 } = costs[index] ?? {};
      const macs = multiplies(chosen, step) ? (costs[index]?.flops ?? 0) / 2 : undefined;
      return { step: step.name, shader, pipeline, groups, memoryMicroseconds: bytes / (families[family].gigabytesPerSecond * 1e3), ...estimate(pipeline, groups, family, macs) };
    });
  };
  return { adapter, loaded, shaders: found.filter(({ shader }) => loaded.some((target) => shader.startsWith(`${target}/`))), steps };
}

function missing(shader: string): never {
  throw new Error(`the driver made no pipeline of ${shader}`);
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
