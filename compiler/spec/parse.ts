// YAML to SpecDocument: the text is read, its structure judged by the schema, and what is left is taken apart into the
// spec's parts, each with its place. Whatever is wrong is reported, and left out; the rest goes on, so that all of a
// file's mistakes come in one run.

import type { Report } from '../source/catalog.ts';
import { catalog } from '../source/catalog.ts';
import type { Source, Spanned } from '../source/source.ts';
import type { LayerSpec, Param, SpecDocument, Written, WrittenEntry } from './document.ts';
import type { Names } from './evaluate.ts';
import type { Vocabulary } from './keys.ts';
import { layerKeys } from './keys.ts';
import { readLabels } from './labels.ts';
import { isExpression, readNumber } from './number.ts';
import { evaluateParams, namesOf } from './params.ts';
import { readPreprocess } from './preprocess.ts';
import { shapeOf } from './shape.ts';
import type { Structure } from './structure.ts';
import { entriesOf, plain, reportViolations } from './violations.ts';
import type { Tree } from './tree.ts';
import { readYaml } from './yaml.ts';

export interface ParseSettings {
  /** Params set from outside, as `name=value` was written. */
  readonly overrides: ReadonlyMap<string, string>;
  /** The judge of structure, made from the schema of the same operators. */
  readonly structure: Structure;
  readonly operators: readonly Vocabulary[];
  /** How a text becomes a tree; an editor, whose texts are all but the same from key to key, need not read all of each. */
  readonly read?: (source: Source, report: Report) => Tree | undefined;
}

type Entries = ReadonlyMap<string, WrittenEntry>;

/**
 * Reads a spec. Returns undefined where the text is no YAML, or no spec; else a document, which holds what is right in it: errors
 * may have been reported, and nothing may be made of a document that has any.
 */
export function parse(source: Source, { overrides, structure, operators, read = readYaml }: ParseSettings, report: Report): SpecDocument | undefined {
  const tree = read(source, report);
  if (!tree) return undefined;
  const { root } = tree;
  const flawed = reportViolations(tree, structure(plain(root)), operators, report);
  const entries = entriesOf(root);
  if (!entries || !flawed) return undefined;

  const sound = (key: string): Written | undefined => {
    const value = entries.get(key)?.value;
    return value === undefined || flawed.has(value) ? undefined : value;
  };
  const paramsWritten = entries.get('params')?.value;
  const declared: Entries = (paramsWritten && entriesOf(paramsWritten)) ?? new Map<string, WrittenEntry>();
  judgeNames(declared, 'a param', report);
  const params: ReadonlyMap<string, Param> = evaluateParams(declared, overrides, flawed, report);
  const names = namesOf(params);

  const name = sound('name');
  const input = readInput(entries, root, flawed, names, report);
  const layers = readLayers(entries, flawed, names, report);
  const preprocessWritten = sound('preprocess');
  const preprocess =
    preprocessWritten && input.shape.value.length > 0 ? readPreprocess(preprocessWritten, input.shape, { names, flawed, report }) : undefined;
  const labelsWritten = sound('labels');
  const labels =
    typeof labelsWritten?.value === 'string' ? readLabels({ value: labelsWritten.value, span: labelsWritten.span }, report) : undefined;
  const train = entries.get('train')?.value;
  if (train && !flawed.has(train)) judgeExpressions(train, flawed, names, report);
  const summary = sound('summary');
  const outputs = sound('outputs');

  return {
    source,
    name: typeof name?.value === 'string' ? { value: name.value, span: name.span } : { value: 'model', span: root.span },
    ...(typeof summary?.value === 'string' ? { summary: summary.value } : {}),
    params,
    input,
    layers,
    outputs: outputs ? namesIn(outputs) : [],
    ...(preprocess ? { preprocess } : {}),
    ...(labels ? { labels } : {}),
    ...(train ? { train } : {}),
  };
}

/** The one input. Its shape has no sizes where that is wrong, its name no letters where there is none. */
function readInput(entries: Entries, root: Written, flawed: ReadonlySet<Written>, names: Names, report: Report): SpecDocument['input'] {
  const written = entries.get('input')?.value;
  const inputs = written && !flawed.has(written) ? [...(entriesOf(written) ?? [])] : [];
  const [first, second] = inputs;
  if (!first) {
    if (written && !flawed.has(written)) report(catalog.severalInputs, written.span, { count: 0 }, { help: 'name it, with its shape: `image: 224x224x3`' });
    return { name: { value: '', span: root.span }, shape: { value: [], span: root.span } };
  }
  if (second) {
    const related = [{ span: first[1].key, note: 'the first input' }];
    report(catalog.severalInputs, second[1].key, { count: inputs.length }, { related });
  }
  const [name, { key, value }] = first;
  judgeNames(new Map([first]), 'the input', report);
  const slot = { where: `the input ${name}`, expected: 'a shape', names, report };
  const shape = flawed.has(value) ? undefined : shapeOf(value, false, slot);
  return {
    name: { value: name, span: key },
    shape: { value: (shape ?? []).filter((size) => size !== '?'), span: value.span.end > value.span.start ? value.span : key },
  };
}

