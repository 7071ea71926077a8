// Winograd's convolution: tiles of the picture and of the kernels are transformed so that a tile of `outputs x outputs`
// results costs one multiply-add for each of its transformed values, channel by channel, instead of one for each tap of
// each result: 2.25 times fewer for a 3x3 kernel in tiles of 2x2, 4 times in tiles of 4x4. Three kernels: tiles in, a
// matrix product for each of a tile's places, tiles out. Kernels are transformed when they are loaded. (Lavin and Gray 2015)
// A convolution with a stride is a sum of some without: every `stride`-th row and column of a channel is a channel, a phase.

import type { PackedWeight, PackLoop } from '../../runtime/plan.ts';
import { lanesWithin } from '../ir/target.ts';
import { asPicture, elements } from '../ir/tensor.ts';
import { columnProduct, type Within } from './column-product.ts';
import type { ConvCore, ConvSize } from './conv-tile.ts';
import { header, millions } from './header.ts';
import { linearMap } from './linear-map.ts';
import { Results } from './results.ts';
import { describe, ShaderWriter, weightSource, type KernelSite, type Shader, type Stage, type Work } from './shader.ts';
import { each, plus, text, times, u, type Lines } from './wgsl.ts';
import { winogradMatrices, type Matrix } from './winograd-matrices.ts';

/** How the work is cut. */
export interface WinogradTile {
  /** Rows and columns of results that a tile makes. */
  readonly outputs: number;
  /** Of the product: output channels side by side, output channels a lane works on, and tiles of a workgroup. */
  readonly lanes: number;
  readonly blocks: number;
  readonly tiles: number;
  /** What one turn of its loop takes in of each tile's channels, in groups of four; absent: one. */
  readonly quads?: number;
  /** Subgroups of a workgroup that share the channels; absent: there is one. */
  readonly shares?: number;
}

/** What follows from a convolution's size and its tiles. */
export interface WinogradSize {
  /** Rows and columns of a phase of the kernel. */
  readonly taps: number;
  /** Rows and columns of inputs that a tile reads of each phase. */
  readonly inputs: number;
  readonly tilesDown: number;
  readonly tilesAcross: number;
  readonly tiles: number;
  /** Places of a transformed tile. */
  readonly places: number;
  /** Channels that take the place of one. */
  readonly phases: number;
}

export function winogradSize({ height, width, kernel, stride }: Pick<ConvSize, 'height' | 'width' | 'kernel' | 'stride'>, outputs: number): WinogradSize {
  const taps = Math.ceil(kernel[0] / stride[0]);
  const inputs = outputs + taps - 1;
  const [tilesDown, tilesAcross] = [Math.ceil(height / outputs), Math.ceil(width / outputs)];
  return { taps, inputs, tilesDown, tilesAcross, tiles: tilesDown * tilesAcross, places: inputs * inputs, phases: stride[0] ** 2 };
}

/** What the kernels hand on to each other. */
const transformedInput = 'transformed_input';
const transformedOutput = 'transformed_output';

export interface StagedShaders {
  readonly stages: readonly Stage[];
  /** Buffers between the stages: values of one image each. */
  readonly scratch: ReadonlyMap<string, number>;
}

