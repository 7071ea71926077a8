// What stands behind each layer in the editor: the shape that comes out, and its parameters. While a spec is broken the last
// right network goes on telling, in parentheses.

import type { InlayHint } from 'vscode-languageserver/node';
import type { Checked } from '../check.ts';
import { grouped, printBytes, summarize, type LayerSummary } from '../emit/summary.ts';
import { printShape } from '../ir/tensor.ts';
import type { Source } from '../source/source.ts';
import type { Written, WrittenEntry } from '../spec/document.ts';
import { child } from '../spec/place.ts';
import { moved, type TextEdit } from './edit.ts';
import { positionAt } from './place.ts';
import { entriesIn, type View } from './view.ts';

/** A hint, before it has a place on the screen. */
export interface LayerHint {
  /** The layer's name; of one inside a block, with the block's before it. */
  readonly id: string;
  /** Behind what it stands. */
  readonly offset: number;
  readonly text: string;
  readonly tooltip: string;
  /** Whether it tells of the last right network instead of this one. */
  readonly stale: boolean;
}

/** What a layer's hint tells. */
type Told = Pick<LayerHint, 'text' | 'tooltip'>;

/**
 * The hints of a spec's layers, in the order of its text.
 * @param before the hints of its last text, where they stand in this one
 */
export function hintsOf(root: Written, view: View, { known, graph }: Checked, before: readonly LayerHint[]): readonly LayerHint[] {
  const old = new Map(before.map((hint) => [hint.id, hint]));
  const rows = known === undefined ? [] : summarize(known).layers;
  const byName = new Map(rows.map((row) => [row.name, row]));
  const byPlace = new Map<number, LayerSummary[]>();
  for (const { origin } of known?.nodes ?? []) {
    const row = origin.name.span.source === root.span.source ? byName.get(origin.name.value) : undefined;
    const here = byPlace.get(origin.name.span.start);
    if (row && here?.at(-1) !== row) byPlace.set(origin.name.span.start, [...(here ?? []), row]);
  }

  const hints: LayerHint[] = [];
  const add = (id: string, entry: WrittenEntry, told: Told | undefined): void => {
    const offset = placeOf(entry);
    const last = graph === undefined ? old.get(id) : undefined;
    if (told) hints.push({ id, offset, ...told, stale: false });
    else if (last) hints.push({ ...last, offset, stale: true });
  };
  for (const [name, entry] of entriesIn(child(root, 'layers'))) {
    const row = byName.get(name);
    const inside = row === undefined && view.layers.get(name)?.use !== undefined ? rows.filter((other) => other.name.startsWith(`${name}.`)) : [];
    add(name, entry, row ? told([row]) : tellInstance(inside));
  }
  for (const [block, { value }] of entriesIn(child(root, 'blocks'))) {
    for (const [name, entry] of entriesIn(child(value, 'layers'))) add(`${block}/${name}`, entry, told(byPlace.get(entry.key.start) ?? []));
  }
  return hints;
}

/** Behind the layer where it stands on one line, else behind its name. */
function placeOf({ key, value }: WrittenEntry): number {
  const end = value.span.end;
  return end > key.end && !/[\r\n]/.test(key.source.text.slice(key.start, end)) ? end : key.end + 1;
}

/** One layer; of a block, what it is in each of its instances. */
function told(rows: readonly LayerSummary[]): Told | undefined {
  const [first] = rows;
  if (first === undefined) return undefined;
  const shapes = [...new Set(rows.map(({ shape }) => printShape(shape)))];
  const text = shapes.length > 2 ? `${shapes[0] ?? ''}, … ${shapes.at(-1) ?? ''}` : shapes.join(', ');
  const same = rows.every(({ parameters }) => parameters === first.parameters);
  return { text: same ? `${text}${parametersText(first.parameters)}` : text, tooltip: rows.slice(0, 20).map(tooltip).join('\n\n') };
}

/** An instance of a block: its last layer's shape, and the parameters of all. */
function tellInstance(rows: readonly LayerSummary[]): Told | undefined {
  const last = rows.at(-1);
  if (last === undefined) return undefined;
  const parameters = rows.reduce((sum, row) => sum + row.parameters, 0);
  return { text: `${printShape(last.shape)}${parametersText(parameters)}`, tooltip: rows.slice(0, 20).map(tooltip).join('\n\n') };
}

const parametersText = (count: number): string => (count === 0 ? '' : ` · ${grouped(count)} parameter${count === 1 ? '' : 's'}`);

function tooltip({ name, shape, parameters, macs, activation_bytes: bytes }: LayerSummary): string {
  const parts = [
    `${printShape(shape)}, ${printBytes(bytes)} for one image`,
    ...(parameters === 0 ? [] : [`${grouped(parameters)} parameters`]),
    ...(macs === 0 ? [] : [`${grouped(macs)} multiply-adds`]),
  ];
  return `${name}: ${parts.join(', ')}`;
}

/** The same hints after an edit; those whose surroundings are gone are left out. */
export function moveHints(hints: readonly LayerHint[], edit: TextEdit): readonly LayerHint[] {
  return hints.flatMap((hint) => {
    const offset = moved(hint.offset, edit);
    return offset === undefined ? [] : [{ ...hint, offset }];
  });
}

export function inlayHint(source: Source, { offset, text, tooltip, stale }: LayerHint): InlayHint {
  return {
    position: positionAt(source, offset),
    label: stale ? `(${text})` : text,
    tooltip: stale ? `Before the mistake: ${tooltip}` : tooltip,
    paddingLeft: true,
  };
}