function readLayers(entries: Entries, flawed: ReadonlySet<Written>, names: Names, report: Report): readonly LayerSpec[] {
  const written = entries.get('layers');
  if (!written) return [];
  const layers = [...(entriesOf(written.value) ?? [])];
  if (layers.length === 0 && !flawed.has(written.value)) report(catalog.missingLayers, written.key, {});
  return layers.map(([name, entry]) => readLayer(name, entry, flawed, names, report));
}

function readLayer(name: string, { key, value }: WrittenEntry, flawed: ReadonlySet<Written>, names: Names, report: Report): LayerSpec {
  const entries: Entries = entriesOf(value) ?? new Map<string, WrittenEntry>();
  const sound = (word: string): Written | undefined => {
    const found = entries.get(word)?.value;
    return found === undefined || flawed.has(found) ? undefined : found;
  };
  const op = sound('op');
  const from = sound('from');
  const activation = sound('activation');
  const expectWritten = sound('expect');
  const init = sound('init');
  const expect = expectWritten && shapeOf(expectWritten, true, { where: `${name}: \`expect\``, expected: 'a shape', names, report });
  if (init) judgeExpressions(init, flawed, names, report);
  const wellNamed = judgeName(name, key, 'a layer', report);
  const span = { source: key.source, start: key.start, end: Math.max(key.end, value.span.source === key.source ? value.span.end : 0) };
  return {
    name: { value: name, span: key },
    op: typeof op?.value === 'string' ? { value: op.value, span: op.span } : { value: '', span: key },
    ...(from ? { from: namesIn(from) } : {}),
    ...(typeof activation?.value === 'string' ? { activation: { value: activation.value, span: activation.span } } : {}),
    ...(expectWritten && expect ? { expect: { value: expect, span: expectWritten.span } } : {}),
    ...(init ? { init } : {}),
    attributes: new Map([...entries].filter(([word, attribute]) => !Object.hasOwn(layerKeys, word) && !flawed.has(attribute.value))),
    span,
    // What it is filled with and what it is expected to be change nothing for those that read it.
    flawed: !wellNamed || flawed.has(value) || [...entries].some(([word, other]) => word !== 'init' && word !== 'expect' && flawed.has(other.value)),
  };
}

/** One name or a list of them. */
function namesIn(written: Written): readonly Spanned<string>[] {
  const items = Array.isArray(written.value) ? (written.value as readonly Written[]) : [written];
  return items.flatMap(({ value, span }) => (typeof value === 'string' ? [{ value, span }] : []));
}

function judgeNames(entries: Entries, what: string, report: Report): void {
  for (const [name, { key }] of entries) judgeName(name, key, what, report);
}

/** Reports a name that is none. */
function judgeName(name: string, span: WrittenEntry['key'], what: 'a layer' | (string & {}), report: Report): boolean {
  const dots = what === 'a layer';
  const strange = Array.from(name).find((character, index) => !(index === 0 ? /\p{L}/u : dots ? /[\p{L}\p{M}\p{N}_.-]/u : /[\p{L}\p{M}\p{N}_-]/u).test(character));
  if (strange === undefined && name !== '') return true;
  const problem =
    strange === undefined ? 'a name has letters'
    : name.startsWith(strange) ? 'begins with no letter'
    : strange === ' ' ? 'holds a blank'
    : `holds a \`${strange}\``;
  report(catalog.badName, span, { name, what, problem, also: dots ? '`_`, `-` and dots' : '`_` and `-`' });
  return false;
}

/** Expressions in what is only carried along must be right too. */
function judgeExpressions(written: Written, flawed: ReadonlySet<Written>, names: Names, report: Report): void {
  if (flawed.has(written)) return;
  const { value } = written;
  if (isExpression(written)) readNumber(written, { where: 'the expression', expected: 'a number', names, report });
  else if (Array.isArray(value)) for (const item of value as readonly Written[]) judgeExpressions(item, flawed, names, report);
  else for (const entry of entriesOf(written)?.values() ?? []) judgeExpressions(entry.value, flawed, names, report);
}
