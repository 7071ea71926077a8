// Who reads whom: the names in `from` and `outputs` found among the layers above and the input. Every name that leads
// nowhere is reported, with the one that was probably meant.

import type { Related } from '../source/diagnostic.ts';
import { catalog } from '../source/catalog.ts';
import type { Report } from '../source/catalog.ts';
import { respell } from '../source/fix.ts';
import type { Spanned } from '../source/source.ts';
import { listOf, suggest } from '../source/suggest.ts';
import type { LayerSpec, SpecDocument } from '../spec/document.ts';

export interface Resolved {
  /** What each layer reads, in the order of `from`; a layer whose names are wrong is not in it. */
  readonly inputs: ReadonlyMap<LayerSpec, readonly string[]>;
  /** The outputs that exist, in the spec's order; the last layer where the spec names none. */
  readonly outputs: readonly string[];
  /** Whether every name was found. */
  readonly complete: boolean;
}

/** How far back a chain of readers is followed to tell a cycle from a layer written too early. */
const longestCycle = 1000;

/** Finds every name; reports those that are wrong. */
export function resolve({ input, layers, instances, outputs, removed, lost }: SpecDocument, report: Report): Resolved {
  const inputName = input.name.value;
  const positions = new Map(layers.map((layer, index) => [layer.name.value, index]));
  /** The layer that a name stands for: of an instance its last one. */
  const layerOf = (name: string): string => instances.get(name) ?? name;
  const namesOf = (layer: LayerSpec, index: number): readonly string[] =>
    layer.from?.map(({ value }) => layerOf(value)) ?? [layers[index - 1]?.name.value ?? inputName];

  /** The layers from `from` back to `to`, where one leads to the other. */
  const pathBack = (from: number, to: number): readonly number[] | undefined => {
    const cameFrom = new Map<number, number | undefined>([[from, undefined]]);
    for (const index of cameFrom.keys()) {
      const layer = layers[index];
      if (index === to || !layer || cameFrom.size > longestCycle) break;
      for (const name of namesOf(layer, index)) {
        const position = positions.get(name);
        if (position !== undefined && !cameFrom.has(position)) cameFrom.set(position, index);
      }
    }
    if (!cameFrom.has(to)) return undefined;
    const path: number[] = [];
    for (let at: number | undefined = to; at !== undefined; at = cameFrom.get(at)) path.unshift(at);
    return path;
  };

  const reportMissing = (name: Spanned<string>, where: string, known: readonly string[], shown = name.value): void => {
    const gone = removed.get(name.value);
    const near = suggest(shown, known);
    const help =
      gone ? 'name a layer that is still there'
      : near !== undefined ? `did you mean \`${near}\`?`
      : `the layers are ${listOf(known, 'and')}`;
    const more = gone ? { related: [{ span: gone, note: 'removed here' }] } : { fix: respell(name.span, shown, known) };
    report(catalog.unknownLayer, name.span, { where, name: shown }, { help, ...more });
  };

  /** Reports a name that a layer cannot read because there is none; in a block only the block's own names are known. */
  const reportUnknown = (name: Spanned<string>, layer: LayerSpec): void => {
    const prefix = scopeOf(name.value, layer.instance);
    const all = [...new Set([...layers.map((other) => other.name.value), ...instances.keys()])].filter((other) => other !== layer.name.value);
    // What an instance reads is named where it is used, not in its block.
    const where = layer.instance === undefined || name.value.startsWith(`${layer.instance}.`) ? layer.name.value : layer.instance;
    if (prefix === '') {
      reportMissing(name, where, [inputName, ...all.filter((other) => other !== where)]);
      return;
    }
    const shown = name.value.slice(prefix.length);
    const known = ['input', ...all.filter((other) => other.startsWith(prefix)).map((other) => other.slice(prefix.length))];
    if (shown !== inputName && !positions.has(layerOf(shown))) reportMissing(name, where, known, shown);
    else report(catalog.unknownLayer, name.span, { where, name: shown }, { help: `a block sees its own layers, and what arrives as \`input\`: name ${shown} in \`from\` where the block is used` });
  };

  /** Whether a layer may read this. */
  const judge = (name: Spanned<string>, layer: LayerSpec, index: number): boolean => {
    if (name.value === inputName) return true;
    const position = positions.get(layerOf(name.value));
    const self = layer.name.value;
    if (position === undefined) {
      // Without an input, about which something has been said, any name may have been its.
      if (inputName !== '' && !lost.has(name.value.slice(scopeOf(name.value, layer.instance).length))) reportUnknown(name, layer);
      return false;
    }
    if (position < index) return true;
    if (position === index) {
      const above = layers[index - 1]?.name.value ?? inputName;
      report(catalog.readsItself, name.span, { layer: self }, { help: `name another layer, or leave \`from\` out to read ${above}` });
      return false;
    }
    const path = pathBack(position, index);
    const related: readonly Related[] = [{ span: layers[position]?.name.span ?? name.span, note: `${name.value} comes here` }];
    if (path) {
      const words = [self, ...path.map((step) => layers[step]?.name.value ?? '')].join(' reads ');
      report(catalog.cycle, name.span, { layer: self, name: name.value, path: words }, { related });
    } else {
      report(catalog.laterLayer, name.span, { layer: self, name: name.value }, { related });
    }
    return false;
  };

  const inputs = new Map<LayerSpec, readonly string[]>();
  let complete = true;
  for (const [index, layer] of layers.entries()) {
    const judged = (layer.from ?? []).map((name) => judge(name, layer, index));
    // What stands above is no layer that could be read.
    const nothingAbove = layer.from === undefined && index > 0 && layers[index - 1]?.name.value === inputName;
    let found = judged.every((right) => right) && !nothingAbove;
    if (layer.from?.length === 0 && !layer.flawed) {
      report(catalog.noInputNamed, layer.name.span, { layer: layer.name.value });
      found = false;
    }
    if (layer.name.value === inputName) {
      report(catalog.namedAsInput, layer.name.span, { layer: inputName }, { related: [{ span: input.name.span, note: 'the input' }] });
      found = false;
    }
    if (found) inputs.set(layer, namesOf(layer, index));
    else complete = false;
  }

  const chosen = new Map<string, Spanned<string>>();
  for (const name of outputs) {
    const layer = layerOf(name.value);
    const first = chosen.get(layer);
    if (first) report(catalog.outputTwice, name.span, { name: name.value }, { related: [{ span: first.span, note: 'first here' }] });
    else if (name.value === inputName) report(catalog.inputAsOutput, name.span, { name: inputName });
    else if (!positions.has(layer)) {
      if (layers.length > 0 && !lost.has(name.value)) reportMissing(name, 'outputs', [...positions.keys(), ...instances.keys()]);
    } else {
      chosen.set(layer, name);
      continue;
    }
    complete = false;
  }
  const last = layers.at(-1)?.name.value;
  return { inputs, outputs: outputs.length > 0 ? [...chosen.keys()] : last === undefined ? [] : [last], complete };
}

/** What the names around this one begin with: the innermost of an instance and those it is in that begins it. */
function scopeOf(name: string, instance = ''): string {
  for (let scope = instance; scope !== ''; scope = scope.slice(0, Math.max(0, scope.lastIndexOf('.')))) {
    if (name.startsWith(`${scope}.`)) return `${scope}.`;
  }
  return '';
}
