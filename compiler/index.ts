// What programs import as `netloom`: a spec's text in, what is wrong with it or the GPU program out. Nothing here touches
// a file; `netloom/runtime` runs what `compile` returns.

import type { Plan, Precision } from '../runtime/plan.ts';
import { check as judge, checkedData, type CheckedData } from './check.ts';
import { compile as compileGraph } from './compile.ts';
import type { Profile } from './ir/target-keys.ts';
import type { Target } from './ir/target.ts';
import { readTarget, targetNamed } from './passes/read-target.ts';
import { bestFirst, targets as usualTargets } from './passes/targets.ts';
import { readTuned, tunedWays } from './passes/tuned.ts';
import type { Tuned } from './passes/ways.ts';
import { json, type JsonDiagnostic } from './source/json.ts';
import type { Diagnostic } from './source/diagnostic.ts';
import { render } from './source/render.ts';
import { listOf } from './source/suggest.ts';
import type { Source } from './source/source.ts';
import type { Preprocess } from './spec/document.ts';

export type { CheckedData } from './check.ts';
export type { Amounts, LayerSummary } from './emit/summary.ts';
export type { Profile } from './ir/target-keys.ts';
export type { JsonDiagnostic, JsonRange } from './source/json.ts';
export type { Preprocess } from './spec/document.ts';
export type { Plan, Precision } from '../runtime/plan.ts';

export interface SpecOptions {
  /** What diagnostics and shaders call the spec. Default `spec.yaml`. */
  readonly path?: string;
  /** Other values for the spec's params: numbers, or expressions as text. */
  readonly params?: Readonly<Record<string, number | string>>;
  /**
   * The text of a file that the spec names (`extends: base.yaml`, `labels: names.txt`), by its path from the spec's folder;
   * undefined where there is none.
   */
  readonly read?: (path: string) => string | undefined;
}

export interface CompileOptions extends SpecOptions {
  /** In what the weights of convolutions and dense layers are stored; sums are f32 either way. Default f32. */
  readonly precision?: Precision;
  /**
   * What to compile for: classes of devices by their names (`portable`, `subgroups-8`, `lavapipe`, … as `netloom compile --help`
   * says), or profiles of devices, whole or only what differs from a class (`{ name: 'mine', like: 'subgroups-32', limits: {…} }`).
   * The plan has a variant for each, and `loadModel` takes the first that the device can run; those without subgroups come
   * last. Default: all that a device may need. Fewer are made faster.
   */
  readonly targets?: readonly (string | Profile)[];
  /**
   * The texts of files that `netloom tune SPEC -o FILE` wrote, at most one for each target: their ways of kernels are taken
   * before those that ship with netloom. `none`: neither, estimates alone.
   */
  readonly tuned?: readonly string[] | 'none';
  /** For batches of how many images kernels are chosen, which matters on GPUs; those of any size run. Default 1. */
  readonly batch?: number;
}

/** A GPU program; `loadModel` of `netloom/runtime` takes its plan and shaders. */
export interface CompiledSpec {
  readonly plan: Plan;
  /** The text of a shader that the plan names. */
  readonly shaders: (path: string) => string;
  /** How an image file becomes the input; `readInput` of `netloom/runtime` takes it. */
  readonly preprocess: Preprocess;
  /** The names of the classes, where the spec gives any. */
  readonly labels?: readonly string[];
  /** Warnings. */
  readonly diagnostics: readonly JsonDiagnostic[];
  /** Works for which `tuned` knows a way that is none any more, and which are done as if it knew none: tune again. */
  readonly staleWays: readonly string[];
}

/** A spec that has errors. Its message is what `netloom check` prints. */
export class SpecError extends Error {
  readonly diagnostics: readonly JsonDiagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((diagnostic) => render(diagnostic)).join('\n'));
    this.name = 'SpecError';
    this.diagnostics = diagnostics.map(json);
  }
}

/** All that is wrong with a spec, and its layers with shapes and costs as far as they are right. Never throws for a spec. */
export function check(text: string, options: SpecOptions = {}): CheckedData {
  const source = sourceOf(text, options);
  return checkedData(source.path, judge(source, overridesOf(options)));
}

/**
 * Makes a spec's GPU program.
 * @throws SpecError where the spec has errors; an Error that says what is wrong with `targets` or `tuned`
 */
