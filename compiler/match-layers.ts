// Which layer of one network is which of another. A name says so; a layer whose name is gone is the one that computes the
// same from the same, or, with weights of its own, the only one of its kind.

import type { ComparedLayer, Network } from './diff.ts';

/** The name after for each name before that has a counterpart. */
export function matchLayers(before: Network, after: Network): ReadonlyMap<string, string> {
  const matched = new Map([...before.layers.keys()].filter((name) => after.layers.has(name)).map((name) => [name, name]));
  const gone = groupedByKind([...before.layers.values()].filter(({ name }) => !matched.has(name)));
  const fresh = [...after.layers.values()].filter(({ name }) => !before.layers.has(name));
  const input = new Map([[before.graph.input.name, after.graph.input.name]]);
  const take = (candidates: ComparedLayer[], chosen: ComparedLayer, layer: ComparedLayer): void => {
    candidates.splice(candidates.indexOf(chosen), 1);
    matched.set(chosen.name, layer.name);
  };
  // In the order of the data flow, so that a renamed layer is known when its readers are looked for.
  for (const layer of fresh) {
    const candidates = gone.get(kindOf(layer)) ?? [];
    const chosen = candidates.find(
      ({ reads }) => reads.length === layer.reads.length && reads.every((name, index) => (input.get(name) ?? matched.get(name)) === layer.reads[index]),
    );
    if (chosen !== undefined) take(candidates, chosen, layer);
  }
  const taken = new Set(matched.values());
  const left = groupedByKind(fresh.filter(({ name, nodes }) => !taken.has(name) && nodes.some(({ params }) => params.length > 0)));
  for (const [kind, [layer, ...others]] of left) {
    const candidates = gone.get(kind) ?? [];
    const [only, ...more] = candidates;
    if (layer !== undefined && only !== undefined && others.length + more.length === 0) take(candidates, only, layer);
  }
  return matched;
}

const kindOf = ({ spec, meaning }: ComparedLayer): string => `${spec.op.value} ${meaning}`;

function groupedByKind(layers: readonly ComparedLayer[]): Map<string, ComparedLayer[]> {
  const groups = new Map<string, ComparedLayer[]>();
  for (const layer of layers) {
    const group = groups.get(kindOf(layer));
    if (group) group.push(layer);
    else groups.set(kindOf(layer), [layer]);
  }
  return groups;
}
