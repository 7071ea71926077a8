// What changes from one network to another, and what that does to those who use it: nothing, other numbers, or weights
// that no longer fit. Layers are compared by what they compute, not by how they are written: an operator's attributes with
// their defaults, its lowering, its tensors, and what it reads past layers that compute nothing.

import type { TypedGraph, TypedNode } from './ir/graph.ts';
import { asPicture, printShape, type Shape } from './ir/tensor.ts';
import { layersOf, summarize, type Amounts, type LayerSummary } from './emit/summary.ts';
import { matchLayers, type ComparedLayer, type Network } from './match-layers.ts';
import { printExpected } from './passes/expect.ts';
import type { LayerSpec, SpecDocument, Written } from './spec/document.ts';
import { plain } from './spec/violations.ts';

/** `cosmetic`: the same numbers come out. `numerics`: others do, of the same weights. `weights`: a file of weights no longer fits. */
export type Effect = 'cosmetic' | 'numerics' | 'weights';

/** One thing that was written, or meant by default; undefined where there is none. */
export interface Detail {
  readonly what: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface SpecChange extends Detail {
  readonly effect: Effect;
}

export interface LayerChange {
  /** `follows`: nothing was changed in it, but what it reads has another shape. */
  readonly kind: 'added' | 'removed' | 'renamed' | 'changed' | 'follows';
  readonly effect: Effect;
  readonly before: LayerSummary | undefined;
  readonly after: LayerSummary | undefined;
  readonly details: readonly Detail[];
}

export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What becomes of the tensors of a weight file. */
export interface TensorChanges {
  readonly kept: readonly string[];
  /** The same tensor under another name. */
  readonly renamed: readonly { readonly before: string; readonly after: string }[];
  readonly reshaped: readonly { readonly name: string; readonly before: readonly number[]; readonly after: readonly number[] }[];
  /** Of the same shape, but what a column stands for has moved: a picture of other proportions is read channel-major. */
  readonly reordered: readonly string[];
  readonly removed: readonly Tensor[];
  readonly added: readonly Tensor[];
}

export interface Difference {
  /** The worst of all changes; undefined where there is none. */
  readonly effect: Effect | undefined;
  /** What changes outside of the layers. */
  readonly spec: readonly SpecChange[];
  /** In the order of the network after, what was removed where it stood. */
  readonly layers: readonly LayerChange[];
  readonly totals: { readonly before: Amounts; readonly after: Amounts };
  readonly tensors: TensorChanges;
}

/** Compares two networks that are right. */
export function diff(before: TypedGraph, after: TypedGraph): Difference {
  const [a, b] = [networkOf(before), networkOf(after)];
  const matched = matchLayers(a, b);
  const tensors = compareTensors(a, b, matched);
  const fits = new Set(tensors.kept);
  const counterpart = (name: string): string => (name === before.input.name ? after.input.name : (matched.get(name) ?? name));

  const layers: LayerChange[] = [];
  const removed = [...a.layers.values()].filter(({ name }) => !matched.has(name));
  const partners = new Map([...matched].map(([from, to]) => [to, from]));
  const position = new Map([...a.layers.keys()].map((name, index) => [name, index]));
  let told = 0;
  const tellRemoved = (until: number): void => {
    for (let next = removed[told]; next !== undefined && (position.get(next.name) ?? 0) < until; next = removed[told]) {
      told++;
      layers.push({ kind: 'removed', effect: effectAlone(next), before: next.summary, after: undefined, details: [] });
    }
  };
  for (const layer of b.layers.values()) {
    const partner = a.layers.get(partners.get(layer.name) ?? '');
    if (partner === undefined) {
      layers.push({ kind: 'added', effect: effectAlone(layer), before: undefined, after: layer.summary, details: [] });
      continue;
    }
    tellRemoved(position.get(partner.name) ?? 0);
    const change = compareLayers(partner, layer, counterpart, (name) => fits.has(name));
    if (change !== undefined) layers.push(change);
  }
  tellRemoved(Infinity);

  const spec = compareSpecs(a, b, counterpart);
  const worst = worstOf([...layers, ...spec]);
  // What is put differently but comes out the same, such as an activation as a layer of its own, changes no number.
  const same = worst === 'numerics' && computesTheSame(a, b);
  const settle = <Change extends { readonly effect: Effect }>(changes: readonly Change[]): readonly Change[] =>
    same ? changes.map((change) => ({ ...change, effect: 'cosmetic' })) : changes;
  return {
    effect: same ? 'cosmetic' : worst,
    spec: settle(spec),
    layers: settle(layers),
    totals: { before: summarize(before).totals, after: summarize(after).totals },
    tensors,
  };
}

const severity: Readonly<Record<Effect, number>> = { cosmetic: 0, numerics: 1, weights: 2 };

export function worstOf(changes: readonly { readonly effect: Effect }[]): Effect | undefined {
  return changes.map(({ effect }) => effect).sort((x, y) => severity[y] - severity[x])[0];
}

function networkOf(graph: TypedGraph): Network {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const summaries = summarize(graph).layers;
  const layers = new Map(
    layersOf(graph).flatMap(({ last, nodes: own }, index): [string, ComparedLayer][] => {
      const summary = summaries[index];
      const reads = own[0]?.inputs ?? [];
      if (summary === undefined) return [];
      const spec = last.origin;
      const sources = reads.map((id) => sourceOf(id, own[0], graph, nodes));
      return [[last.id, { name: last.id, spec, nodes: own, summary, meaning: meaningOf(last.id, own), reads, sources }]];
    }),
  );
  return { graph, nodes, layers };
}

/** A layer's lowering and tensors as text, its own name left out of them. */
function meaningOf(layer: string, nodes: readonly TypedNode[]): string {
  const what = nodes.map(({ lowering, params }) => [lowering, params.map(({ name, shape }) => [name, shape])]);
  return JSON.stringify(what).replaceAll(`"${layer}.`, '".').replaceAll(`"batchnorm":"${layer}"`, '"batchnorm":""');
}

/** What a reader gets past views: all of them for one that takes any shape channel-major, else those that keep the shape. */
function sourceOf(id: string, reader: TypedNode | undefined, graph: TypedGraph, nodes: ReadonlyMap<string, TypedNode>): string {
  const node = nodes.get(id);
  const [input] = node?.inputs ?? [];
  if (node?.lowering.kind !== 'view' || input === undefined) return id;
  const shape = input === graph.input.name ? graph.input.shape : nodes.get(input)?.shape;
  const same = shape !== undefined && printShape(shape) === printShape(node.shape);
  return same || reader?.lowering.kind === 'dense' ? sourceOf(input, reader, graph, nodes) : id;
}

function effectAlone({ nodes }: ComparedLayer): Effect {
  if (nodes.some(({ params }) => params.length > 0)) return 'weights';
  return nodes.every(({ lowering }) => lowering.kind === 'view') ? 'cosmetic' : 'numerics';
}

/** Undefined where nothing differs. */
function compareLayers(a: ComparedLayer, b: ComparedLayer, counterpart: (name: string) => string, fits: (tensor: string) => boolean): LayerChange | undefined {
  const sameReads = same(a.reads.map(counterpart), b.reads);
  const details = [
    ...differing('op', a.spec.op.value, b.spec.op.value),
    ...compareAttributes(a, b),
    ...differing('activation', activationOf(a.spec), activationOf(b.spec)),
    ...(sameReads ? [] : [{ what: 'reads', before: a.reads.join(', '), after: b.reads.join(', ') }]),
    ...differing('expect', a.spec.expect && printExpected(a.spec.expect.value), b.spec.expect && printExpected(b.spec.expect.value)),
    ...differing('init', written(a.spec.init), written(b.spec.init)),
  ];
  const sameValue = a.meaning === b.meaning && same(a.sources.map(counterpart), b.sources) && printShape(a.summary.shape) === printShape(b.summary.shape);
  const tensors = [...a.nodes, ...b.nodes].flatMap(({ params }) => params);
  const effect: Effect = tensors.some(({ name }) => !fits(name)) ? 'weights' : sameValue ? 'cosmetic' : 'numerics';
  const renamed = a.name !== b.name;
  if (!renamed && details.length === 0 && effect === 'cosmetic') return undefined;
  const kind = renamed ? 'renamed' : details.length > 0 ? 'changed' : 'follows';
  return { kind, effect, before: a.summary, after: b.summary, details };
}

const same = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((name, index) => name === b[index]);

const activationOf = ({ activation }: LayerSpec): string | undefined => (activation?.value === 'none' ? undefined : activation?.value);

const written = (value: Written | undefined): string | undefined => value && print(plain(value));

/** A value in one line, as a spec might write it. */
function print(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(print).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value).map(([key, part]) => `${key}: ${print(part)}`).join(', ')} }`;
}

const differing = (what: string, before: string | undefined, after: string | undefined): readonly Detail[] =>
  before === after ? [] : [{ what, before, after }];

/** The operators' own keys as they were understood; of two operators only those that both have. */
function compareAttributes({ nodes: [before] }: ComparedLayer, { nodes: [after] }: ComparedLayer): readonly Detail[] {
  const [was, is] = [before?.attrs ?? {}, after?.attrs ?? {}];
  const keys = Object.keys(was).filter((key) => Object.hasOwn(is, key));
  return keys.flatMap((key) => differing(key, attribute(was[key]), attribute(is[key])));
}

/** As the spec would say it: `11`, `[3, 5]`, `same`. */
function attribute(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) && value.every((part) => part === value[0]) ? print(value[0]) : print(value);
}

function compareTensors(a: Network, b: Network, matched: ReadonlyMap<string, string>): TensorChanges {
  const kept: string[] = [];
  const renamed: { before: string; after: string }[] = [];
  const reshaped: { name: string; before: readonly number[]; after: readonly number[] }[] = [];
  const reordered: string[] = [];
  const [old, now] = [tensorsOf(a), tensorsOf(b)];
  for (const [name, { layer, shape }] of old) {
    const partner = matched.get(layer) ?? layer;
    const other = `${partner}${name.slice(layer.length)}`;
    const found = now.get(other);
    if (found === undefined) continue;
    if (printShape(found.shape) !== printShape(shape)) {
      // Under another name and of another shape it is another tensor.
      if (other !== name) continue;
      reshaped.push({ name, before: shape, after: found.shape });
    } else if (columns(a, layer, name) !== columns(b, partner, other)) {
      reordered.push(name);
    } else if (other === name) {
      kept.push(name);
    } else {
      renamed.push({ before: name, after: other });
    }
    now.delete(other);
    old.delete(name);
  }
  return { kept, renamed, reshaped, reordered, removed: list(old), added: list(now) };
}

const list = (tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>): readonly Tensor[] =>
  [...tensors].map(([name, { shape }]) => ({ name, shape }));

function tensorsOf({ layers }: Network): Map<string, { readonly layer: string; readonly shape: readonly number[] }> {
  const found = new Map<string, { readonly layer: string; readonly shape: readonly number[] }>();
  for (const { name: layer, nodes } of layers.values()) {
    for (const { name, shape } of nodes.flatMap(({ params }) => params)) found.set(name, { layer, shape });
  }
  return found;
}

/** What the columns of a dense layer's matrix stand for: places and channels of the picture it reads. '' for all other tensors. */
function columns({ graph, nodes, layers }: Network, layer: string, tensor: string): string {
  const { nodes: [node] = [], sources: [source = ''] = [] } = layers.get(layer) ?? {};
  if (node?.lowering.kind !== 'dense' || node.lowering.weight !== tensor) return '';
  const shape: Shape = source === graph.input.name ? graph.input.shape : (nodes.get(source)?.shape ?? graph.input.shape);
  return printShape(asPicture(shape));
}

function compareSpecs(a: Network, b: Network, counterpart: (name: string) => string): readonly SpecChange[] {
  const [{ document: was, input: from, outputs: fromOutputs }, { document: is, input: to, outputs: toOutputs }] = [a.graph, b.graph];
  const as = (effect: Effect, details: readonly Detail[]): readonly SpecChange[] => details.map((detail) => ({ ...detail, effect }));
  const order = [...a.layers.keys()].map(counterpart).filter((name) => b.layers.has(name));
  const position = new Map([...b.layers.keys()].map((name, index) => [name, index]));
  const moved = order.some((name, index) => index > 0 && (position.get(name) ?? 0) < (position.get(order[index - 1] ?? '') ?? 0));
  return [
    ...as('cosmetic', differing('name', was.name.value, is.name.value)),
    ...as('cosmetic', differing('summary', was.summary, is.summary)),
    ...as('cosmetic', compareMaps(paramsOf(was), paramsOf(is), 'param ')),
    ...as('cosmetic', differing('name of the input', from.name, to.name)),
    ...as('numerics', differing('input', printShape(from.shape), printShape(to.shape))),
    ...as('numerics', compareMaps(preprocessOf(was), preprocessOf(is), 'preprocess ')),
    ...as('cosmetic', differing('labels', was.labels?.value.name, is.labels?.value.name)),
    ...as('cosmetic', moved ? [{ what: 'order', before: 'the layers', after: 'the same layers in another order' }] : []),
    ...as('numerics', same(fromOutputs.map(counterpart), toOutputs) ? [] : [{ what: 'outputs', before: fromOutputs.join(', '), after: toOutputs.join(', ') }]),
    ...as('cosmetic', compareMaps(trainOf(was), trainOf(is), 'train ')),
  ];
}

function compareMaps(was: ReadonlyMap<string, string>, is: ReadonlyMap<string, string>, lead: string): readonly Detail[] {
  const keys = new Set([...was.keys(), ...is.keys()]);
  return [...keys].flatMap((key) => differing(`${lead}${key}`, was.get(key), is.get(key)));
}

const texts = (entries: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(entries).map(([key, value]) => [key, print(value)]));

const paramsOf = ({ params }: SpecDocument): ReadonlyMap<string, string> => texts(Object.fromEntries([...params].map(([name, { value }]) => [name, value ?? null])));

const preprocessOf = ({ preprocess }: SpecDocument): ReadonlyMap<string, string> => texts({ ...preprocess });

const trainOf = ({ train }: SpecDocument): ReadonlyMap<string, string> => {
  const value = train && plain(train);
  return texts(typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {});
};

/** Whether the outputs are the same functions of the input and the weights, whatever the layers between are called. */
function computesTheSame(a: Network, b: Network): boolean {
  if (compareMaps(preprocessOf(a.graph.document), preprocessOf(b.graph.document), '').length > 0) return false;
  const known = new Map<string, number>();
  return same(valuesOf(a, known), valuesOf(b, known));
}

/** A number for each output; two of the same number are computed in the same way. */
function valuesOf({ graph, nodes }: Network, known: Map<string, number>): readonly string[] {
  const numberOf = (key: string): number => {
    const number = known.get(key) ?? known.size;
    known.set(key, number);
    return number;
  };
  const values = new Map([[graph.input.name, numberOf(`input ${printShape(graph.input.shape)}`)]]);
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((id) => values.get(sourceOf(id, node, graph, nodes)));
    const { lowering, params, shape } = node;
    values.set(node.id, numberOf(JSON.stringify([lowering, params.map(({ name }) => name), shape, inputs])));
  }
  return graph.outputs.map((id) => String(values.get(sourceOf(id, undefined, graph, nodes))));
}