export function compile(text: string, options: CompileOptions = {}): CompiledSpec {
  const { precision = 'f32', batch = 1 } = options;
  if (!Number.isInteger(batch) || batch < 1) throw new Error(`\`batch\` is ${batch}: it must be a whole number, at least 1`);
  const targets = targetsOf(options);
  const tuned = tunedOf(options, targets);
  const source = sourceOf(text, options);
  const { diagnostics, graph } = judge(source, overridesOf(options));
  if (graph === undefined) throw new SpecError(diagnostics);
  const { plan, shaders, schedules } = compileGraph(graph, { targets, precision, tuned, batch });
  const shader = (path: string): string => {
    const code = shaders.get(path);
    if (code === undefined) throw new Error(`${plan.model} has no shader ${path}`);
    return code;
  };
  const { preprocess = asItIs, labels } = graph.document;
  return {
    plan,
    shaders: shader,
    preprocess,
    ...(labels === undefined ? {} : { labels: labels.value.classes }),
    diagnostics: diagnostics.map(json),
    staleWays: [...new Set(schedules.flatMap(({ tuning }) => tuning.stale))],
  };
}

function targetsOf({ targets: asked }: CompileOptions): readonly Target[] {
  if (asked === undefined) return usualTargets;
  if (asked.length === 0) throw new Error('`targets` is empty: leave it out, or name one, such as portable');
  const opened = asked.map(targetOf);
  const twice = opened.find(({ name }, index) => opened.slice(0, index).some((other) => other.name === name));
  if (twice !== undefined) throw new Error(`two of \`targets\` are called ${twice.name}: give one of them another \`name\``);
  return bestFirst(opened);
}

function targetOf(asked: string | Profile, index: number): Target {
  if (typeof asked === 'string') {
    const found = targetNamed(asked);
    if ('target' in found) return found.target;
    throw new Error(`there is no target '${asked}': ${found.near === undefined ? `it is ${listOf(found.names)}, or a profile` : `did you mean ${found.near}?`}`);
  }
  const read = readTarget(JSON.stringify(asked), 'target');
  if ('target' in read) return read.target;
  throw new Error(`targets[${index}]: ${read.problems.join('; ')}`);
}

function tunedOf({ tuned: asked = [] }: CompileOptions, targets: readonly Target[]): ReadonlyMap<string, Tuned> | 'none' {
  if (asked === 'none') return 'none';
  const found = new Map<string, Tuned>();
  for (const [index, text] of asked.entries()) {
    const read = readTuned(text);
    if ('problem' in read) throw new Error(`tuned[${index}] holds no tuned ways: ${read.problem}`);
    const { target } = read.file;
    if (found.has(target)) throw new Error(`two of \`tuned\` are for the target ${target}: give one of them`);
    if (targets.every(({ name }) => name !== target)) throw new Error(`tuned[${index}] was tuned for ${target}, and this compiles for ${listOf(targets.map(({ name }) => name))}`);
    found.set(target, tunedWays(read.file));
  }
  return found;
}

/** What a spec without `preprocess` means: the 8-bit values of RGB. */
const asItIs: Preprocess = { channels: 'RGB', mean: [0], std: [1], scale: 1 };

function sourceOf(text: string, { path = 'spec.yaml', read }: SpecOptions): Source {
  if (read === undefined) return { path, text };
  const neighboursOf = (folder: string) => (name: string): Source | undefined => {
    const found = joined(folder, name);
    const content = found === undefined ? undefined : read(found);
    return found === undefined || content === undefined ? undefined : { path: found, text: content, read: neighboursOf(found.replace(/[^/]*$/, '')) };
  };
  return { path, text, read: neighboursOf('') };
}

/** A path from another folder, seen from the spec's; undefined where it leads out of that. */
function joined(folder: string, name: string): string | undefined {
  const parts: string[] = [];
  for (const part of `${folder}${name}`.split('/')) {
    if (part === '..' && parts.pop() === undefined) return undefined;
    if (part !== '..' && part !== '.' && part !== '') parts.push(part);
  }
  return name.startsWith('/') ? undefined : parts.join('/');
}

const overridesOf = ({ params = {} }: SpecOptions): ReadonlyMap<string, string> =>
  new Map(Object.entries(params).map(([name, value]) => [name, String(value)]));
