// All files of a compiled model by their paths: the shaders of each target, the plan as TypeScript, the report.

import type { Precision } from '../runtime/plan.ts';
import { compile, fileName } from './compile.ts';
import { writeModel } from './emit/model.ts';
import { writeReport } from './emit/report.ts';
import type { TypedGraph } from './ir/graph.ts';
import type { Target } from './ir/target.ts';

/** The same bytes on every machine: no dates, versions or folders of this one. */
export function generate(graph: TypedGraph, targets: readonly Target[], precision: Precision = 'f32'): ReadonlyMap<string, string> {
  const compiled = compile(graph, { targets, precision });
  return new Map([
    ['model.ts', writeModel(compiled.plan, graph.document.summary, fileName(graph))],
    ['report.txt', writeReport(graph, compiled.program, compiled)],
    ...compiled.shaders,
  ]);
}
