// All files of a compiled model by their paths: the shaders of each target, the plan as TypeScript, the report.

import { compile, fileName } from '../compile.ts';
import type { TypedGraph } from '../ir/graph.ts';
import type { Target } from '../ir/target.ts';
import type { Report } from '../source/catalog.ts';
import { writeModel } from './model.ts';
import { writeReport } from './report.ts';

/** The same bytes on every machine: no dates, versions or folders of this one. Undefined after reporting what no device can hold. */
export function modelFiles(graph: TypedGraph, targets: readonly Target[], report: Report): ReadonlyMap<string, string> | undefined {
  const compiled = compile(graph, { targets }, report);
  return (
    compiled &&
    new Map([
      ['model.ts', writeModel(compiled.plan, graph.document.summary, fileName(graph))],
      ['report.txt', writeReport(graph, compiled.program, compiled)],
      ...compiled.shaders,
    ])
  );
}
