// A spec as most verbs need it: right, or the call ends here with what is wrong.

import { check, type Checked } from '../check.ts';
import type { TypedGraph } from '../ir/graph.ts';
import { collect } from '../source/catalog.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { render } from '../source/render.ts';
import { openSpec } from './files.ts';
import type { Terminal } from './terminal.ts';

/** Reads and checks the spec at `path`; one that is not there has a diagnostic too. */
export function checkFile(path: string, overrides: ReadonlyMap<string, string>): Checked {
  const { report, diagnostics } = collect();
  const source = openSpec(path, report);
  return source === undefined ? { diagnostics, document: undefined, known: undefined, graph: undefined } : check(source, overrides);
}

/** The network of the spec at `path`, warnings told; undefined after telling what is wrong with it. */
export function openNetwork(path: string, overrides: ReadonlyMap<string, string>, terminal: Terminal): TypedGraph | undefined {
  const { graph, diagnostics } = checkFile(path, overrides);
  terminal.err(tell(diagnostics, terminal.color.err));
  return graph;
}

/** Diagnostics as text, one after the other; '' where there are none. */
export function tell(diagnostics: readonly Diagnostic[], color: boolean): string {
  return diagnostics.map((diagnostic) => `${render(diagnostic, { color })}\n`).join('');
}
