// The front half of the compiler in one call: what a test needs to know what is wrong with a text.

import { specSchema } from '../../compiler/emit/json-schema.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { ops, opsByName } from '../../compiler/ops/index.ts';
import { build } from '../../compiler/passes/build.ts';
import { fitsDevice } from '../../compiler/passes/fits-device.ts';
import { infer } from '../../compiler/passes/infer.ts';
import { portable } from '../../compiler/passes/targets.ts';
import { collect } from '../../compiler/source/catalog.ts';
import type { Diagnostic } from '../../compiler/source/diagnostic.ts';
import type { Source } from '../../compiler/source/source.ts';
import type { SpecDocument } from '../../compiler/spec/document.ts';
import { parse } from '../../compiler/spec/parse.ts';
import type { ParseSettings } from '../../compiler/spec/parse.ts';
import { validate } from '../../compiler/spec/structure.ts';

const schema = () => specSchema(ops);

/** How `parse` is set up for all operators, `--set` as an object. */
export function parseSettings(overrides: Readonly<Record<string, string>> = {}): ParseSettings {
  return { overrides: new Map(Object.entries(overrides)), structure: (document) => validate(document, schema), operators: ops };
}

export interface Checked {
  readonly document: SpecDocument | undefined;
  readonly graph: Graph | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads, builds and infers a spec; files beside it come from an object. */
export function check(text: string, overrides: Readonly<Record<string, string>> = {}, files: Readonly<Record<string, string>> = {}, path = 'spec.yaml'): Checked {
  const source: Source = {
    path,
    text,
    read: (name) => {
      const found = files[name];
      return found === undefined ? undefined : { path: name, text: found };
    },
  };
  const { report, diagnostics } = collect();
  const document = parse(source, parseSettings(overrides), report);
  const graph = document && build(document, opsByName, report);
  const typed = graph && infer(graph, report);
  if (typed) fitsDevice(typed, portable, report);
  return { document, graph, diagnostics };
}
