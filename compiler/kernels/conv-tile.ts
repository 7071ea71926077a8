// How a convolution is cut into tiles, and what follows from a cut: which input rows and columns a turn of the loop reads,
// and how many weights. `passes/conv-ways.ts` compares cuts by these numbers, `conv.ts` writes loops from them.

import type { Core } from '../ir/kernel.ts';
import { asPicture } from '../ir/tensor.ts';
import type { KernelSite } from './shader.ts';

/** How the work of a convolution is cut. */
export interface ConvTile {
  /** Output channels side by side. */
  readonly lanes: number;
  /** Output channels a lane works on. */
  readonly blocks: number;
  /** Output rows and columns of a workgroup. */
  readonly rows: number;
  readonly columns: number;
  /** What one turn of the loop takes in: whole kernels of so many input channels, or one row of the kernel. */
  readonly turn: { readonly channels: number } | 'kernel row';
  /** Subgroups of a workgroup that share the input channels among them: each takes in its part, and their sums are added up at the end. */
  readonly shares: number;
  /** How sums are stored: each from its register, or by a loop over a copy of them, which is far less code. */
  readonly stores: 'straight' | 'loop';
}

export type ConvCore = Extract<Core, { kind: 'conv' }>;

/** The numbers of a convolution that its tiles are chosen by and its loops run over. */
export interface ConvSize {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** Values between the start of a row in memory, at a multiple of four, and the first one a window reads. */
  readonly shift: number;
}

/** Sizes per group of channels; `shape` is that of the results, `x` how the input lies, where that is known. */
export function convSize({ kernel, shape, x }: Pick<KernelSite, 'kernel' | 'shape'> & Partial<KernelSite>, core: ConvCore): ConvSize {
  const [height, width, channels] = asPicture(shape);
  return {
    inChannels: asPicture(kernel.readsShape)[2] / core.groups,
    outChannels: channels / core.groups,
    groups: core.groups,
    height,
    width,
    kernel: core.window.kernel,
    stride: core.window.stride,
    dilation: core.window.dilation,
    shift: x === undefined ? 0 : (x.left - core.window.before[1]) % 4,
  };
}

/** An input row of one turn, counted from the tile's first, and the kernel rows and output rows it belongs to. */
export interface InputRow {
  readonly channel: number;
  readonly offset: number;
  readonly uses: readonly { readonly outputRow: number; readonly kernelRow: number }[];
}

export function inputRows(size: ConvSize, tile: ConvTile): readonly InputRow[] {
  const [kernelRows] = size.kernel;
  const channels = tile.turn === 'kernel row' ? 1 : tile.turn.channels;
  const rows = new Map<string, { channel: number; offset: number; uses: { outputRow: number; kernelRow: number }[] }>();
  for (let channel = 0; channel < channels; channel++) {
    for (let outputRow = 0; outputRow < tile.rows; outputRow++) {
      for (let kernelRow = 0; kernelRow < (tile.turn === 'kernel row' ? 1 : kernelRows); kernelRow++) {
        const offset = outputRow * size.stride[0] + kernelRow * size.dilation[0];
        const row = rows.get(`${channel}/${offset}`) ?? { channel, offset, uses: [] };
        row.uses.push({ outputRow, kernelRow });
        rows.set(`${channel}/${offset}`, row);
      }
    }
  }
  return [...rows.values()].sort((a, b) => a.channel - b.channel || a.offset - b.offset);
}

/** How many `inputRows` there are, and how many pairs of an output row and a kernel row they belong to. */
export function countInputRows({ kernel, stride, dilation }: ConvSize, { rows, turn }: ConvTile): { readonly rows: number; readonly uses: number } {
  const [channels, kernelRows] = turn === 'kernel row' ? [1, 1] : [turn.channels, kernel[0]];
  // Windows that follow each other without a gap share rows; ones with gaps may share some.
  const distinct = (): number => new Set(Array.from({ length: rows * kernelRows }, (_, i) => Math.floor(i / kernelRows) * stride[0] + (i % kernelRows) * dilation[0])).size;
  const of = dilation[0] === 1 || kernelRows === 1 ? (rows - 1) * Math.min(stride[0], kernelRows) + kernelRows : distinct();
  return { rows: channels * of, uses: channels * rows * kernelRows };
}

/** Input columns that a tile reads of each row. */
export const inputColumns = (size: ConvSize, tile: ConvTile): number =>
  (tile.columns - 1) * size.stride[1] + (size.kernel[1] - 1) * size.dilation[1] + 1;

/** Weights a lane reads in one turn for one of its channels, in groups of four. */
export function tapQuads(size: ConvSize, tile: ConvTile): number {
  const taps = tile.turn === 'kernel row' ? size.kernel[1] : size.kernel[0] * size.kernel[1] * tile.turn.channels;
  return Math.ceil(taps / 4);
}
