// A convolution as a product of matrices: its weights, [channels][depth], times what its windows hold, [depth][pixels]. The
// windows are never written out: each turn brings the values that it takes in from the picture into workgroup memory, zeros
// around it included. Depth is input channels and taps, in the order in which weights are packed: as many channels as a turn
// takes in, for one tap after the other, so that neighbouring turns read nearly the same values. Where channels are no
// multiple of that (three, of a picture), depth is all taps of a channel after the other, and a table says where its values lie.

import type { PackedWeight, PackLoop } from '../../runtime/plan.ts';
import type { MatrixShape } from '../ir/target.ts';
import { elements } from '../ir/tensor.ts';
import { convSize, type ConvCore, type ConvSize } from './conv-tile.ts';
import { header, millions } from './header.ts';
import { matrixProduct, matrixWorkgroup, type MatrixTile, type Place } from './matrix-product.ts';
import { Results } from './results.ts';
import { describe, ShaderWriter, weightSource, type KernelSite, type Shader } from './shader.ts';
import { component, plus, times, u, type Lines } from './wgsl.ts';

const move = (at: string, step: number): string => (step >= 0 ? `${at} += ${u(step)};` : `${at} -= ${u(-step)};`);

const four = (value: (index: number) => string): string => [0, 1, 2, 3].map(value).join(', ');

/** Entries of a table that a shader's text may hold. */
const longestTable = 1024;

/**
 * Whether weights lie by channels for each tap, or depth is a list of taps; undefined where that would be too long. It may not
 * depend on a tile: all versions of a kernel read the same weights.
 */
export function depthOrder({ inChannels, kernel }: Pick<ConvSize, 'inChannels' | 'kernel'>, { k }: MatrixShape): 'channels' | 'table' | undefined {
  if (inChannels % k === 0) return 'channels';
  return inChannels * kernel[0] * kernel[1] <= longestTable ? 'table' : undefined;
}

/** How deep the product is, zeros at the end of a list of taps included: a turn takes in two matrices of it, or more. */
export function matrixDepth(size: Pick<ConvSize, 'inChannels' | 'kernel'>, shape: MatrixShape): number {
  const depth = size.inChannels * size.kernel[0] * size.kernel[1];
  return depthOrder(size, shape) === 'channels' ? depth : Math.ceil(depth / (2 * shape.k)) * 2 * shape.k;
}

