// Changes to what is written elsewhere: a variant's to its base, an instance's to its block. Maps are changed key by key and
// `null` removes (JSON Merge Patch, RFC 7396); layers keep their order, and a new one says where it goes. Nothing is
// changed that is not there: a misspelt name would change nothing, and nobody would know.

import type { Report } from '../source/catalog.ts';
import { catalog } from '../source/catalog.ts';
import { respell } from '../source/fix.ts';
import type { Span } from '../source/source.ts';
import { listOf, suggest } from '../source/suggest.ts';
import { spanBeside, standBeside } from './beside.ts';
import type { Written, WrittenEntry } from './document.ts';
import { instanceKeys, layerKeys, placementKeys, specKeys } from './keys.ts';
import { describe } from './number.ts';
import type { Tree } from './tree.ts';
import type { Keys } from './keys.ts';
import { child, entriesOf } from './place.ts';

type Entries = ReadonlyMap<string, WrittenEntry>;

/** What is being changed, for messages, and where to write down what is wrong. */
export interface Patching {
  /** `alexnet.yaml`, `the block fire`, `conv1 in alexnet.yaml`. */
  readonly where: string;
  /** The key of the map that is changed, where it is one of the base's own. */
  readonly within?: Span;
  readonly report: Report;
  /** Values in which a mistake has been reported. */
  readonly flawed: Set<Written>;
  /** Names that may stand in `after` beside those of layers: the input's. */
  readonly first: ReadonlySet<string>;
  /** Where each layer that is no longer there was removed. */
  readonly removed: Map<string, Span>;
  /** Names of new layers that have no place. */
  readonly lost: Set<string>;
}

type Merge = (base: Written, patch: Written, patching: Patching) => Written;

/** A spec with the changes of its variant. */
export const patchSpec: Merge = (base, patch, patching) => {
  const merged = patchMap(base, patch, patching, (key) => ({ layers: patchLayers, blocks: patchBlocks })[key]);
  // What no spec can be without is empty, not removed.
  const emptied = [...(entriesOf(patch) ?? [])].filter(([key, { value }]) => value.value === null && (specKeys as Keys)[key]?.required === true);
  return emptied.length === 0 ? merged : { value: new Map([...(entriesOf(merged) ?? []), ...emptied]), span: merged.span };
};

const patchBlocks: Merge = (base, patch, patching) =>
  patchMap(base, patch, patching, (block) => (of, by, how) =>
    patchMap(of, by, { ...how, where: `the block ${block}`, first: new Set(['input']), removed: new Map() }, (key) => (key === 'layers' ? patchLayers : undefined)),
  );

/** A map with the keys of a patch; `mergeOf` says how the values of a key are merged that are maps on both sides. */
function patchMap(base: Written, patch: Written, patching: Patching, mergeOf: (key: string) => Merge | undefined = () => undefined): Written {
  const { flawed, within } = patching;
  const entries = new Map(entriesOf(base));
  for (const [key, change] of entriesOf(patch) ?? []) {
    const old = entries.get(key);
    if (change.value.value === null && !flawed.has(change.value)) {
      if (old) entries.delete(key);
      else reportNothing(key, change, base, patching);
    } else if (old) {
      const merge = mergeOf(key) ?? ((of, by, how) => patchMap(of, by, { ...how, where: `\`${key}\` in ${how.where}`, within: old.key }));
      entries.set(key, changed(old, change, patching, merge));
    } else if (within) {
      const beside = { span: within, note: 'what this changes' };
      entries.set(key, { key: spanBeside(change.key, beside), value: standBeside(change.value, beside, flawed) });
    } else {
      entries.set(key, change);
    }
  }
  return mergedMap(base, patch, entries, patching);
}

/** An entry with what a patch makes of it. */
function changed(old: WrittenEntry, change: WrittenEntry, patching: Patching, merge: Merge): WrittenEntry {
  const key = spanBeside(change.key, { span: old.key, note: 'what this changes' });
  if (entriesOf(old.value) && entriesOf(change.value)) return { key, value: merge(old.value, change.value, patching) };
  const { span } = old.value;
  return { key, value: standBeside(change.value, { span: span.end > span.start ? span : old.key, note: 'instead of this' }, patching.flawed) };
}

