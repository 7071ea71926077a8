// The difference of two networks as people read it: for a terminal, and as Markdown for the comment on a pull request. As
// JSON it is the same with every number.

import type { Detail, Difference, Effect, LayerChange, Tensor } from '../diff.ts';
import type { Amounts, LayerSummary } from '../emit/summary.ts';
import { grouped, printBytes } from '../emit/summary.ts';
import { markdownTable, table } from '../emit/table.ts';
import { printShape } from '../ir/tensor.ts';
import { wrap } from './wrap.ts';

export interface Compared {
  /** The specs as they were named. */
  readonly before: string;
  readonly after: string;
  readonly difference: Difference;
}

type Align = 'left' | 'right';

const words: Readonly<Record<Effect, string>> = { weights: 'breaks weights', numerics: 'numerics', cosmetic: 'cosmetic' };

export function diffText({ before, after, difference }: Compared): string {
  const { layers, spec, totals } = difference;
  return [
    `${before} → ${after}: ${verdict(difference)}\n`,
    spec.length === 0 ? '' : table(['spec', 'change', 'effect'], spec.map((change) => [change.what, arrow(change), words[change.effect]]), ['left', 'left', 'left']),
    layers.length === 0 ? '' : table(layerHead, layers.map(layerRow), layerAlign),
    difference.effect === undefined ? '' : table(totalHead, totalRows(totals), totalAlign),
    tensorLists(difference).map(([title, names]) => `${wrap(names.join(', '), 110, `${title}: `.padEnd(11))}\n`).join(''),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

export function diffMarkdown({ before, after, difference }: Compared): string {
  const { layers, spec, totals } = difference;
  const code = (text: string): string => (text === '' ? '' : `\`${text.replaceAll('`', "'")}\``);
  const specRows = spec.map((change) => [code(change.what), prose(arrow(change)), words[change.effect]]);
  const layerRows = layers.map((change) => {
    const [name = '', what = '', ...others] = layerRow(change);
    return [code(name), prose(what), ...others];
  });
  return [
    `**${code(before)} → ${code(after)}: ${verdict(difference)}**\n`,
    difference.effect === undefined ? '' : markdownTable(totalHead, totalRows(totals), totalAlign),
    spec.length === 0 ? '' : markdownTable(['spec', 'change', 'effect'], specRows, ['left', 'left', 'left']),
    layers.length === 0 ? '' : markdownTable(layerHead, layerRows, layerAlign),
    tensorLists(difference)
      .map(([title, names]) => `<details><summary>${title}: ${names.length}</summary>\n\n${names.map((name) => `- ${code(name)}\n`).join('')}\n</details>\n`)
      .join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** The user's own words may hold what Markdown and HTML would take for theirs. */
const prose = (text: string): string => text.replace(/[\\`*_[\]<>&~#@]/g, (sign) => (sign === '<' ? '&lt;' : sign === '&' ? '&amp;' : `\\${sign}`)).replace(/\s+/g, ' ');

/** Everything, for programs. */
export function diffData({ before, after, difference: { effect, spec, layers, totals, tensors } }: Compared): string {
  const told = ({ what, before: was, after: is }: Detail): object => ({ what, before: was ?? null, after: is ?? null });
  const data = {
    version: 1,
    before,
    after,
    effect: effect ?? null,
    spec: spec.map((change) => ({ ...told(change), effect: change.effect })),
    layers: layers.map((change) => ({
      kind: change.kind,
      effect: change.effect,
      before: change.before ?? null,
      after: change.after ?? null,
      details: change.details.map(told),
    })),
    totals,
    tensors,
  };
  return `${JSON.stringify(data, null, 2)}\n`;
}

function verdict({ effect, spec, layers, tensors }: Difference): string {
  if (effect === undefined) return 'no difference but in how it is written';
  if (effect === 'cosmetic') return 'cosmetic, the same numbers come out';
  const changes = [...layers, ...spec].filter((change) => change.effect === effect).length;
  const counted = `${changes} change${changes === 1 ? '' : 's'}`;
  if (effect === 'numerics') return `numerics, other numbers come out (${counted}); all weights fit`;
  const all = tensors.kept.length + tensors.renamed.length + tensors.reshaped.length + tensors.reordered.length + tensors.removed.length;
  return `breaks weights (${counted}); ${tensors.kept.length} of ${all} tensors survive${tensors.renamed.length === 0 ? '' : `, and ${tensors.renamed.length} under another name`}`;
}

const layerHead = ['layer', 'change', 'effect', 'output', 'parameters', 'MACs', 'memory'];
const layerAlign: readonly Align[] = ['left', 'left', 'left', 'left', 'right', 'right', 'right'];

function layerRow({ kind, effect, before, after, details }: LayerChange): readonly string[] {
  const pair = (of: (layer: LayerSummary) => string): string => both(before && of(before), after && of(after));
  return [
    kind === 'renamed' ? `${before?.name ?? ''} → ${after?.name ?? ''}` : (after ?? before)?.name ?? '',
    whatChanged(kind, after ?? before, details),
    words[effect],
    pair(({ shape }) => printShape(shape)),
    pair(({ parameters }) => amount(parameters)),
    pair(({ macs }) => amount(macs)),
    pair((layer) => printBytes(memoryOf(layer))),
  ];
}

function whatChanged(kind: LayerChange['kind'], layer: LayerSummary | undefined, details: readonly Detail[]): string {
  if (kind === 'added' || kind === 'removed') return `${kind} (${layer?.op ?? ''})`;
  if (kind === 'follows') return 'follows what it reads';
  return [...(kind === 'renamed' ? ['renamed'] : []), ...details.map((detail) => `${detail.what} ${arrow(detail)}`)].join(', ');
}

const memoryOf = ({ weight_bytes: weights, activation_bytes: activations }: Amounts): number => weights + activations;

const arrow = ({ before = 'none', after = 'none' }: Detail): string => `${cut(before)} → ${cut(after)}`;

/** A summary is a sentence, and `train` has maps: who wants all of it has the specs. */
const cut = (text: string): string => (text.length > 45 ? `${text.slice(0, 44).trimEnd()}…` : text);

/** `96 → 64`; once where nothing changes, and the only one of a layer that was not there. */
function both(before: string | undefined, after: string | undefined): string {
  return before === undefined || after === undefined || before === after ? (after ?? before ?? '') : `${before || '0'} → ${after || '0'}`;
}

const amount = (count: number): string => (count === 0 ? '' : grouped(count));

const totalHead = ['total', 'before', 'after', 'change'];
const totalAlign: readonly Align[] = ['left', 'right', 'right', 'right'];

function totalRows({ before, after }: Difference['totals']): readonly (readonly string[])[] {
  const row = (name: string, of: (amounts: Amounts) => number, print: (count: number) => string): readonly string[] => [
    name,
    print(of(before)),
    print(of(after)),
    share(of(before), of(after)),
  ];
  return [
    row('parameters', ({ parameters }) => parameters, grouped),
    row('MACs', ({ macs }) => macs, grouped),
    row('weights', ({ weight_bytes: bytes }) => bytes, printBytes),
    row('activations', ({ activation_bytes: bytes }) => bytes, printBytes),
  ];
}

function share(before: number, after: number): string {
  if (before === after) return 'same';
  if (before === 0) return 'new';
  const percent = (100 * (after - before)) / before;
  return `${percent > 0 ? '+' : '−'}${Math.abs(percent) < 0.05 ? '<0.1' : Math.abs(percent).toFixed(1)} %`;
}

/** What becomes of the tensors, where not all of them stay. */
function tensorLists({ effect, tensors }: Difference): readonly (readonly [string, readonly string[]])[] {
  if (effect !== 'weights') return [];
  const shaped = ({ name, shape }: Tensor): string => `${name} ${printShape(shape)}`;
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ['survive', tensors.kept],
    ['renamed', tensors.renamed.map(({ before, after }) => `${before} → ${after}`)],
    ['reshaped', tensors.reshaped.map(({ name, before, after }) => `${name} ${printShape(before)} → ${printShape(after)}`)],
    ['reordered', tensors.reordered],
    ['gone', tensors.removed.map(shaped)],
    ['new', tensors.added.map(shaped)],
  ];
  return lists.filter(([, names]) => names.length > 0);
}
