// All files of a compiled model by their paths: the shaders of each target, the plan as TypeScript, the report.

import { compile, fileName, type Compiled } from './compile.ts';
import { writeModel } from './emit/model.ts';
import { writeReport } from './emit/report.ts';
import type { TypedGraph } from './ir/graph.ts';
import type { Target } from './ir/target.ts';

/** The same bytes on every machine: no dates, versions or folders of this one. */
export const generate = (graph: TypedGraph, targets: readonly Target[]): ReadonlyMap<string, string> => filesOf(graph, compile(graph, { targets }));

/** The same of a network that is compiled already. */
export function filesOf(graph: TypedGraph, compiled: Compiled): ReadonlyMap<string, string> {
  return new Map([
    ['model.ts', writeModel(compiled.plan, graph.document.summary, fileName(graph))],
    ['report.txt', writeReport(graph, compiled.program, compiled)],
    ...compiled.shaders,
  ]);
}
