// Kernels whose results each come from a window of one channel, where loads are dear: a thread goes down a strip of the
// picture, a few columns wide. Each turn brings the input rows that the window moves on by, loaded four values at a time, makes
// a row of results, and moves what it keeps of the rows up. So neighbouring windows share their loads, in both directions.

import type { Layout } from '../../runtime/plan.ts';
import type { Window } from '../ir/op.ts';
import { lanesWithin, type Target } from '../ir/target.ts';
import { asPicture, type Shape } from '../ir/tensor.ts';
import type { Results } from './results.ts';
import type { KernelSite } from './shader.ts';
import { component, each, modulo, mostTurns, over, text, times, u, type Lines } from './wgsl.ts';

/** Columns of a strip: wider ones were no faster on lavapipe, and took twice as long to compile. */
export const stripColumns = 4;

export interface Strip {
  readonly workgroups: readonly [x: number, y: number];
  readonly workgroupSize: number;
  /** For the header. */
  readonly details: string;
  /** `value` of an array, or one of the variables where loops are written out. */
  readonly at: (array: string, index: string | number) => string;
  /** Declares such an array. */
  readonly array: (name: string, size: number) => Lines;
  /** The place of the strip, its loop, and the way out for threads past the end. */
  readonly write: (parts: StripParts) => Lines;
}

export interface StripParts {
  /** The input's channel, from the results' `channel`; numbers ahead of the loop. */
  readonly plane: string;
  readonly before: Lines;
  /** Where less is kept of an input row than what was loaded: how much, and how array `values` becomes `into`; `iy` is its row in the picture. */
  readonly keep?: { readonly count: number; readonly lines: (into: string, values: string, iy: string) => Lines };
  /** Makes the results of row `oy` from rows `row_0`, `row_1` and so on: `made` of a column. */
  readonly make: () => Lines;
  readonly made: (column: string | number) => string;
  readonly results: Results;
}

/** Whether strips suit a window: where loads are dear, there is more than a column, and a turn is not too long. */
export function suitsStrips({ supply, maxUnrolled }: Target, { kernel, stride, dilation }: Window, shape: Shape): boolean {
  const rows = (kernel[0] - 1) * dilation[0] + 1;
  const columns = stripColumns * stride[1] + (kernel[1] - 1) * dilation[1];
  return supply === 'broadcast' && asPicture(shape)[1] > 1 && kernel[0] * kernel[1] * stripColumns <= maxUnrolled && rows * columns <= 4 * mostTurns;
}

/** Whether a value lies so that it can be read four at a time. */
export const isAligned = ({ rowStride, planeStride, imageStride }: Layout): boolean => [rowStride, planeStride, imageStride].every((step) => step % 4 === 0);

