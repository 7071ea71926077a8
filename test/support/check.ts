// The judgement of a text, for tests: files beside it come from an object.

import { check as judge } from '../../compiler/check.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { opsByName } from '../../compiler/ops/index.ts';
import { build } from '../../compiler/passes/build.ts';
import type { Diagnostic } from '../../compiler/source/diagnostic.ts';
import type { Source } from '../../compiler/source/source.ts';
import type { SpecDocument } from '../../compiler/spec/document.ts';

export interface Checked {
  readonly document: SpecDocument | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** The network before its shapes are known, wrong layers left out. */
  readonly graph: Graph | undefined;
}

const leaves = (name: string): boolean => name.startsWith('../');

/** Reads a spec and judges it. */
export function check(text: string, overrides: Readonly<Record<string, string>> = {}, files: Readonly<Record<string, string>> = {}, path = 'spec.yaml'): Checked {
  const read = (name: string): Source | undefined => {
    const found = files[name];
    return found === undefined ? undefined : { path: name, text: found, read, leaves };
  };
  const list = (): readonly string[] => Object.keys(files).map((name) => name.replace(/^.*\//, ''));
  const { document, diagnostics } = judge({ path, text, read, list, leaves }, new Map(Object.entries(overrides)));
  return {
    document,
    diagnostics,
    get graph() {
      return document && build(document, opsByName, () => undefined);
    },
  };
}
