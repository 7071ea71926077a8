// YAML to SpecDocument: the text is read, its structure judged by the schema, and what is left is taken apart into the
// spec's parts, each with its place. Whatever is wrong is reported, and left out; the rest goes on, so that all of a
// file's mistakes come in one run.

import type { Report } from '../source/catalog.ts';
import { catalog } from '../source/catalog.ts';
import type { Source } from '../source/source.ts';
import { findUnused, readBlocks } from './blocks.ts';
import type { Param, SpecDocument, Written, WrittenEntry } from './document.ts';
import type { Names } from './evaluate.ts';
import { isAmount } from './evaluate.ts';
import { readSpec } from './extend.ts';
import type { ReadTree } from './extend.ts';
import type { Vocabulary } from './keys.ts';
import { readLabels } from './labels.ts';
import { isChannelsFirst } from './meant.ts';
import type { LayerSettings } from './layers.ts';
import { namesIn, readLayers, readSpare } from './layers.ts';
import { judgeExpressions, judgeName } from './name.ts';
import { evaluateParams, namesOf } from './params.ts';
import { entriesOf } from './place.ts';
import { readPreprocess } from './preprocess.ts';
import { shapeOf } from './shape.ts';
import type { Structure } from './structure.ts';
import { plain, reportViolations } from './violations.ts';
import { readYaml } from './yaml.ts';

export interface ParseSettings {
  /** Params set from outside, as `name=value` was written. */
  readonly overrides: ReadonlyMap<string, string>;
  /** The judge of structure, made from the schema of the same operators. */
  readonly structure: Structure;
  readonly operators: readonly Vocabulary[];
  /** How a text becomes a tree; an editor, whose texts are all but the same from key to key, need not read all of each. */
  readonly read?: ReadTree;
}

type Entries = ReadonlyMap<string, WrittenEntry>;

/**
 * Reads a spec. Returns undefined where the text is no YAML, or no spec; else a document, which holds what is right in it: errors
 * may have been reported, and nothing may be made of a document that has any.
 */
export function parse(source: Source, { overrides, structure, operators, read = readYaml }: ParseSettings, report: Report): SpecDocument | undefined {
  const tree = readSpec(source, read, report);
  if (!tree) return undefined;
  const { root, removed, lost } = tree;
  const wrong = reportViolations(tree, structure(plain(root)), operators, report);
  const entries = entriesOf(root);
  if (!entries || !wrong) return undefined;
  const flawed = new Set(wrong);

  const sound = (key: string): Written | undefined => {
    const value = entries.get(key)?.value;
    return value === undefined || flawed.has(value) ? undefined : value;
  };
  const paramsWritten = entries.get('params')?.value;
  const declared: Entries = (paramsWritten && entriesOf(paramsWritten)) ?? new Map<string, WrittenEntry>();
  for (const [param, { key }] of declared) {
    if (judgeName(param, key, 'a param', report) && isAmount(param)) {
      report(catalog.badName, key, { name: param, what: 'a param', problem: 'means an amount in `check:`', also: '`_` and `-`' }, { help: 'give it another name' });
    }
  }
  const params: ReadonlyMap<string, Param> = evaluateParams(declared, overrides, flawed, report);
  const names = namesOf(params);

  const name = sound('name');
  const input = readInput(entries, root, flawed, names, report);
  const blocks = readBlocks(entries.get('blocks')?.value, flawed, report);
  const settings: LayerSettings = { blocks, input: input.name.value, operators, flawed, report };
  const { layers, instances } = readLayers(layersIn(entries, flawed, report), names, settings);
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
  const contracts = sound('check');
  const unused = findUnused(root);

  // The other way round, which has been told of: nothing is to be made of it.
  const turned = preprocessWritten !== undefined && isChannelsFirst(input.shape.value);

  const document: SpecDocument = {
    source,
    name: typeof name?.value === 'string' ? { value: name.value, span: name.span } : { value: 'model', span: root.span },
    ...(typeof summary?.value === 'string' ? { summary: summary.value } : {}),
    params,
    input: turned ? { ...input, shape: { ...input.shape, value: [] } } : input,
    layers,
    instances,
    removed,
    lost,
    outputs: outputs ? namesIn(outputs) : [],
    ...(preprocess ? { preprocess } : {}),
    ...(labels ? { labels } : {}),
    ...(train ? { train } : {}),
    contracts: contracts === undefined ? [] : Array.isArray(contracts.value) ? (contracts.value as readonly Written[]) : [contracts],
    unused,
    spare: [],
  };
  const spare = unused.flatMap(({ kind, name: { value } }) => {
    const block = kind === 'block' ? blocks.get(value) : undefined;
    if (!block) return [];
    const place = { name: { value: 'input', span: block.key }, shape: { value: [], span: block.key } };
    return [{ ...document, input: place, ...readSpare(block, names, { ...settings, input: 'input' }), outputs: [] }];
  });
  return { ...document, spare };
}

function layersIn(entries: Entries, flawed: ReadonlySet<Written>, report: Report): Entries {
  const written = entries.get('layers');
  const layers = entriesOf(written?.value) ?? new Map<string, WrittenEntry>();
  if (written && layers.size === 0 && !flawed.has(written.value)) report(catalog.missingLayers, written.key, { where: 'the spec' });
  return layers;
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
  judgeName(name, key, 'the input', report);
  const slot = { where: `the input ${name}`, expected: 'a shape', names, report };
  const shape = flawed.has(value) ? undefined : shapeOf(value, false, slot);
  return {
    name: { value: name, span: key },
    shape: { value: (shape ?? []).filter((size) => size !== '?'), span: value.span.end > value.span.start ? value.span : key },
  };
}
