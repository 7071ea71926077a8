// The arithmetic of windows that slide over a picture, shared by convolution and the pools: how many there are, where
// the first one starts, and what is wrong when they do not fit. One axis at a time; rows first, then columns.
//
// Sources: TensorFlow's `SAME`, PyTorch's `ceil_mode` (`pooling_output_shape`), Caffe's `pooling_layer.cpp`.

import type { Site, Window } from '../ir/op.ts';
import { oneOf } from '../spec/attr.ts';
import type { Padding, Pair } from '../spec/attr.ts';
import { catalog } from '../source/catalog.ts';

export type Rounding = 'floor' | 'ceil' | 'caffe' | 'exact';

/** The attribute of conv and the pools; `caffe` means what each of them means in Caffe. */
export const rounding = oneOf(
  ['floor', 'ceil', 'caffe', 'exact'],
  'How a window count that is not whole is rounded: `floor` drops the rest, `ceil` adds a window that must start inside the input ' +
    'or its leading padding (PyTorch), `caffe` is floor for a convolution and ceil for a pool, `exact` makes a rest an error.',
  'floor',
);

/** What an operator's attributes say of its windows. */
export interface Sliding {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly pad: Padding;
  readonly rounding: Rounding;
  /** A pool's windows must all see some input, and `caffe` rounds them up. */
  readonly pool: boolean;
}

/** The windows along one axis of one input. */
export interface Axis {
  readonly noun: 'row' | 'column';
  readonly size: number;
  readonly kernel: number;
  readonly dilation: number;
  readonly stride: number;
  readonly before: number;
  readonly after: number;
  /** Cells from a window's first to its last. */
  readonly span: number;
  readonly count: number;
}

/** The windows over a picture. A count below 1 says that none fits. */
export function axes([height = 0, width = 0]: readonly number[], sliding: Sliding): readonly [rows: Axis, columns: Axis] {
  return [axis('row', height, 0, sliding), axis('column', width, 1, sliding)];
}

function axis(noun: Axis['noun'], size: number, index: 0 | 1, sliding: Sliding): Axis {
  const { pad } = sliding;
  const kernel = sliding.kernel[index];
  const stride = sliding.stride[index];
  const dilation = sliding.dilation[index];
  const span = dilation * (kernel - 1) + 1;
  if (pad === 'same') {
    // As many windows as strides begin in the input; of an odd padding the larger half comes after.
    const count = Math.ceil(size / stride);
    const padding = Math.max(0, (count - 1) * stride + span - size);
    const before = Math.floor(padding / 2);
    return { noun, size, kernel, dilation, stride, before, after: padding - before, span, count };
  }
  const [before, after] = index === 0 ? [pad[0], pad[2]] : [pad[3], pad[1]];
  const count = countWindows({ size, stride, span, before, after }, sliding);
  return { noun, size, kernel, dilation, stride, before, after, span, count };
}

function countWindows({ size, stride, span, before, after }: Counted, { rounding, pool, pad }: Sliding): number {
  const steps = (size + before + after - span) / stride;
  if (rounding === 'floor' || rounding === 'exact' || (rounding === 'caffe' && !pool)) return Math.floor(steps) + 1;
  const count = Math.ceil(steps) + 1;
  const startsOutside = (count - 1) * stride >= size + before;
  const padded = pad !== 'same' && pad.some((side) => side > 0);
  return startsOutside && (rounding === 'ceil' || padded) ? count - 1 : count;
}

/** Height and width of what comes out; reports and returns undefined where the windows do not fit. */
export function slide(site: Site, input: readonly number[], sliding: Sliding): Pair | undefined {
  const both = axes(input, sliding);
  // What is wrong with the rows is as a rule wrong with the columns too, and is said once.
  if (!both.every((axis) => fits(site, axis, sliding))) return undefined;
  reportUnread(site, both);
  return [both[0].count, both[1].count];
}

