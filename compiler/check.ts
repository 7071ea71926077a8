// What is known of a spec without a GPU: its diagnostics, and the network as far as it is right. Everything else that
// reads specs, the command, the package's door, an editor, starts here.

import type { Precision } from '../runtime/plan.ts';
import { judgeContracts } from './contracts.ts';
import { specSchema } from './emit/json-schema.ts';
import { summarize, type Amounts, type LayerSummary } from './emit/summary.ts';
import type { TypedGraph } from './ir/graph.ts';
import type { Target } from './ir/target.ts';
import { ops, opsByName } from './ops/index.ts';
import { advise, adviseOnUnused } from './passes/advise.ts';
import { build } from './passes/build.ts';
import { fitsDevice } from './passes/fits-device.ts';
import { fitsLabels } from './passes/fits-labels.ts';
import { inferPartial } from './passes/infer.ts';
import { portable } from './passes/targets.ts';
import { collect, tellOnce } from './source/catalog.ts';
import type { Diagnostic } from './source/diagnostic.ts';
import { json, type JsonDiagnostic } from './source/json.ts';
import type { Source } from './source/source.ts';
import type { SpecDocument } from './spec/document.ts';
import { heedIgnores } from './spec/ignore.ts';
import { parse, type ParseSettings } from './spec/parse.ts';
import { validate } from './spec/structure.ts';

export interface Checked {
  readonly diagnostics: readonly Diagnostic[];
  /** What was written, where it can be read. */
  readonly document: SpecDocument | undefined;
  /** The layers that are right and stand on right layers only; undefined where not even names could be resolved. */
  readonly known: TypedGraph | undefined;
  /** The whole network; undefined where anything is an error. */
  readonly graph: TypedGraph | undefined;
}

/** The same as plain data: what `check --format json` prints for a file. */
export interface CheckedData {
  readonly file: string;
  readonly ok: boolean;
  readonly diagnostics: readonly JsonDiagnostic[];
  /** In the spec's order, up to the first that is not known. */
  readonly layers: readonly LayerSummary[];
  readonly totals: Amounts;
}

const schema = (): ReturnType<typeof specSchema> => specSchema(ops);

/**
 * Reads a spec and judges it.
 * @param overrides params by name, as `--set` gives them: numbers or expressions as text
 * @param read how the text becomes a tree, where that is not to be read in full
 * @param target whose buffers it must fit
 */
export function check(source: Source, overrides: ReadonlyMap<string, string> = new Map(), read?: ParseSettings['read'], target: Target = portable): Checked {
  const { report, diagnostics } = collect();
  const settings = { overrides, operators: ops, structure: (document: unknown) => validate(document, schema), ...(read ? { read } : {}) };
  const document = parse(source, settings, report);
  const graph = document && build(document, opsByName, report);
  const inference = graph && inferPartial(graph, report);
  const whole = inference?.complete === true ? inference.known : undefined;
  if (graph) advise(graph, whole, report);
  if (whole) {
    fitsDevice(whole, target, report);
    fitsLabels(whole, report);
  }
  if (document) judgeContracts(document, hasErrors(diagnostics) ? undefined : whole, report);
  const right = hasErrors(diagnostics) ? undefined : whole;
  if (right) adviseOnUnused(right, report);
  return { diagnostics: tellOnce(byPlace(heedIgnores(source, diagnostics), source)), document, known: inference?.known, graph: right };
}

/** As their places follow each other in the text: the spec's own first, then those of each other text. */
export function byPlace(diagnostics: readonly Diagnostic[], source: Source): readonly Diagnostic[] {
  const texts = [...new Set([source, ...diagnostics.map(({ span }) => span.source)])];
  return diagnostics.toSorted((a, b) => texts.indexOf(a.span.source) - texts.indexOf(b.span.source) || a.span.start - b.span.start);
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}

export function checkedData(file: string, { diagnostics, known }: Checked, precision: Precision = 'f32'): CheckedData {
  const { layers, totals } = known === undefined ? { layers: [], totals: noAmounts } : summarize(known, precision);
  return { file, ok: !hasErrors(diagnostics), diagnostics: diagnostics.map(json), layers, totals };
}

const noAmounts: Amounts = { parameters: 0, macs: 0, flops: 0, weight_bytes: 0, activation_bytes: 0 };
