// What programs import as `netloom`: a spec's text in, what is wrong with it or the GPU program out. Nothing here touches
// a file; `netloom/runtime` runs what `compile` returns.

import type { Plan, Precision } from '../runtime/plan.ts';
import { check as judge, checkedData, type CheckedData } from './check.ts';
import { compile as compileGraph } from './compile.ts';
import { targets } from './passes/targets.ts';
import { json, type JsonDiagnostic } from './source/json.ts';
import type { Diagnostic } from './source/diagnostic.ts';
import { render } from './source/render.ts';
import type { Source } from './source/source.ts';
import type { Preprocess } from './spec/document.ts';

export type { CheckedData } from './check.ts';
export type { Amounts, LayerSummary } from './emit/summary.ts';
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
 * @throws SpecError where the spec has errors
 */
export function compile(text: string, options: CompileOptions = {}): CompiledSpec {
  const source = sourceOf(text, options);
  const { diagnostics, graph } = judge(source, overridesOf(options));
  if (graph === undefined) throw new SpecError(diagnostics);
  const { plan, shaders } = compileGraph(graph, { targets, ...(options.precision === undefined ? {} : { precision: options.precision }) });
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
  };
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