export function strip({ target, x, shape }: KernelSite, { kernel, stride, dilation, before }: Window): Strip {
  const { unroll, limits } = target;
  const written = unroll === 'written';
  const [height, width, channels] = asPicture(shape);
  const columns = stripColumns;
  const across = Math.ceil(width / columns);
  const workgroupSize = lanesWithin(limits, 64);
  // As high as the picture, where that leaves the cores enough to do.
  const rows = Math.ceil(height / Math.min(height, Math.ceil((workgroupSize * 16) / (channels * across))));
  const down = Math.ceil(height / rows);
  const threads = channels * across * down;
  const span = (kernel[0] - 1) * dilation[0] + 1;
  /** Rows that a turn brings, and turns before the first window is complete. */
  const fresh = Math.min(stride[0], span);
  const ahead = Math.ceil(span / stride[0]) - 1;
  const shift = shiftOf(x, before);
  const columnsIn = shift + (columns - 1) * stride[1] + (kernel[1] - 1) * dilation[1] + 1;
  const loads = Math.ceil(columnsIn / 4);
  const rowQuads = x.rowStride / 4;

  const at = (array: string, index: string | number): string => (written ? `${array}_${index}` : `${array}[${text(index)}]`);
  const array = (name: string, size: number): Lines => (written ? Array.from({ length: size }, (_, index) => `var ${at(name, index)} = 0.0;`) : [`var ${name}: array<f32, ${size}>;`]);
  const eachRow = (count: number, lines: (row: number) => Lines): Lines => Array.from({ length: count }, (_, row) => lines(row)).flat();

  function write({ plane, before: first, keep, make, made, results }: StripParts): Lines {
    const kept = keep?.count ?? loads * 4;
    const start = (x.top - before[0] + span - fresh - ahead * stride[0]) * rowQuads + (x.left - before[1] - shift) / 4;
    const inside = (column: string | number, lines: Lines): Lines => (width % columns === 0 ? lines : [`if (${sum('ox', column)} < ${u(width)}) {`, lines, '}']);
    return [
      ...(threads % workgroupSize === 0 ? [] : [`if (id.x >= ${u(threads)}) { return; }`]),
      `let ox = ${text(times(modulo('id.x', across), columns))};`,
      `let top = ${text(times(modulo(over('id.x', across), down), rows))};`,
      `let channel = ${text(over('id.x', across * down))};`,
      'let n = id.z;',
      ...first,
      '',
      ...eachRow(span, (row) => array(`row_${row}`, kept)),
      `var at_x = ${sum(
        `n * ${u(x.imageStride / 4)}`,
        `${x.firstChannel > 0 ? `(${sum(plane, x.firstChannel)})` : plane.includes(' ') ? `(${plane})` : plane} * ${u(x.planeStride / 4)}`,
        down > 1 ? `top * ${u(stride[0] * rowQuads)}` : 0,
        across > 1 ? (stride[1] === 4 ? 'ox' : `ox * ${u(stride[1])} / 4u`) : 0,
        start,
      )};`,
      ...(ahead > 0 ? [`// ${ahead > 1 ? `The first ${ahead} turns have` : 'The first turn has'} no whole window yet.`] : []),
      `for (var turn = 0u; turn < min(${u(rows)}, ${u(height)} - top)${ahead > 0 ? ` + ${u(ahead)}` : ''}; turn++) {`,
      [
        `let oy = ${sum('top', 'turn', -ahead)};`,
        ...eachRow(span - fresh, (row) => each(unroll, 'i', kept, (i) => [`${at(`row_${row}`, i)} = ${at(`row_${row + fresh}`, i)};`])),
        ...eachRow(fresh, (row) => {
          const slot = span - fresh + row;
          const values = keep === undefined ? `row_${slot}` : `came_${row}`;
          return [
            ...(keep === undefined ? [] : array(values, loads * 4)),
            ...Array.from({ length: loads }, (_, load): Lines => [
              `let part_${row}_${load} = x[${sum('at_x', row * rowQuads + load)}];`,
              ...each(unroll, 'i', 4, (i) => [`${at(values, sumOf(i, load * 4))} = ${component(`part_${row}_${load}`, i)};`]),
            ]).flat(),
            ...(keep?.lines(`row_${slot}`, values, sum(String(times('oy', stride[0])), slot - before[0])) ?? []),
          ];
        }),
        `at_x += ${u(stride[0] * rowQuads)};`,
        ...(ahead > 0 ? [`if (turn >= ${u(ahead)}) {`, finish(), '}'] : finish()),
      ],
      '}',
    ];

    function finish(): Lines {
      return [
        ...make(),
        ...results.declare({ n: 'n', channel: 'channel', y: 'oy', x: across > 1 ? 'ox' : 0 }),
        ...each(unroll, 'i', columns, (i) => inside(i, results.store(made(i), 'channel', { dx: i }))),
      ];
    }
  }

  return {
    workgroups: [Math.ceil(threads / workgroupSize), 1],
    workgroupSize,
    details: `A thread goes down ${rows} ${rows > 1 ? 'rows' : 'row'} of ${columns} columns of a channel. Dispatch ${Math.ceil(threads / workgroupSize)} x 1 x batch.`,
    at,
    array,
    write,
  };
}

/** Values between a multiple of four and the first one that a strip's first window reads. */
const shiftOf = ({ left }: Layout, before: Window['before']): number => (((left - before[1]) % 4) + 4) % 4;

/** Where value `column` of a window's row lies in what was loaded for result `i` of the row. */
export function stripColumn({ x }: KernelSite, { stride, dilation, before }: Window, i: string | number, column: number): string | number {
  const shift = shiftOf(x, before);
  return sumOf(times(i, stride[1]), shift + column * dilation[1]);
}

/** The picture's column that value 0 of what is loaded is in; it wraps around to huge numbers left of the picture. */
export function stripFirstColumn({ x }: KernelSite, { stride, before }: Window): string {
  const shift = shiftOf(x, before);
  return sum(String(times('ox', stride[1])), -before[1] - shift);
}

/** `a + b - 2u`: as `plus`, and numbers may be negative. */
function sum(...terms: readonly (string | number)[]): string {
  const words = terms.filter((term): term is string => typeof term === 'string' && term !== '0u');
  const number = terms.reduce<number>((total, term) => (typeof term === 'number' ? total + term : total), 0);
  if (words.length === 0) return u(number);
  return words.join(' + ') + (number > 0 ? ` + ${u(number)}` : number < 0 ? ` - ${u(-number)}` : '');
}

/** `a + b`, worked out where both are known. */
const sumOf = (a: string | number, b: number): string | number => (typeof a === 'number' ? a + b : sum(a, b));