export function matrixConv(site: KernelSite, core: ConvCore, shape: MatrixShape, tile: MatrixTile): Shader {
  const { kernel, target, x } = site;
  const { window } = core;
  const size = convSize(site, core);
  const { inChannels, outChannels, groups, height, width, stride } = size;
  const { m, k } = shape;
  const { subgroups, shares, rows, depth, images } = tile;
  const { channels, columns, lanes } = matrixWorkgroup(shape, tile, target.subgroupSize ?? 0, 'matrices');
  const taps = size.kernel[0] * size.kernel[1];
  const byChannels = depthOrder(size, shape) === 'channels';
  const whole = matrixDepth(size, shape);
  const pixels = height * width * images;
  const channelTiles = Math.ceil(outChannels / channels);
  const columnTiles = Math.ceil(pixels / columns);
  const matrixRows = Math.ceil(outChannels / m);
  /** Groups of eight weights in a matrix, and in all matrices of the same depth. */
  const matrix = (m * k) / 8;
  const slab = matrixRows * matrix;

  const writer = new ShaderWriter(site, [{ firstChannel: 0, workgroups: [groups * channelTiles, columnTiles] }]);
  writer.read('x', kernel.reads, 'f32', describe(x));
  const packed = pack();
  const weight = writer.words('weight', 'vec4u', packed.comment, [packed.weight]);
  const hasBias = writer.bias(core, groups * outChannels);
  const results = new Results(writer);
  const product = matrixProduct(writer, shape, tile, weight, 'columns');

  const group = groups > 1 ? (channelTiles > 1 ? `(group.x / ${u(channelTiles)})` : 'group.x') : '0u';
  const tileOfGroup = groups > 1 ? (channelTiles > 1 ? `(group.x % ${u(channelTiles)})` : '0u') : 'group.x';
  const mine = subgroups > 1 || shares > 1 ? ['my_w'] : [];
  const table = byChannels ? undefined : writer.define('offsets', (name) => offsetTable(name));

  const body: Lines = [
    ...product.place,
    ...Array.from({ length: product.columnsOfLane }, (_, index) => windowOf(index)).flat(),
    '',
    `let channel_first = ${plus(times(tileOfGroup, channels))};`,
    `var at_w = ${plus(...(groups > 1 ? [`${group} * ${u((whole / k) * slab)}`] : []), times(tileOfGroup, (channels / m) * matrix))};`,
    ...(subgroups > 1 || shares > 1 ? [`let my_w = ${plus(...(subgroups > 1 ? [times('row', rows * matrix)] : []), ...(shares > 1 ? [times('share', (whole / k / shares) * slab)] : []))};`] : []),
    ...product.start,
    '',
    ...(table === undefined ? channelLoop() : tableLoop(table)),
    '',
    ...product.finish(channelAt, pixelAt, store),
  ];
  const macs = kernel.nodes[0]?.macs ?? 0;
  return writer.finish({
    header: header(
      site,
      `x[${kernel.readsShape.join('x')}] ∗ ${core.weight}[${groups * outChannels},${inChannels},${size.kernel.join(',')}]${core.bias === undefined ? '' : ` + ${core.bias}`}`,
      `Convolution by matrices of ${m}x${k} and ${k}x${shape.n}, stride ${stride.join('x')}, pad ${window.before.join('x')}${groups > 1 ? `, ${groups} groups` : ''}: ` +
        `a workgroup makes ${channels} channels of ${columns} pixels${images > 1 ? ` of ${images} images` : ''}, in ${subgroups} ${subgroups > 1 ? 'subgroups' : 'subgroup'} of ${rows * m} channels` +
        `${shares > 1 ? `, ${shares} of each, that share the depth of ${whole}` : `, ${depth} of the depth of ${whole} at a time`}. ` +
        `Dispatch ${groups * channelTiles} x ${columnTiles} x ${images > 1 ? `batch / ${images}` : 'batch'}. ` +
        `${millions(macs)} multiply-adds, ${millions(2 * elements([groups * outChannels, inChannels, taps]))}B of weights.`,
    ),
    enables: product.enables,
    shared: product.shared,
    workgroupSize: lanes,
    builtins: product.builtins,
    body,
    images,
  });

  /** Where the window of the lane's column `index` begins in memory; beyond the last pixel it is that of the last. */
  function windowOf(index: number): Lines {
    const { pixel, n, lines } = placeOf(`column_${index}`, `_${index}`, true);
    const y = height === 1 ? 0 : `(${pixel} / ${u(width)}) * ${u(stride[0] * x.rowStride)}`;
    const column = width === 1 ? 0 : times(height === 1 ? pixel : `(${pixel} % ${u(width)})`, stride[1]);
    return [
      ...lines,
      `let window_${index} = ${plus(
        `${n} * ${u(x.imageStride)}`,
        groups > 1 ? `${group} * ${u(inChannels * x.planeStride)}` : 0,
        y,
        column,
        x.firstChannel * x.planeStride + (x.top - window.before[0]) * x.rowStride + x.left - window.before[1],
        ...(byChannels && shares > 1 ? [times('share', (inChannels / shares) * x.planeStride)] : []),
        ...(byChannels && product.valuesOfLane < depth ? [times('part', product.valuesOfLane * x.planeStride)] : []),
      )};`,
    ];
  }

  /** Which image and pixel a column of the tile is. */
  function placeOf(column: string, ending: string, clamped: boolean): { readonly pixel: string; readonly n: string; readonly lines: Lines } {
    const at = plus(...(columnTiles > 1 ? [`group.y * ${u(columns)}`] : []), column);
    const nth = clamped && columnTiles * columns !== pixels ? `min(${at}, ${u(pixels - 1)})` : at;
    if (images === 1) return { pixel: `pixel${ending}`, n: 'group.z', lines: [`let pixel${ending} = ${nth};`] };
    const one = height * width;
    return {
      pixel: `pixel${ending}`,
      n: `n${ending}`,
      lines: [`let nth${ending} = ${nth};`, `let n${ending} = group.z * ${u(images)} + nth${ending} / ${u(one)};`, `let pixel${ending} = nth${ending} % ${u(one)};`],
    };
  }

  /** Depth as channels and taps. All ends are no constants, so that no driver unrolls these loops. */
  function channelLoop(): Lines {
    const [kernelRows, kernelColumns] = size.kernel;
    const steps = depth / k;
    const turn: Lines = [
      ...product.turn(
        (first, column) => `vec4f(${four((index) => `x[${plus(`window_${column}`, 'at_x', (first + index) * x.planeStride)}]`)})`,
        (row, step) => plus('at_w', ...mine, step * taps * slab + row * matrix),
      ),
      ...(taps === 1 ? [] : [`at_w += ${u(slab)};`]),
    ];
    const [down, right] = [size.dilation[0] * x.rowStride, size.dilation[1]];
    const alongRow = loop('row_end', kernelColumns, kernelColumns * slab, turn, 'at_x', right);
    const alongKernel = loop('kernel_end', kernelRows, taps * slab, alongRow, 'at_x', down - kernelColumns * (kernelColumns > 1 ? right : 0));
    const taken = kernelRows * (kernelRows > 1 ? down : 0) + (kernelRows === 1 && kernelColumns > 1 ? kernelColumns * right : 0);
    return [
      `// ${depth} input channels after the other${taps > 1 ? ', and their taps' : ''}. Ends are no constants, so that no driver unrolls these loops.`,
      'var at_x = 0u;',
      `let end = at_w + ${u((inChannels / k / shares) * taps * slab)};`,
      'while (at_w < end) {',
      [...alongKernel, move('at_x', depth * x.planeStride - taken), ...(taps === 1 || steps > 1 ? [`at_w += ${u(taps === 1 ? steps * slab : (steps - 1) * taps * slab)};`] : [])],
      '}',
    ];
  }

  /** `count` turns, after each of which `at` moves on. */
  function loop(end: string, count: number, weights: number, turn: Lines, at: string, step: number): Lines {
    return count === 1 ? turn : [`let ${end} = at_w + ${u(weights)};`, `while (at_w < ${end}) {`, [...turn, move(at, step)], '}'];
  }

  /** Depth as a list of taps. */
  function tableLoop(name: string): Lines {
    const own = [...(product.valuesOfLane < depth ? [times('part', product.valuesOfLane / 4)] : []), ...(shares > 1 ? [times('share', whole / shares / 4)] : [])];
    return [
      `var at = ${plus(...own)};`,
      '// The end is no constant, so that no driver unrolls this loop.',
      `let end = at_w + ${u((whole / k / shares) * slab)};`,
      'while (at_w < end) {',
      [
        ...Array.from({ length: product.valuesOfLane / 4 }, (_, quad) => `let from_${quad} = ${name}[${plus('at', quad)}];`),
        ...product.turn(
          (first, column) => `vec4f(${four((index) => `x[window_${column} + ${component(`from_${first / 4}`, index)}]`)})`,
          (row, step) => plus('at_w', ...mine, step * slab + row * matrix),
        ),
        `at += ${u(depth / 4)};`,
        `at_w += ${u((depth / k) * slab)};`,
      ],
      '}',
    ];
  }

  /** Where each value of a window lies, from its first on; past the last one, any that can be read: their weights are zero. */
  function offsetTable(name: string): Lines {
    const offsets = Array.from({ length: whole }, (_, at) => {
      const [channel, tap] = [Math.floor(at / taps), at % taps];
      if (channel >= inChannels) return 0;
      return channel * x.planeStride + Math.floor(tap / size.kernel[1]) * size.dilation[0] * x.rowStride + (tap % size.kernel[1]) * size.dilation[1];
    });
    const quads = Array.from({ length: whole / 4 }, (_, quad) => `vec4u(${offsets.slice(4 * quad, 4 * quad + 4).join(', ')})`);
    const lines = Array.from({ length: Math.ceil(quads.length / 4) }, (_, line) => `${quads.slice(4 * line, 4 * line + 4).join(', ')},`);
    return ['// Where the values of a window lie, from its first one on: the taps of each channel, four at a time.', `const ${name} = array<vec4u, ${whole / 4}>(`, lines, ');'];
  }

  function channelAt(channel: string): Place {
    const of = groups > 1 ? 'of_group' : 'channel';
    return {
      lines: [`let ${of} = ${plus('channel_first', channel)};`, ...(groups > 1 ? [`let channel = ${group} * ${u(outChannels)} + of_group;`] : [])],
      ...(channelTiles * channels === outChannels ? {} : { inside: `${of} < ${u(outChannels)}` }),
    };
  }

  function pixelAt(column: string): Place {
    return {
      lines: placeOf(column, '', false).lines,
      ...(columnTiles * columns === pixels ? {} : { inside: `${images > 1 ? 'nth' : 'pixel'} < ${u(pixels)}` }),
    };
  }

  function store(sum: string): Lines {
    const y = height === 1 ? 0 : width === 1 ? 'pixel' : `(pixel / ${u(width)})`;
    const column = width === 1 ? 0 : height === 1 ? 'pixel' : `pixel % ${u(width)}`;
    return [
      ...(hasBias ? [`let total = ${sum} + bias[channel];`] : []),
      ...results.declare({ n: images > 1 ? 'n' : 'group.z', channel: 'channel', y, x: column }),
      ...results.store(hasBias ? 'total' : sum, 'channel'),
    ];
  }

  function pack(): { readonly weight: PackedWeight; readonly comment: string } {
    const source = byChannels ? [groups, outChannels, inChannels, taps] : [groups, outChannels, inChannels * taps];
    const order: PackLoop[] = [
      { axis: 0, size: groups, step: 1 },
      { axis: 2, size: byChannels ? inChannels / k : whole / k, step: k },
      ...(byChannels ? [{ axis: 3, size: taps, step: 1 }] : []),
      { axis: 1, size: matrixRows, step: m },
      { axis: 1, size: m, step: 1 },
      { axis: 2, size: k, step: 1 },
    ];
    return {
      weight: { name: core.weight, source: weightSource('weight', core.weight, source, kernel.folded), order },
      comment: `${groups > 1 ? `[${groups}]` : ''}${byChannels ? `[${inChannels / k}]${taps > 1 ? `[${taps}]` : ''}` : `[${whole / k}]`}[${matrixRows}] of [${m} channels][${k}]`,
    };
  }
}
