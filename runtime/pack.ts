// Moves a tensor's values to where a kernel reads them, as `PackedWeight` says, batchnorms folded in. A buffer is made in
// blocks of at most a million values: the outer loops choose a block, the part of the tensor that it needs is read, and an
// index table of the inner loops, the same for nearly every block, gathers it. So the tensor never lies in memory as a whole,
// unless its order jumps about so much that reading it once is cheaper.

import { InputError } from './errors.ts';
import { HALF_MAX, toHalves } from './half.ts';
import type { PackedWeight, PackLoop, WeightSource } from './plan.ts';
import { transformKernels, type Reader } from './transform-kernels.ts';
import { indexOf, readFinite, type Weights } from './weights.ts';

const BLOCK_ELEMENTS = 1 << 20;

/** How much more than the whole tensor may be read by reading block by block. */
const MAX_REREAD = 1.25;

/** Tables differ only where a block reaches past the tensor's edge. */
const MAX_TABLES = 8;

/** What the buffer of `weight` holds, in bytes. */
export function packedBytes(weight: PackedWeight): number {
  return packedLength(weight) * (weight.type === 'f16' ? 2 : 4);
}

/** How many values the buffer of `weight` holds. */
export function packedLength({ order }: PackedWeight): number {
  return order.reduce((product, { size }) => product * size, 1);
}

/** Arrays to pack in, kept from weight to weight: arrays of megabytes come back to the system late, and make others late too. */
export class PackRoom {
  #read: Float32Array<ArrayBuffer>;
  #packed: Float32Array<ArrayBuffer>;
  #halves = new Uint16Array(0);

  /** For weights of no more than `length` values. */
  constructor(length = 0) {
    this.#read = new Float32Array(Math.min(length, BLOCK_ELEMENTS));
    this.#packed = new Float32Array(this.#read.length);
  }