/** The window of a lowering, for a site that `slide` found right. */
export function windowOf(input: readonly number[], sliding: Sliding): Window {
  const [rows, columns] = axes(input, sliding);
  const { kernel, stride, dilation } = sliding;
  return { kernel, stride, dilation, before: [rows.before, columns.before], after: [rows.after, columns.after] };
}

/** Whether the windows along one axis are as the operator needs them; says so where they are not. */
function fits(site: Site, axis: Axis, { rounding, pool, pad }: Sliding): boolean {
  const { noun, size, kernel, span, stride, before, after, count } = axis;
  const layer = site.name;
  const most = Math.floor(kernel / 2);
  if (pool && pad !== 'same' && Math.max(before, after) > most) {
    site.report(catalog.padOverHalf, site.at('pad'), { layer, pad: Math.max(before, after), axis: noun, kernel, most });
    return false;
  }
  const room = size + before + after;
  if (count < 1) {
    const roomText = before + after > 0 ? `${room} padded ${plural(room, noun)}` : `the ${plural(room, noun, true)} of its input`;
    site.report(catalog.windowTooLarge, site.at('kernel'), { layer, span, axis: noun, room: roomText }, { help: toFit(axis, pool) });
    return false;
  }
  const rest = (room - span) % stride;
  if (rounding === 'exact' && rest !== 0) {
    const holes = { layer, arithmetic: formula(axis), rest, axis: rest === 1 ? noun : `${noun}s`, are: rest === 1 ? 'is' : 'are' };
    site.report(catalog.notWhole, site.at('rounding'), holes, { help: toComeOutEven(axis, rest, pool) });
    return false;
  }
  const start = (count - 1) * stride - before;
  if (pool && start >= size) {
    const help = `use \`rounding: ceil\` or \`floor\`, or a stride of at most ${kernel}`;
    site.report(catalog.windowWithoutInput, site.at('rounding'), { layer, axis: noun, start, size }, { help });
    return false;
  }
  return true;
}

/** The nearest kernel and padding with which one window fits. */
function toFit({ noun, size, kernel, dilation, span, before, after }: Axis, pool: boolean): string {
  const largest = Math.floor((size + before + after - 1) / dilation) + 1;
  const pad = Math.ceil((span - size) / 2);
  const ways = [
    ...(largest >= 1 ? [`a kernel of at most ${largest} ${plural(largest, noun)}`] : []),
    ...(pad <= Math.min(size, pool ? Math.floor(kernel / 2) : span - 1) ? [`\`pad: ${pad}\``] : []),
  ];
  return ways.length === 0 ? 'give it a larger picture' : `use ${ways.join(' or ')}`;
}

/** The nearest paddings and sizes that leave no rest. */
function toComeOutEven(axis: Axis, rest: number, pool: boolean): string {
  const { noun, size, kernel, stride, span, before, after } = axis;
  const highest = pool ? Math.floor(kernel / 2) : span - 1;
  const even = (pad: number): boolean => size + 2 * pad >= span && (size + 2 * pad - span) % stride === 0;
  const nearest = Array.from({ length: Math.min(highest, 64) + 1 }, (_, pad) => pad)
    .filter((pad) => even(pad))
    .sort((a, b) => Math.abs(2 * a - before - after) - Math.abs(2 * b - before - after))[0];
  const sizes = `an input of ${size - rest} or ${size + stride - rest} ${noun}s`;
  const down = Math.floor((size + before + after - span) / stride) + 1;
  return [
    `${nearest === undefined ? '' : `use \`pad: ${nearest}\`, or `}give it ${sizes};`,
    `\`rounding: floor\` would make ${down} of it, \`ceil\` ${down + 1}`,
  ].join(' ');
}

/** How a count came about: `(224 + 2*2 - 11) / 4 + 1 = 55.25, rounded down to 55`. */
export function arithmetic(axis: Counted & { readonly count: number }): string {
  const { size, span, stride, before, after, count } = axis;
  const exact = (size + before + after - span) / stride + 1;
  if (exact === count) return formula(axis);
  if (Number.isInteger(exact)) return `${formula(axis)}, of which ${count} start inside`;
  return `${formula(axis)}, rounded ${count < exact ? 'down' : 'up'} to ${count}`;
}

