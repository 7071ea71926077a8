// Which layer of one network is which of another. A name says so. A layer whose name is gone is the one that computes the
// same from the same inputs, or for the same readers; with weights of its own, the only one of its kind; and last the
// one that stands in its place, whatever was changed in it besides.

import type { LayerSummary } from './emit/summary.ts';
import type { TypedGraph, TypedNode } from './ir/graph.ts';
import type { LayerSpec } from './spec/document.ts';

/** A network as a comparison needs it. */
export interface Network {
  readonly graph: TypedGraph;
  readonly nodes: ReadonlyMap<string, TypedNode>;
  readonly layers: ReadonlyMap<string, ComparedLayer>;
}

export interface ComparedLayer {
  readonly name: string;
  readonly spec: LayerSpec;
  readonly nodes: readonly TypedNode[];
  readonly summary: LayerSummary;
  /** What it computes of its inputs, names left out: equal texts compute the same with equal weights. */
  readonly meaning: string;
  /** The layers it reads, or the input. */
  readonly reads: readonly string[];
  /** The same past layers that compute nothing. */
  readonly sources: readonly string[];
}

/** What makes two layers one, as text; undefined where that cannot be said of this one yet. */
type Sign = (layer: ComparedLayer, network: Side) => string | undefined;

/** One of the networks, its neighbours told in names of the network before. */
interface Side {
  readonly network: Network;
  readonly readers: ReadonlyMap<string, readonly string[]>;
  /** The name before; undefined for a layer that has no counterpart yet. */
  readonly known: (name: string) => string | undefined;
}

/** The name after for each name before that has a counterpart. */
export function matchLayers(before: Network, after: Network): ReadonlyMap<string, string> {
  const matched = new Map([...before.layers.keys()].filter((name) => after.layers.has(name)).map((name) => [name, name]));
  const partners = new Map([...matched.keys()].map((name) => [name, name]));
  const gone = new Set([...before.layers.values()].filter(({ name }) => !after.layers.has(name)));
  const fresh = new Set([...after.layers.values()].filter(({ name }) => !before.layers.has(name)));
  if (gone.size === 0 || fresh.size === 0) return matched;
  const old: Side = { network: before, readers: readersOf(before), known: (name) => name };
  const input = new Map([[after.graph.input.name, before.graph.input.name]]);
  const now: Side = { network: after, readers: readersOf(after), known: (name) => input.get(name) ?? partners.get(name) };

  const match = (layers: readonly ComparedLayer[], sign: Sign): void => {
    const candidates = groupedBy(gone, (layer) => sign(layer, old) ?? '');
    for (const layer of layers) {
      const wanted = sign(layer, now);
      const chosen = wanted === undefined ? undefined : candidates.get(wanted)?.find((candidate) => gone.has(candidate));
      if (chosen === undefined) continue;
      matched.set(chosen.name, layer.name);
      partners.set(layer.name, chosen.name);
      gone.delete(chosen);
      fresh.delete(layer);
    }
  };
  // With the data flow a layer's inputs are known before it, against it its readers.
  match([...fresh], (layer, side) => together(exactly(layer), inputsOf(layer, side)));
  match([...fresh].reverse(), (layer, side) => together(exactly(layer), readersKnown(layer, side)));
  const [kindsBefore, kindsAfter] = [groupedBy(gone, exactly), groupedBy(fresh, exactly)];
  const isOnlyOne = (layer: ComparedLayer): boolean => hasWeights(layer) && [kindsBefore, kindsAfter].every((kinds) => kinds.get(exactly(layer))?.length === 1);
  match([...fresh], (layer) => (isOnlyOne(layer) ? exactly(layer) : undefined));
  match([...fresh], (layer, side) => together(layer.spec.op.value, together(inputsOf(layer, side), readersKnown(layer, side))));
  return matched;
}

const exactly = ({ spec, meaning }: ComparedLayer): string => `${spec.op.value} ${meaning}`;

const hasWeights = ({ nodes }: ComparedLayer): boolean => nodes.some(({ params }) => params.length > 0);

const together = (one: string | undefined, other: string | undefined): string | undefined =>
  one === undefined || other === undefined ? undefined : `${one}\n${other}`;

const inputsOf = ({ reads }: ComparedLayer, { known }: Side): string | undefined => named(reads.map(known));

/** Of a layer that nobody reads, which output it is. */
function readersKnown({ name }: ComparedLayer, { network, readers, known }: Side): string | undefined {
  const own = readers.get(name);
  return own === undefined ? `output ${network.graph.outputs.indexOf(name)}` : named(own.map(known));
}

const named = (names: readonly (string | undefined)[]): string | undefined => (names.includes(undefined) ? undefined : names.join(' '));

/** Who reads each layer, in the order of the network. */
function readersOf({ layers }: Network): ReadonlyMap<string, readonly string[]> {
  const pairs = [...layers.values()].flatMap(({ name, reads }) => reads.map((read) => ({ name, read })));
  return new Map([...groupedBy(pairs, ({ read }) => read)].map(([read, own]) => [read, own.map(({ name }) => name)]));
}

function groupedBy<T>(things: Iterable<T>, key: (thing: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const thing of things) {
    const group = groups.get(key(thing));
    if (group) group.push(thing);
    else groups.set(key(thing), [thing]);
  }
  return groups;
}
