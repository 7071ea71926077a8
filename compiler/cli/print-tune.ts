// What tuning found, for people and for programs.

import { table } from '../emit/table.ts';
import type { TunedFile } from '../passes/tuned.ts';
import type { Way } from '../passes/ways.ts';

export interface TunedWork {
  readonly work: string;
  /** The kernels of the network that do it. */
  readonly layers: readonly string[];
  readonly way: Way;
  /** Milliseconds, in the way that was estimated and in this one; the same where that was kept. */
  readonly before: number;
  readonly after: number;
  /** What was run, with its estimate and its shortest time. */
  readonly ran: readonly { readonly way: Way; readonly estimate: number | undefined; readonly shortest: number }[];
}

/** A line for each work, and the sum over all layers; ends with a line break. */
export function tuneText(works: readonly TunedWork[]): string {
  if (works.length === 0) return 'Nothing was measured.\n';
  const rows = works.map(({ layers: [first = '', ...others], way, before, after, ran }) => [
    others.length === 0 ? first : `${first} and ${others.length} more`, fixed(before), fixed(after), ratio(before, after), String(ran.length), before === after ? 'kept' : wayText(way),
  ]);
  const [before, after] = totals(works);
  return table(['layer', 'before ms', 'after', 'ratio', 'ways', ''], [...rows, ['in all', fixed(before), fixed(after), ratio(before, after), '', '']], ['left', 'right', 'right', 'right', 'right', 'left']);
}

/** The same as data; times in milliseconds. */
export function tuneJson(works: readonly TunedWork[], head: Omit<TunedFile, 'ways'> & { readonly precision: string; readonly batch: number; readonly file: string }): unknown {
  const [before, after] = totals(works);
  return {
    ...head,
    works: works.map(({ work, layers, way, before: was, after: is, ran }) => ({
      work, layers, way, before_ms: was, after_ms: is,
      ran: ran.map(({ way: one, estimate, shortest }) => ({ way: one, estimate: estimate ?? null, shortest_ms: shortest })),
    })),
    before_ms: before,
    after_ms: after,
  };
}

/** `winograd, outputs 4, lanes 8, blocks 3, tiles 8`. */
function wayText(way: Way): string {
  if (!('tile' in way)) return way.kind;
  const { turn, ...numbers } = { turn: undefined, ...way.tile };
  const parts = Object.entries(numbers).map(([name, value]) => `${name} ${value}`);
  const turns = turn === undefined ? [] : [turn === 'kernel row' ? 'a kernel row a turn' : `${turn.channels} channels a turn`];
  return [way.kind, ...parts, ...turns].join(', ');
}

function totals(works: readonly TunedWork[]): readonly [before: number, after: number] {
  const sum = (time: (work: TunedWork) => number): number => works.reduce((all, work) => all + work.layers.length * time(work), 0);
  return [sum(({ before }) => before), sum(({ after }) => after)];
}

const fixed = (milliseconds: number): string => milliseconds.toFixed(milliseconds >= 100 ? 1 : 3);

const ratio = (before: number, after: number): string => (after / before).toFixed(2);