function mergedMap(base: Written, patch: Written, entries: Entries, { flawed }: Patching): Written {
  const merged: Written = { value: entries, span: patch.span };
  if (flawed.has(base) || flawed.has(patch)) flawed.add(merged);
  return merged;
}

function reportNothing(key: string, { key: span }: WrittenEntry, base: Written, { where, within, report }: Patching): void {
  const near = suggest(key, entriesOf(base)?.keys() ?? []);
  const related =
    near !== undefined ? [{ span: entriesOf(base)?.get(near)?.key ?? span, note: `\`${near}\` is here` }]
    : within ? [{ span: within, note: 'it is not in here' }]
    : [];
  report(catalog.nothingToRemove, span, { where, key }, { related, help: near === undefined ? undefined : `did you mean \`${near}\`?` });
}

/** A new layer, and the one it comes right after or before. */
interface Newcomer {
  readonly name: string;
  readonly entry: WrittenEntry;
  readonly side: 'after' | 'before';
  readonly target: Written;
}

/** A map of layers with the changes of a patch, new layers at their places. */
export const patchLayers: Merge = (base, patch, patching) => {
  const { report, where, flawed, removed, lost } = patching;
  const old = entriesOf(base) ?? new Map<string, WrittenEntry>();
  const entries = new Map(old);
  const newcomers: Newcomer[] = [];
  for (const [name, change] of entriesOf(patch) ?? []) {
    const known = old.get(name);
    const keys = entriesOf(change.value);
    if (known && change.value.value === null && !flawed.has(change.value)) {
      entries.delete(name);
      removed.set(name, change.key);
    } else if (known) {
      for (const place of Object.keys(placementKeys)) {
        const misplaced = keys?.get(place);
        if (misplaced) report(catalog.placeOfInherited, misplaced.key, { layer: name, where }, { related: [{ span: known.key, note: 'its place' }] });
      }
      const patched = { key: change.key, value: without(change.value, Object.keys(placementKeys), flawed) };
      entries.set(name, changed(known, patched, patching, (of, by, how) => patchLayer(of, by, { ...how, where: `${name} in ${where}`, within: known.key })));
    } else if (keys?.has('op') === true || keys?.has('use') === true) {
      const newcomer = placeOf(name, change, base, patching);
      if (newcomer) newcomers.push(newcomer);
      else lost.add(name);
    } else if (!flawed.has(change.value)) {
      reportNoLayer(name, change, base, patching);
    }
  }
  return mergedMap(base, patch, arrange(entries, newcomers, base, patching), patching);
};

function reportNoLayer(name: string, { key, value }: WrittenEntry, base: Written, { where, report }: Patching): void {
  const known = [...(entriesOf(base)?.keys() ?? [])];
  const near = suggest(name, known);
  const related = near === undefined ? [] : [{ span: entriesOf(base)?.get(near)?.key ?? key, note: `${near} is here` }];
  const help =
    near !== undefined ? `did you mean \`${near}\`?`
    : value.value === null ? `its layers are ${listOf(known, 'and')}`
    : `its layers are ${listOf(known, 'and')}; a new one needs an \`op\`, and \`after\` or \`before\``;
  const change = value.value === null ? 'remove' : 'change';
  report(catalog.nothingToChange, key, { where, name, change }, { related, help, fix: respell(key, name, known) });
}

/** Where a new layer goes; undefined after reporting that it does not say. */
function placeOf(name: string, { key, value }: WrittenEntry, base: Written, { where, report, flawed }: Patching): Newcomer | undefined {
  const keys = entriesOf(value);
  const after = keys?.get('after');
  const before = keys?.get('before');
  const place = after ?? before;
  if (!place) {
    const known = [...(entriesOf(base)?.keys() ?? [])];
    const near = suggest(name, known);
    const meant = near === undefined ? '' : `; if you mean ${near}, write its name`;
    report(catalog.newLayerNowhere, key, { layer: name, where }, { help: `add \`after: ${known.at(-1) ?? 'layer'}\`, or \`before:\`, with the layer it follows or precedes${meant}` });
    return undefined;
  }
  if (after && before) {
    const words = { layer: name, after: textOfName(after.value), before: textOfName(before.value) };
    report(catalog.placedTwice, before.key, words, { related: [{ span: after.key, note: 'the other place' }] });
    return undefined;
  }
  const side = after ? 'after' : 'before';
  if (typeof place.value.value !== 'string') {
    if (!flawed.has(place.value)) {
      const span = place.value.span.end > place.value.span.start ? place.value.span : place.key;
      report(catalog.wrongValue, span, { where: `${name}: \`${side}\``, found: describe(place.value), expected: 'the name of a layer' });
    }
    return undefined;
  }
  return { name, entry: { key, value: without(value, Object.keys(placementKeys), flawed) }, side, target: place.value };
}