  /** What is read of a tensor. */
  read(length: number): Float32Array<ArrayBuffer> {
    if (this.#read.length < length) this.#read = new Float32Array(length);
    return this.#read.subarray(0, length);
  }

  packed(length: number): Float32Array<ArrayBuffer> {
    if (this.#packed.length < length) this.#packed = new Float32Array(length);
    return this.#packed.subarray(0, length);
  }

  halves(length: number): Uint16Array<ArrayBuffer> {
    if (this.#halves.length < length) this.#halves = new Uint16Array(length);
    return this.#halves.subarray(0, length);
  }
}

/** Gives the values of `weight`, as they are stored, in order to `write`, block by block; a block is reused, so `write` must copy it. */
export async function packWeight(
  weight: PackedWeight, weights: Weights, write: (values: Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>, first: number) => void | Promise<void>,
  room = new PackRoom(),
): Promise<void> {
  const { source } = weight;
  const order = weight.order.length > 0 ? weight.order : [{ axis: 0, size: 1, step: 1 }];
  const blocks = split(order, source.shape);
  const reader = await openReader(source, weights, room);
  const touched = blocks.reduce((sum, { low, high }) => sum + Math.max(0, high - low), 0);
  const whole = touched > MAX_REREAD * elements(source.shape) ? await reader.read(0, elements(source.shape)) : undefined;

  const tables = new Map<string, Table>();
  let first = 0;
  for (const block of blocks) {
    let values: Float32Array<ArrayBuffer>;
    if (block.low >= block.high) {
      values = room.packed(block.length).fill(0);
    } else {
      const table = tableOf(block, source.shape, tables);
      const from = whole ?? await reader.read(block.low, block.high - block.low);
      const base = block.base - (whole === undefined ? block.low : 0);
      values = table.contiguous ? from.subarray(base, base + block.length) : gather(table, from, base, room.packed(block.length));
    }
    if (weight.type === 'f16') {
      const halves = room.halves(block.length);
      const beyond = toHalves(values, halves);
      if (beyond !== undefined) throw tooLarge(weight, weights, block, beyond, values[beyond] ?? NaN);
      await write(halves, first);
    } else {
      await write(values, first);
    }
    first += block.length;
  }
}

/** The value at `index` of a block cannot be said in 16 bits. */
function tooLarge({ source }: PackedWeight, { name, shapes }: Weights, block: Block, index: number, value: number): InputError {
  const { offsets, run } = tableOf(block, source.shape, new Map());
  const offset = (offsets[Math.floor(index / run)] ?? 0) + index % run;
  const what = source.tensor === undefined ? 'a weight' : `${source.tensor}[${indexOf(block.base + offset, shapes.get(source.tensor) ?? []).join(',')}]`;
  const scaled = source.batchnorms.length === 0 ? '' : `, scaled by ${source.batchnorms.map(({ layer }) => layer).join(' and ')},`;
  return new InputError(`${what} in ${name}${scaled} is ${value}, and f16 ends at ${HALF_MAX}: compile the model with precision f32`);
}

/** A run of the packed values: the loops that make it, and where they stand. */
interface Block {
  readonly loops: readonly PackLoop[];
  readonly length: number;
  /** Per axis, the coordinate of the first value, the loops' starts included. It may lie outside the tensor. */
  readonly start: readonly number[];
  /** The flat index that `start` would have. */
  readonly base: number;
  /** The flat indices it reads: from `low` to before `high`; none where they are equal. */
  readonly low: number;
  readonly high: number;
}

function split(order: readonly PackLoop[], shape: readonly number[]): readonly Block[] {
  // The first loop whose turns are small enough is cut into runs; the loops within it stay whole.
  let cut = order.length - 1;
  let turn = 1;
  while (cut > 0) {
    const size = order[cut]?.size ?? 1;
    if (turn * size > BLOCK_ELEMENTS) break;
    turn *= size;
    cut--;
  }
  const [outer, cutLoop, inner] = [order.slice(0, cut), order[cut], order.slice(cut + 1)];
  if (cutLoop === undefined) return [];
  const run = Math.max(1, Math.floor(BLOCK_ELEMENTS / turn));
  const starts = shape.map((_, axis) => order.reduce((sum, loop) => sum + (loop.axis === axis ? loop.start ?? 0 : 0), 0));

  const blocks: Block[] = [];
  const count = outer.reduce((product, { size }) => product * size, 1);
  for (let index = 0; index < count; index++) {
    const start = [...starts];
    let rest = index;
    for (const { axis, size, step } of outer.toReversed()) {
      start[axis] = (start[axis] ?? 0) + (rest % size) * step;
      rest = Math.floor(rest / size);
    }
    for (let done = 0; done < cutLoop.size; done += run) {
      const size = Math.min(run, cutLoop.size - done);
      const at = start.map((value, axis) => axis === cutLoop.axis ? value + done * cutLoop.step : value);
      blocks.push(blockOf([{ ...cutLoop, size }, ...inner], at, shape));
    }
  }
  return blocks;
}

function blockOf(loops: readonly PackLoop[], start: readonly number[], shape: readonly number[]): Block {
  const strides = stridesOf(shape);
  let [base, low, high, empty] = [0, 0, 1, false];
  for (const [axis, extent] of shape.entries()) {
    const [least, most] = reach(loops, axis, start[axis] ?? 0);
    const stride = strides[axis] ?? 1;
    base += (start[axis] ?? 0) * stride;
    low += Math.max(0, least) * stride;
    high += Math.min(extent - 1, most) * stride;
    empty ||= most < 0 || least >= extent;
  }
  const length = loops.reduce((product, { size }) => product * size, 1);
  return { loops, length, start, base, low, high: empty ? low : high };
}

/** The smallest and largest coordinate along `axis`. */
function reach(loops: readonly PackLoop[], axis: number, start: number): readonly [number, number] {
  let [least, most] = [start, start];
  for (const loop of loops) {
    if (loop.axis !== axis) continue;
    const span = (loop.size - 1) * loop.step;
    if (span < 0) least += span;
    else most += span;
  }
  return [least, most];
}

/** Where the values of a block are read, relative to the block's base: runs of neighbours, each from its offset on. */
interface Table {
  readonly offsets: Int32Array;
  readonly run: number;
  /** Whether the block is a single run that lies within the tensor: nothing has to be moved. */
  readonly contiguous: boolean;
}

/** The offset of a run that lies outside the tensor. */
const PADDING = -0x8000_0000;

function tableOf(block: Block, shape: readonly number[], known: Map<string, Table>): Table {
  // Of the block's place only the axes matter along which it leaves the tensor.
  const crossed = shape.flatMap((extent, axis) => {
    const [least, most] = reach(block.loops, axis, block.start[axis] ?? 0);
    return least < 0 || most >= extent ? [axis] : [];
  });
  const key = [block.length, ...crossed.map((axis) => `${axis}:${block.start[axis] ?? 0}`)].join(' ');
  let table = known.get(key);
  if (table === undefined) {
    table = makeTable(block, shape, crossed);
    if (known.size >= MAX_TABLES) known.clear();
    known.set(key, table);
  }
  return table;
}

function makeTable(block: Block, shape: readonly number[], crossed: readonly number[]): Table {
  const strides = stridesOf(shape);
  const loops = [...block.loops];
  let run = 1;
  for (let inner = loops.at(-1); inner !== undefined; inner = loops.at(-1)) {
    const { axis, size, step } = inner;
    if (size > 1 && (crossed.includes(axis) || step * (strides[axis] ?? 1) !== run)) break;
    run *= size;
    loops.pop();
  }
  const spread = (start: number, stepOf: (loop: PackLoop) => number): Int32Array => {
    const into = new Int32Array(block.length / run);
    into[0] = start;
    let filled = 1;
    for (const loop of loops.toReversed()) {
      const step = stepOf(loop);
      for (let turn = 1; turn < loop.size; turn++) {
        for (let i = 0; i < filled; i++) into[turn * filled + i] = (into[i] ?? 0) + turn * step;
      }
      filled *= loop.size;
    }
    return into;
  };
  const offsets = spread(0, ({ axis, step }) => step * (strides[axis] ?? 1));
  for (const axis of crossed) {
    const coordinates = spread(block.start[axis] ?? 0, (loop) => loop.axis === axis ? loop.step : 0);
    const extent = shape[axis] ?? 1;
    // By index: an iterator takes ten times as long.
    for (let i = 0; i < coordinates.length; i++) {
      const coordinate = coordinates[i] ?? 0;
      if (coordinate < 0 || coordinate >= extent) offsets[i] = PADDING;
    }
  }
  return { offsets, run, contiguous: offsets.length === 1 && offsets[0] !== PADDING };
}

function gather({ offsets, run }: Table, from: Float32Array, base: number, into: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  for (let i = 0, to = 0; i < offsets.length; i++) {
    const offset = offsets[i] ?? PADDING;
    const end = to + run;
    if (offset === PADDING) while (to < end) into[to++] = 0;
    else for (let at = base + offset; to < end;) into[to++] = from[at++] ?? 0;
  }
  return into;
}

async function openReader(source: WeightSource, weights: Weights, room: PackRoom): Promise<Reader> {
  const reader = await openTensor(source, weights, room);
  return source.winograd === undefined ? reader : transformKernels(reader, source.winograd);
}

async function openTensor(source: WeightSource, weights: Weights, room: PackRoom): Promise<Reader> {
  const { role, tensor } = source;
  const fold = await foldBatchnorms(source, weights);
  // How many values of the tensor belong to one output channel.
  const perChannel = fold === undefined ? 1 : tensorLength(source) / fold.scale.length;
  return {
    async read(first, length) {
      const values = room.read(length);
      if (tensor === undefined) values.fill(role === 'weight' ? 1 : 0);
      else await readFinite(weights, tensor, first, values);
      if (fold !== undefined) applyFold(values, first, perChannel, fold, role === 'bias');
      return values;
    },
  };
}

/** What a row of batchnorms makes of each channel: `x * scale + shift`. */
interface Fold {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** y = (x - mean) / sqrt(variance + epsilon) * weight + bias, as PyTorch's BatchNorm2d in evaluation, one after the other. */
async function foldBatchnorms(source: WeightSource, weights: Weights): Promise<Fold | undefined> {
  let fold: Fold | undefined;
  for (const { layer, epsilon } of source.batchnorms) {
    const load = async (name: string) => {
      const values = new Float32Array(elements(weights.shapes.get(`${layer}.${name}`) ?? []));
      await readFinite(weights, `${layer}.${name}`, 0, values);
      return values;
    };
    const [weight, bias, mean, variance] = [await load('weight'), await load('bias'), await load('running_mean'), await load('running_var')];
    const { scale, shift } = fold ??= { scale: new Float64Array(weight.length).fill(1), shift: new Float64Array(weight.length) };
    for (let o = 0; o < scale.length; o++) {
      const spread = (variance[o] ?? 0) + epsilon;
      if (!(spread > 0)) throw new InputError(`${layer}.running_var[${o}] in ${weights.name} is ${variance[o] ?? NaN}: no variance is negative`);
      const factor = (weight[o] ?? 0) / Math.sqrt(spread);
      scale[o] = (scale[o] ?? 1) * factor;
      shift[o] = ((shift[o] ?? 0) - (mean[o] ?? 0)) * factor + (bias[o] ?? 0);
    }
  }
  return fold;
}

function applyFold(values: Float32Array, first: number, perChannel: number, { scale, shift }: Fold, shifted: boolean): void {
  for (let i = 0; i < values.length;) {
    const channel = Math.floor((first + i) / perChannel);
    const end = Math.min(values.length, (channel + 1) * perChannel - first);
    const [factor, add] = [scale[channel] ?? 1, shifted ? shift[channel] ?? 0 : 0];
    for (; i < end; i++) values[i] = (values[i] ?? 0) * factor + add;
  }
}

/** How many values the tensor has in the file. */
function tensorLength({ shape, winograd }: WeightSource): number {
  if (winograd === undefined) return elements(shape);
  const { kernel, stride, filter } = winograd;
  return (elements(shape) / (stride * filter.length) ** 2) * kernel ** 2;
}

function stridesOf(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const extent of shape.toReversed()) {
    strides.unshift(stride);
    stride *= extent;
  }
  return strides;
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