/** The same in short, as a hint: `(224 + 2*2 - 11)/4 + 1 = 55.25 -> 55`. */
export function tersely(axis: Counted & { readonly count: number }): string {
  const { size, span, stride, before, after, count } = axis;
  const exact = (size + before + after - span) / stride + 1;
  return `${formula(axis).replace(' / ', '/')}${exact === count ? '' : ` -> ${count}`}`;
}

type Counted = Pick<Axis, 'size' | 'span' | 'stride' | 'before' | 'after'>;

function formula({ size, span, stride, before, after }: Counted): string {
  const padding = before === after ? (before === 0 ? '' : ` + 2*${before}`) : ` + ${before} + ${after}`;
  const inside = `${size}${padding} - ${span}`;
  const exact = (size + before + after - span) / stride + 1;
  return `${stride === 1 ? inside : `(${inside}) / ${stride}`} + 1 = ${Math.round(exact * 100) / 100}`;
}

function plural(count: number, noun: string, withCount = false): string {
  const word = count === 1 ? noun : `${noun}s`;
  return withCount ? `${count} ${word}` : word;
}

/** Warns of real pixels that no window reads. Padding that no window reads is nobody's loss. */
function reportUnread(site: Site, both: readonly [Axis, Axis]): void {
  const found = both.map((axis) => ({ axis, ...unread(axis) }));
  if (found.every(({ axis, tail, gaps }) => tail + gaps === 0 && axis.stride <= axis.span)) return;
  const which = found.flatMap(({ axis, tail, gaps }) => {
    if (gaps > 0) return [`${tail + gaps} of the ${axis.size} ${axis.noun}s`];
    return tail === 0 ? [] : [tail === 1 ? `the last ${axis.noun}` : `the last ${tail} ${axis.noun}s`];
  });
  const from = site.from[0] ?? 'its input';
  const wide = both.find(({ stride, span }) => stride > span);
  if (wide) {
    const { stride, span, kernel, noun } = wide;
    const loss = which.length === 0 ? `wider than the windows` : `no window reads ${which.join(' and ')} of ${from}`;
    site.report(catalog.strideOverWindow, site.at('stride'), { layer: site.name, stride, span: plural(span, noun, true), loss }, { help: `a stride of at most ${span} reads every ${noun}; so does a kernel of ${kernel + stride - span}` });
    return;
  }
  const first = found.find(({ tail, gaps }) => tail + gaps > 0);
  if (first === undefined) return;
  const { axis, gaps } = first;
  const holes = { layer: site.name, which: which.join(' and '), from, arithmetic: arithmetic(axis) };
  site.report(catalog.unreadPixels, site.at(gaps > 0 ? 'dilation' : 'kernel'), holes, { help: gaps > 0 ? undefined : toReadAll(axis) });
}

function toReadAll({ noun, size, span, stride, before, after }: Axis): string {
  const rest = (size + before + after - span) % stride;
  return `\`rounding: ceil\` reads them, and so does an input of ${size + stride - rest} ${noun}s`;
}

/** Counting the cells of more window taps than this would take longer than the warning is worth. */
const mostTaps = 1_000_000;

/** How many cells of the input no window reads: behind the last window, and between or within windows. */
function unread({ size, kernel, dilation, span, stride, before, count }: Axis): { readonly tail: number; readonly gaps: number } {
  const end = Math.min(size, (count - 1) * stride - before + span);
  const tail = size - end;
  if ((stride <= kernel && dilation === 1) || count * kernel > mostTaps) return { tail, gaps: 0 };
  const read = new Set<number>();
  for (let window = 0; window < count; window++) {
    for (let tap = 0; tap < kernel; tap++) {
      const cell = window * stride - before + tap * dilation;
      if (cell >= 0 && cell < end) read.add(cell);
    }
  }
  return { tail, gaps: end - read.size };
}