const textOfName = ({ value }: Written): string => (typeof value === 'string' ? value : '?');

/** Puts each new layer where it wants to be; those that go after the same layer stay in the order they are written. */
function arrange(entries: Map<string, WrittenEntry>, newcomers: readonly Newcomer[], base: Written, { report, first, removed, lost }: Patching): Entries {
  const followers = new Map<string, Newcomer[]>();
  const leaders = new Map<string, Newcomer[]>();
  const names = new Set([...entries.keys(), ...newcomers.map(({ name }) => name)]);
  for (const newcomer of newcomers) {
    const target = textOfName(newcomer.target);
    const exists = target !== newcomer.name && (names.has(target) || (newcomer.side === 'after' && first.has(target)));
    const side = newcomer.side === 'after' ? followers : leaders;
    const others = side.get(target) ?? [];
    if (exists) side.set(target, others);
    if (exists) others.push(newcomer);
    else {
      lost.add(newcomer.name);
      const gone = removed.get(target);
      const near = suggest(target, [...names, ...first].filter((name) => name !== newcomer.name));
      const help = gone ? `name a layer that is still there` : near === undefined ? `the layers are ${listOf([...(entriesOf(base)?.keys() ?? [])], 'and')}` : `did you mean \`${near}\`?`;
      const more = { related: gone ? [{ span: gone, note: 'removed here' }] : [], help, fix: gone ? undefined : respell(newcomer.target.span, target, names) };
      report(catalog.unknownLayer, newcomer.target.span, { where: `${newcomer.name}: \`${newcomer.side}\``, name: target }, more);
    }
  }
  if (newcomers.length === 0) return entries;

  const arranged = new Map<string, WrittenEntry>();
  const put = (name: string, entry: WrittenEntry | undefined): void => {
    const pending: { name: string; entry: WrittenEntry | undefined; led: boolean }[] = [{ name, entry, led: false }];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const { led } = next;
      if (led && next.entry) arranged.set(next.name, next.entry);
      if (!led) pending.push({ ...next, led: true });
      const others = (led ? followers : leaders).get(next.name) ?? [];
      for (const other of others.toReversed()) pending.push({ name: other.name, entry: other.entry, led: false });
    }
  };
  for (const name of first) put(name, undefined);
  for (const [name, entry] of entries) put(name, entry);
  for (const { name, target, side } of newcomers) {
    if (arranged.has(name) || lost.has(name)) continue;
    const known = lost.has(textOfName(target)) ? undefined : 'new layers that name each other have no place: one of them must name an old one';
    if (known !== undefined) report(catalog.unknownLayer, target.span, { where: `${name}: \`${side}\``, name: textOfName(target) }, { help: known });
    lost.add(name);
  }
  return arranged;
}

/** A layer with the changes of a patch. Another operator, or block, takes none of the keys that were the old one's. */
const patchLayer: Merge = (base, patch, patching) => {
  const [old, change] = [entriesOf(base), entriesOf(patch)];
  const differs = (key: 'op' | 'use'): boolean => ![undefined, null, old?.get(key)?.value.value].includes(change?.get(key)?.value.value);
  const kept: readonly string[] | undefined =
    differs('op') ? Object.keys(layerKeys).filter((key) => key !== 'op' && (old?.has('use') !== true || Object.hasOwn(instanceKeys, key)))
    : differs('use') ? ['from', 'expect', ...(old?.has('use') === true ? ['use', 'repeat'] : [])]
    : undefined;
  const remaining = kept === undefined || !old ? base : without(base, [...old.keys()].filter((key) => !kept.includes(key)), patching.flawed);
  return patchMap(remaining, patch, patching, (key) => (key === 'layers' ? joinPatches : undefined));
};