export function winograd(site: KernelSite, core: ConvCore, size: ConvSize, tile: WinogradTile): StagedShaders {
  const { taps, inputs, tilesAcross, tiles, places, phases } = winogradSize(size, tile.outputs);
  const { groups, outChannels } = size;
  const stride = size.stride[0];
  const inChannels = size.inChannels * phases;
  const allIn = groups * inChannels;
  const allOut = groups * outChannels;
  const { outputs } = tile;
  const matrices = winogradMatrices(outputs, taps);
  const { supply, limits } = site.target;
  // A GPU has registers for all of a tile, and compiles many loads quickly.
  const unroll = supply === 'uniform' ? 'written' : site.target.unroll;
  /** Of the workgroups that transform tiles. */
  const transformThreads = lanesWithin(limits, 64);
  const written = unroll === 'written';
  const tileShape = `${outputs}x${outputs} results of ${inputs}x${inputs} values`;

  const [read, between, then, stored] = [elements(site.kernel.readsShape), places * tiles * allIn, places * tiles * allOut, elements(site.shape)];
  const work = (flops: number, from: number, to: number): Work => ({ flops, readBytes: 4 * from, resultBytes: 4 * to });
  return {
    stages: [
      { name: 'tiles in', work: work(2 * inputs * between, read, between), shaders: [tilesIn()] },
      { name: 'products', work: work(2 * between * outChannels, between, then), shaders: [products()] },
      { name: 'tiles out', work: work(((inputs + outputs) * outputs * then) / inputs, then, stored), shaders: [tilesOut()] },
    ],
    scratch: new Map([
      [transformedInput, between],
      [transformedOutput, then],
    ]),
  };

  /** One thread per channel, phase and tile. */
  function tilesIn(): Shader {
    const { x, kernel } = site;
    const threads = allIn * tiles;
    const writer = new ShaderWriter(site, [{ firstChannel: 0, workgroups: [Math.ceil(threads / transformThreads), 1] }]);
    writer.read('x', kernel.reads, 'f32', describe(x));
    const v = writer.scratch('transformed', transformedInput, 'write', 'f32', `[n][${places}][${tiles}][${allIn}]`);
    const step = tiles * allIn;
    const top = x.top - core.window.before[0];
    const left = x.left - core.window.before[1];
    const body: Lines = [
      ...thread(threads, allIn, phases > 1 ? 'phase' : 'channel'),
      ...(phases > 1 ? [`let channel = phase / ${u(phases)};`, `let down = phase % ${u(phases)} / ${u(stride)};`, `let across = phase % ${u(stride)};`] : []),
      `var at_x = ${plus(
        `n * ${u(x.imageStride)}`,
        `${x.firstChannel > 0 ? `(${plus('channel', x.firstChannel)})` : 'channel'} * ${u(x.planeStride)}`,
        ...corner(outputs * stride * x.rowStride, outputs * stride),
        ...(phases > 1 ? [`down * ${u(x.rowStride)}`, 'across'] : []),
        top * x.rowStride + left,
      )};`,
      `var at_v = n * ${u(places * step)} + i;`,
      '',
      ...readRows(matrices.input, 'x', 'at_x', stride * x.rowStride, stride),
      '',
      ...columnsOf(matrices.input),
      '',
      // The loop moves the address on row by row; written out, a row's place is in it.
      ...writeRows(inputs, `min(${u(inputs)}, arrayLength(&${v}))`, (held, row) => [
        ...each(unroll, 'j', inputs, (column) => [`${v}[${plus('at_v', times(column, step), typeof row === 'number' ? row * inputs * step : 0)}] = ${valueAt(held, column)};`]),
        ...(typeof row === 'string' ? [`at_v += ${u(inputs * step)};`] : []),
      ]),
    ];
    return writer.finish({
      header: header(site, `Bᵀ x B, the first of three kernels of ${core.weight} ∗ x`, `Transforms tiles of ${tileShape}, a thread for each of ${allIn} ${phases > 1 ? 'phases of channels' : 'channels'} and ${tiles} tiles. Dispatch ${Math.ceil(threads / transformThreads)} x 1 x batch.`, `transformed[${places}x${tiles}x${allIn}]`),
      stage: 'tiles in',
      workgroupSize: transformThreads,
      builtins: ['@builtin(global_invocation_id) id: vec3u'],
      body,
    });
  }

  /** One thread per output channel and tile. */
  function tilesOut(): Shader {
    const threads = allOut * tiles;
    const writer = new ShaderWriter(site, [{ firstChannel: 0, workgroups: [Math.ceil(threads / transformThreads), 1] }]);
    const m = writer.scratch('transformed', transformedOutput, 'read', 'f32', `[n][${tiles}][${places}][${allOut}]`);
    const hasBias = writer.bias(core, allOut);
    const results = new Results(writer);
    const [height, width] = asPicture(site.shape);
    const finished = (value: string): string => (hasBias ? `${value} + bias_of_channel` : value);
    const within = (column: string | number, lines: Lines): Lines =>
      width % outputs === 0 ? lines : [`if (${plus('ox', column)} < ${u(width)}) {`, lines, '}'];
    const body: Lines = [
      ...thread(threads, allOut),
      `let oy = ${tilesAcross > 1 ? `(tile / ${u(tilesAcross)})` : 'tile'} * ${u(outputs)};`,
      `let ox = ${tilesAcross > 1 ? `(tile % ${u(tilesAcross)}) * ${u(outputs)}` : '0u'};`,
      `var at_m = n * ${u(tiles * places * allOut)} + tile * ${u(places * allOut)} + channel;`,
      ...(hasBias ? ['let bias_of_channel = bias[channel];'] : []),
      '',
      ...readRows(matrices.output, m, 'at_m', inputs * allOut, allOut),
      '',
      ...columnsOf(matrices.output),
      '',
      ...results.declare({ n: 'n', channel: 'channel', y: 'oy', x: 'ox' }),
      ...writeRows(outputs, `min(${u(outputs)}, ${u(height)} - oy)`, (held, row) => {
        const stores = each(unroll, 'j', outputs, (column) => within(column, results.store(finished(valueAt(held, column)), 'channel', { dy: row, dx: column })));
        return typeof row === 'string' || row === 0 || height % outputs === 0 ? stores : [`if (${plus('oy', row)} < ${u(height)}) {`, stores, '}'];
      }),
    ];
    return writer.finish({
      header: header(site, `Aᵀ transformed A${hasBias ? ` + ${core.bias ?? 'bias'}` : ''}`, `The last of three kernels: transforms tiles of ${tileShape} back, a thread for each of ${allOut} channels and ${tiles} tiles. Dispatch ${Math.ceil(threads / transformThreads)} x 1 x batch.`),
      stage: 'tiles out',
      workgroupSize: transformThreads,
      builtins: ['@builtin(global_invocation_id) id: vec3u'],
      body,
    });
  }

  /** Which channel and tile a thread has. */
  function thread(count: number, channels: number, name = 'channel'): Lines {
    return [
      'let i = id.x;',
      ...(count % transformThreads === 0 ? [] : [`if (i >= ${u(count)}) { return; }`]),
      `let ${name} = i % ${u(channels)};`,
      `let tile = i / ${u(channels)};`,
      'let n = id.z;',
    ];
  }

  /** Terms of the address of a tile's first value. */
  function corner(down: number, across: number): readonly (string | number)[] {
    return tilesAcross > 1 ? [`(tile / ${u(tilesAcross)}) * ${u(down)}`, `(tile % ${u(tilesAcross)}) * ${u(across)}`] : [`tile * ${u(down)}`];
  }

  function valueAt(row: number, column: string | number): string {
    return written ? `d_${row}_${column}` : `d_${row}[${text(column)}]`;
  }

  /**
   * Reads a tile's rows and transforms each: `d_0`, `d_1`, and so on. Each load in the text costs a software GPU milliseconds
   * to compile, so a driver that unrolls gets one row of them: rows come in at the bottom and move up.
   */
  function readRows(matrix: Matrix, buffer: string, at: string, rowStep: number, columnStep: number): Lines {
    if (written) {
      const rows = Array.from({ length: inputs }, (_, row) => Array.from({ length: inputs }, (_unused, column) => ({ name: valueAt(row, column), place: row * rowStep + column * columnStep })));
      return [
        ...rows.flat().map(({ name, place }) => `var ${name} = ${buffer}[${plus(at, place)}];`),
        '',
        '// Its rows, then its columns.',
        ...rows.flatMap((row) => inPlace(matrix, row.map(({ name }) => name))),
      ];
    }
    const last = inputs - 1;
    const { lines, results } = linearMap(matrix, Array.from({ length: inputs }, (_, column) => `values[${u(column)}]`));
    return [
      ...Array.from({ length: inputs }, (_, row) => `var d_${row}: array<f32, ${matrix.length}>;`),
      '// Rows come in at the bottom, are transformed and move up. The bound is no constant, so that no driver unrolls the loop.',
      `for (var row = 0u; row < min(${u(inputs)}, arrayLength(&${buffer})); row++) {`,
      [
        ...moveUp(inputs, matrix.length),
        `var values: array<f32, ${inputs}>;`,
        ...each(unroll, 'j', inputs, (j) => [`values[${text(j)}] = ${buffer}[${plus(at, times(j, columnStep))}];`]),
        ...lines,
        ...results.map((result, column) => `${valueAt(last, column)} = ${result};`),
        `${at} += ${u(rowStep)};`,
      ],
      '}',
    ];
  }

  function moveUp(rows: number, columns: number): Lines {
    return Array.from({ length: rows - 1 }, (_, row) => each(unroll, 'j', columns, (j) => [`${valueAt(row, j)} = ${valueAt(row + 1, j)};`])).flat();
  }

  /**
   * Writes `rows` rows: by a loop of `count` turns over the first, which the others move up to, or one after the other. `write`
   * gives the lines for the row that lies in `d_held`; `row` is its number, or the loop's variable.
   */
  function writeRows(rows: number, count: string, write: (held: number, row: number | string) => Lines): Lines {
    if (written) return Array.from({ length: rows }, (_, row) => write(row, row)).flat();
    return [`for (var row = 0u; row < ${count}; row++) {`, [...write(0, 'row'), ...moveUp(rows, rows)], '}'];
  }

  /** The transform of each column that the rows' left, in place. */
  function columnsOf(matrix: Matrix): Lines {
    return each(unroll, 'j', matrix.length, (j) => inPlace(matrix, Array.from({ length: inputs }, (_, row) => valueAt(row, j))));
  }

  /** `matrix` times the variables `names`, which the results take the place of. */
  function inPlace(matrix: Matrix, names: readonly string[]): Lines {
    const { lines, results } = linearMap(matrix, names);
    const all = [...lines, ...results.map((result, index) => `${names[index] ?? ''} = ${result};`)];
    return written ? ['{', all, '}'] : all;
  }

  /** For each place of the tiles a product of matrices: a lane is an output channel, a workgroup's tiles are its columns. */
  function products(): Shader {
    const { kernel } = site;
    const { lanes, blocks, quads = 1, shares = 1 } = tile;
    const columns = tile.tiles;
    const atOnce = lanes * blocks;
    const blocksPerGroup = Math.ceil(outChannels / atOnce);
    const columnGroups = Math.ceil(tiles / columns);
    const channelQuads = inChannels / 4;
    const quadsOfShare = channelQuads / shares;
    if (quadsOfShare % quads !== 0) throw new Error(`${shares} subgroups cannot share ${inChannels} channels, ${quads * 4} at a time`);
    /** A matrix of sixteen channels, which a GPU loads at once. */
    const together = supply === 'uniform' && quads % 4 === 0 ? 4 : 1;
    const loaded = together * 4;
    // What was transformed needs its precision: rounded to 16 bits it makes results 8 to 17 times as inexact as kernels do.
    const writer = new ShaderWriter({ ...site, precision: 'f32' }, [{ firstChannel: 0, workgroups: [groups * blocksPerGroup, places * columnGroups] }]);
    writer.scratch('v', transformedInput, 'read', together === 4 ? 'mat4x4f' : 'vec4f', `[n][${places}][${tiles}][${allIn}]`);
    const weights = writer.weights('weight', 4, `[${groups * blocksPerGroup}][${places}][${channelQuads}]${blocks > 1 ? `[${blocks}]` : ''}[${lanes}] of 4 channels`, [packed()]);
    writer.scratch('m', transformedOutput, 'write', 'f32', `[n][${tiles}][${places}][${allOut}]`);
    const sums = columnProduct({ lanes, blocks, columns, quads, shares }, site.target, {
      groups: quadsOfShare,
      input: (columnsOn, quadsOn) => `v[${plus('at_v', times(columnsOn, allIn / loaded), quadsOn / together)}]`,
      together,
      weights,
    });
    const { sharing } = sums;
    const share = (count: number): readonly string[] => (sharing === undefined ? [] : [String(times('share', count))]);
    const exact = outChannels % atOnce === 0;
    const group = groups > 1 ? `(group.x / ${u(blocksPerGroup)})` : '';
    const channel = groups === 1 || exact ? times('group.x', atOnce) : `${group} * ${u(outChannels)} + (group.x % ${u(blocksPerGroup)}) * ${u(atOnce)}`;
    const within: Within = {
      count: columnGroups > 1 ? `min(${u(columns)}, ${u(tiles)} - first)` : `min(${u(Math.min(columns, tiles))}, end)`,
      ...(tiles % columns === 0 ? {} : { has: (column: string | number) => `${plus('first', column)} < ${u(tiles)}` }),
    };
    const stores = sums.store(within, (block, column, value) => {
      const line = `m[${plus('at_m', times(column, places * allOut), times(block, lanes))}] = ${value};`;
      return exact ? [line] : [`if (${plus('channel', times(block, lanes))} < ${groups > 1 ? `(${group} + 1u) * ${u(outChannels)}` : u(outChannels)}) {`, [line], '}'];
    });
    const body: Lines = [
      ...(sharing?.place ?? []),
      `let place = ${columnGroups > 1 ? `group.y / ${u(columnGroups)}` : 'group.y'};`,
      `let first = ${columnGroups > 1 ? `(group.y % ${u(columnGroups)}) * ${u(columns)}` : '0u'};`,
      `let channel = ${plus(String(channel), 'lane')};`,
      'let n = group.z;',
      '',
      ...sums.start,
      '',
      `var at_v = ${plus(
        `(${plus(`(n * ${u(places)} + place) * ${u(tiles)}`, 'first', sums.place.column)}) * ${u(allIn / loaded)}`,
        ...(groups > 1 ? [`${group} * ${u(inChannels / loaded)}`] : []),
        ...share(quadsOfShare / together),
        ...sums.place.quad,
      )};`,
      `var at_w = ${plus(`(group.x * ${u(places)} + place) * ${u(channelQuads * atOnce)}`, ...share(quadsOfShare * atOnce))};`,
      `let end = at_w + ${u(quadsOfShare * atOnce)};`,
      ...sums.loop('at_v'),
      '',
      `let at_m = ((n * ${u(tiles)} + first) * ${u(places)} + place) * ${u(allOut)} + channel;`,
      ...stores,
    ];
    const macs = places * tiles * inChannels * allOut;
    return writer.finish({
      header: header(site, `transformed ${core.weight} · v, for each of ${places} places`, `The second of three kernels: a lane makes ${blocks > 1 ? `${blocks} channels` : 'a channel'}, a workgroup ${atOnce} channels of ${columns} tiles, ` +
        `${sharing === undefined ? '' : `in ${shares} subgroups that share the channels, `}whose values ${supply === 'uniform' ? 'all lanes load at once' : 'are handed around among its lanes'}. Dispatch ${groups * blocksPerGroup} x ${places * columnGroups} x batch. ${millions(macs)} multiply-adds instead of ${millions(kernel.nodes[0]?.macs ?? 0)}, ` +
        `${millions(elements([places, inChannels, allOut]) * 4)}B of weights.`, `m[${places}x${tiles}x${allOut}]`),
      stage: 'products',
      enables: sharing?.enables ?? (supply === 'uniform' ? [] : ['enable subgroups;']),
      shared: sharing?.shared ?? [],
      workgroupSize: lanes * shares,
      builtins: [
        '@builtin(workgroup_id) group: vec3u',
        ...(sharing?.builtins ?? [`@builtin(${supply === 'uniform' ? 'local_invocation_index' : 'subgroup_invocation_id'}) lane: u32`]),
      ],
      body,
    });

    function packed(): PackedWeight {
      const order: PackLoop[] = [
        { axis: 0, size: groups, step: 1 },
        { axis: 1, size: blocksPerGroup, step: atOnce },
        { axis: 3, size: places, step: 1 },
        { axis: 2, size: channelQuads, step: 4 },
        { axis: 1, size: blocks, step: lanes },
        { axis: 1, size: lanes, step: 1 },
        { axis: 2, size: 4, step: 1 },
      ];
      const source = weightSource('weight', core.weight, [groups, outChannels, inChannels, places], kernel.folded);
      return { name: core.weight, source: { ...source, winograd: { kernel: size.kernel[0], stride, filter: matrices.filter } }, order };
    }
  }
}