/** One patch of a block's layers after another: what either removes stays removed. */
const joinPatches: Merge = (base, patch, patching) => {
  const entries = new Map(entriesOf(base));
  for (const [key, change] of entriesOf(patch) ?? []) {
    const old = entries.get(key);
    entries.set(key, old ? changed(old, change, patching, joinPatches) : change);
  }
  return mergedMap(base, patch, entries, patching);
};

function without(written: Written, keys: readonly string[], flawed: Set<Written>): Written {
  const entries = entriesOf(written);
  if (!entries || !keys.some((key) => entries.has(key))) return written;
  const rest: Written = { value: new Map([...entries].filter(([key]) => !keys.includes(key))), span: written.span };
  if (flawed.has(written)) flawed.add(rest);
  return rest;
}

/** Layers that instances may have written out, together. */
const mostPatched = 5000;

/**
 * A spec in which each instance that changes its block's layers has them written out: `fire2: { use: fire, layers: { … } }`
 * holds all of `fire`, changed.
 */
export function patchInstances({ root, flawed: known }: Tree, lost: Set<string>, report: Report): Tree {
  const blocks = entriesOf(child(root, 'blocks')) ?? new Map<string, WrittenEntry>();
  const flawed = new Set(known);
  let left = mostPatched;

  const inLayers = (layers: Written, open: readonly string[]): Written => {
    const entries = entriesOf(layers);
    if (!entries) return layers;
    const changes = [...entries].flatMap(([name, entry]) => {
      const value = inInstance(entry, open);
      return value === entry.value ? [] : [[name, { key: entry.key, value }] as const];
    });
    return changes.length === 0 ? layers : copied(layers, new Map([...entries, ...changes]));
  };

  const inInstance = ({ value }: WrittenEntry, open: readonly string[]): Written => {
    const keys = entriesOf(value);
    const patch = keys?.get('layers');
    const name = keys?.get('use')?.value.value;
    if (!keys || !patch || typeof name !== 'string') return value;
    const layers = child(blocks.get(name)?.value, 'layers');
    // A block that is not there, and one that uses itself, is told of where it is used.
    if (!layers || !entriesOf(layers) || !entriesOf(patch.value) || open.includes(name)) return value;
    if (left <= 0) return value;
    left -= entriesOf(layers)?.size ?? 0;
    if (left <= 0) report(catalog.tooManyLayers, patch.key, { layer: name, limit: mostPatched });
    const patching: Patching = { where: `the block ${name}`, report, flawed, first: new Set(['input']), removed: new Map(), lost };
    const whole = inLayers(patchLayers(layers, patch.value, patching), [...open, name]);
    return copied(value, new Map([...keys, ['layers', { key: patch.key, value: whole }]]));
  };

  const copied = (from: Written, entries: Entries): Written => {
    const made: Written = { value: entries, span: from.span };
    if (flawed.has(from)) flawed.add(made);
    return made;
  };

  const inBlock = (name: string, block: WrittenEntry): WrittenEntry => {
    const keys = entriesOf(block.value);
    const layers = keys?.get('layers');
    const value = layers && inLayers(layers.value, [name]);
    if (!keys || !layers || !value || value === layers.value) return block;
    return { key: block.key, value: copied(block.value, new Map([...keys, ['layers', { key: layers.key, value }]])) };
  };

  const entries = entriesOf(root);
  if (!entries) return { root, flawed };
  const rebuilt = new Map(entries);
  const layers = entries.get('layers');
  const written = entries.get('blocks');
  if (layers) rebuilt.set('layers', { key: layers.key, value: inLayers(layers.value, []) });
  if (written && blocks.size > 0) rebuilt.set('blocks', { key: written.key, value: copied(written.value, new Map([...blocks].map(([name, block]) => [name, inBlock(name, block)]))) });
  return { root: copied(root, rebuilt), flawed };
}
