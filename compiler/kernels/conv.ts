// Direct convolution: a lane is an output channel (or two), a workgroup makes a tile of rows and columns of its lanes'
// channels. Per input channel the tile's input rows come once to all lanes, and each lane multiplies them with its own
// weights for every output they belong to. The input's margin of zeros lies in memory (`passes/layout.ts`), so that no
// bounds check stands in a loop; weights are packed so that neighbouring lanes read neighbouring addresses.

import type { PackedWeight, PackLoop } from '../../runtime/plan.ts';
import { elements } from '../ir/tensor.ts';
import { convSize, inputColumns, inputRows, tapQuads, type ConvCore, type ConvTile, type InputRow } from './conv-tile.ts';
import { header, millions } from './header.ts';
import { Results } from './results.ts';
import { describe, ShaderWriter, weightBytes, weightSource, type KernelSite, type Shader } from './shader.ts';
import { shareAmong } from './shares.ts';
import { component, each, handAround, modulo, ofBlock, over, plus, text, times, u, type Lines } from './wgsl.ts';

export function conv(site: KernelSite, core: ConvCore, tile: ConvTile): Shader {
  const { kernel, target, x } = site;
  const { window } = core;
  const size = convSize(site, core);
  const { inChannels, outChannels, groups, height, width } = size;
  const { lanes, blocks, rows, columns, shares } = tile;
  const broadcast = target.supply === 'broadcast';
  const { unroll } = target;
  const written = unroll === 'written';

  const channelsAtOnce = lanes * blocks;
  const blocksPerGroup = Math.ceil(outChannels / channelsAtOnce);
  const rowTiles = Math.ceil(height / rows);
  const columnTiles = Math.ceil(width / columns);
  const quads = tapQuads(size, tile);
  const tapsOfRow = size.kernel[1];
  const byRow = tile.turn === 'kernel row';
  const channelsPerTurn = tile.turn === 'kernel row' ? 1 : tile.turn.channels;
  const turns = Math.ceil(inChannels / channelsPerTurn);
  if (turns % shares !== 0) throw new Error(`${shares} subgroups cannot share ${turns} turns evenly`);

  const writer = new ShaderWriter(site, [{ firstChannel: 0, workgroups: [groups * blocksPerGroup, rowTiles * columnTiles] }]);
  writer.read('x', kernel.reads, 'vec4f', describe(x));
  const packed = pack();
  const weights = writer.weights('weight', 4, packed.comment, [packed.weight]);
  const hasBias = writer.bias(core, groups * outChannels);
  const results = new Results(writer);
  const sharing = shares > 1 ? shareAmong(shares, lanes, columns) : undefined;

  const rowQuads = x.rowStride / 4;
  const planeQuads = x.planeStride / 4;
  const named = (name: string, block: number): string => ofBlock(name, block, blocks);
  const sum = (block: number, row: number): string => `${named('sum', block)}_${row}`;
  const sumAt = (block: number, row: number, column: string | number): string =>
    written ? `${sum(block, row)}_${column}` : `${sum(block, row)}[${text(column)}]`;
  const channelOf = (block: number): string => named('channel', block);

  const needed = inputRows(size, tile);
  const columnsIn = inputColumns(size, tile);
  const quadsPerRow = Math.ceil((size.shift + columnsIn) / 4);
  const loads = shareLoads();

  /** Groups of four weights that a workgroup reads in one turn. */
  const quadsOfTurn = (byRow ? size.kernel[0] : 1) * quads * channelsAtOnce;
  const body: Lines = [
    ...place(),
    '',
    ...sums(),
    '',
    ...(broadcast ? loads.setup : []),
    `var at_x = ${firstQuad()};`,
    `var at_w = ${plus(`group.x * ${u(turns * quadsOfTurn)}`, ...(shares > 1 ? [`share * ${u((turns / shares) * quadsOfTurn)}`] : []))};`,
    `// A turn takes in ${channelsPerTurn > 1 ? `${channelsPerTurn} input channels` : 'an input channel'}. Its end is no constant, so that no driver unrolls this loop.`,
    `let end = at_w + ${u((turns / shares) * quadsOfTurn)};`,
    'while (at_w < end) {',
    byRow ? kernelRows() : turn(channelsPerTurn * planeQuads),
    '}',
    '',
    ...finish(),
  ];

  const macs = kernel.nodes[0]?.macs ?? 0;
  const bytes = elements([groups * outChannels, inChannels, ...size.kernel]) * weightBytes(site);
  return writer.finish({
    header: header(
      site,
      `x[${kernel.readsShape.join('x')}] ∗ ${core.weight}[${groups * outChannels},${inChannels},${size.kernel.join(',')}]${core.bias === undefined ? '' : ` + ${core.bias}`}`,
      `Direct convolution, stride ${size.stride.join('x')}, pad ${window.before.join('x')}${groups > 1 ? `, ${groups} groups` : ''}: ` +
        `a lane makes ${blocks > 1 ? `${blocks} channels` : 'a channel'}, a workgroup ${rows} ${rows > 1 ? 'rows' : 'row'} of ${columns} columns of ${channelsAtOnce} channels` +
        `${shares > 1 ? `, in ${shares} subgroups that share the input channels` : ''}. ` +
        `Dispatch ${groups * blocksPerGroup} x ${rowTiles * columnTiles} x batch. ${millions(macs)} multiply-adds, ${millions(bytes)}B of weights.`,
    ),
    enables: sharing?.enables ?? (broadcast ? ['enable subgroups;'] : []),
    shared: sharing?.shared ?? [],
    workgroupSize: lanes * shares,
    builtins: [
      '@builtin(workgroup_id) group: vec3u',
      ...(sharing?.builtins ?? [`@builtin(${broadcast ? 'subgroup_invocation_id' : 'local_invocation_index'}) lane: u32`]),
    ],
    body,
  });

  /** Which channels, rows and columns this workgroup makes. */
  function place(): Lines {
    const lines: (string | Lines)[] = [...(sharing?.place ?? [])];
    const exact = outChannels % channelsAtOnce === 0;
    if (groups > 1) lines.push(`let g = group.x / ${u(blocksPerGroup)};`);
    for (let block = 0; block < blocks; block++) {
      const first = exact || groups === 1 ? times('group.x', channelsAtOnce) : `g * ${u(outChannels)} + (group.x % ${u(blocksPerGroup)}) * ${u(channelsAtOnce)}`;
      lines.push(`let ${channelOf(block)} = ${plus(String(first), block * lanes, 'lane')};`);
    }
    lines.push(`let oy = ${columnTiles > 1 ? `(group.y / ${u(columnTiles)})` : 'group.y'}${rows > 1 ? ` * ${u(rows)}` : ''};`);
    if (columnTiles > 1) lines.push(`let ox_first = (group.y % ${u(columnTiles)}) * ${u(columns)};`);
    lines.push('let n = group.z;');
    return lines;
  }

  function sums(): Lines {
    const lines: (string | Lines)[] = [];
    for (let block = 0; block < blocks; block++) {
      const initial = hasBias && shares === 1 ? `bias[${channelOf(block)}]` : '0.0';
      for (let row = 0; row < rows; row++) {
        if (written) {
          if (hasBias && row === 0) lines.push(`let bias_${block} = ${initial};`);
          for (let column = 0; column < columns; column++) lines.push(`var ${sumAt(block, row, column)} = ${hasBias ? `bias_${block}` : '0.0'};`);
        } else {
          lines.push(`var ${sum(block, row)}: array<f32, ${columns}>;`);
          if (hasBias && shares === 1) lines.push(...each(unroll, 'ox', columns, (ox) => [`${sumAt(block, row, ox)} = ${initial};`]));
        }
      }
    }
    return lines;
  }

  /** The first four values of the tile's first input row. */
  function firstQuad(): string {
    const row = x.top - window.before[0];
    const column = x.left - window.before[1] - size.shift;
    const plane = groups > 1 ? `(g * ${u(inChannels)}${x.firstChannel > 0 ? ` + ${u(x.firstChannel)}` : ''}) * ${u(planeQuads)}` : x.firstChannel * planeQuads;
    const y = times('oy', size.stride[0] * rowQuads);
    return plus(
      `n * ${u(x.imageStride / 4)}`,
      plane,
      y,
      row * rowQuads + column / 4,
      ...(columnTiles > 1 ? [`${times('ox_first', size.stride[1])} / 4u`] : []),
      ...(shares > 1 ? [`share * ${u((inChannels / shares) * planeQuads)}`] : []),
      ...(broadcast ? (loads.setup.length > 0 ? ['lane_at'] : ['lane']) : []),
    );
  }

  /** Lanes load neighbouring groups of four; `element` is how all get value `at` of load `load` of input row `index`. */
  function shareLoads(): { readonly lines: Lines; readonly setup: Lines; element(index: number, load: number, at: string | number): string } {
    const rowsOfChannel = needed.length / channelsPerTurn;
    const evenlySpaced = needed.every(({ offset }, index) => index % rowsOfChannel === 0 || offset - (needed[index - 1]?.offset ?? 0) === 1);
    const together = evenlySpaced && !byRow ? Math.max(1, Math.min(Math.floor(lanes / quadsPerRow), rowsOfChannel)) : 1;
    const loadsPerRow = Math.ceil(quadsPerRow / lanes);
    const setup: Lines =
      together === 1 || quadsPerRow === rowQuads ? [] : [`let lane_at = (lane / ${u(quadsPerRow)}) * ${u(rowQuads)} + lane % ${u(quadsPerRow)};`];
    /** The name of load `load` of input row `index`; rows that are loaded together share one. */
    const partOf = (index: number, load: number): string => {
      const first = index - ((index % rowsOfChannel) % together);
      return `part_${first}${loadsPerRow > 1 ? `_${load}` : ''}`;
    };
    const lines = needed.flatMap(({ channel, offset }, index) =>
      (index % rowsOfChannel) % together > 0
        ? []
        : Array.from(
            { length: loadsPerRow },
            (_, load) => `let ${partOf(index, load)} = x[${plus('at_x', channel * planeQuads + offset * rowQuads + load * lanes)}];`,
          ),
    );
    const take = handAround(unroll);
    const element = (index: number, load: number, at: string | number): string => {
      const part = component(partOf(index, load), modulo(at, 4));
      return `${take}(${part}, ${plus(over(at, 4), ((index % rowsOfChannel) % together) * quadsPerRow)})`;
    };
    return { lines, setup, element };
  }

  /** All values of an input row that the tile uses, one by one: a loop for each of the row's loads. */
  function spread(index: number, value: (column: string | number) => string): Lines {
    const perLoad = broadcast ? lanes * 4 : size.shift + columnsIn;
    if (written) return usedColumns().map((column) => assign(column, column));
    return Array.from({ length: Math.ceil((size.shift + columnsIn) / perLoad) }, (_, load) => {
      const first = Math.max(0, load * perLoad - size.shift);
      const end = Math.min(columnsIn, (load + 1) * perLoad - size.shift);
      return each(unroll, 'i', end - first, (i) => [typeof i === 'number' ? assign(first + i, first + i) : assign(plus(i, first), i, load)]);
    }).flat();

    function assign(column: string | number, i: string | number, load = Math.floor((Number(column) + size.shift) / perLoad)): string {
      const at = typeof i === 'number' ? i + size.shift - load * perLoad : load === 0 ? plus(i, size.shift) : i;
      return `${written ? 'let ' : ''}${value(column)} = ${broadcast ? loads.element(index, load, at) : uniformElement(index, at)};`;
    }
  }

  /** Value `at` of input row `index`, which all lanes load from one address. */
  function uniformElement(index: number, at: string | number): string {
    const row = needed[index];
    const quad = plus('at_x', (row?.channel ?? 0) * planeQuads + (row?.offset ?? 0) * rowQuads, over(at, 4));
    return component(`x[${quad}]`, modulo(at, 4));
  }

  function weightLoads(): Lines {
    const lines: string[] = [];
    for (let quad = 0; quad < quads; quad++) {
      for (let block = 0; block < blocks; block++) lines.push(`let ${tapName(quad, block)} = ${weights(plus('at_w', 'lane', (quad * blocks + block) * lanes))};`);
    }
    return lines;
  }

  function tapName(quad: number, block: number): string {
    return named(`taps_${quad * 4}`, block);
  }

  /** The weight of tap number `tap` of this turn. */
  function tapAt(tap: number, block: number): string {
    return component(tapName(Math.floor(tap / 4), block), tap % 4);
  }

  /** Brings input row `index` to all lanes and multiplies it into the sums. */
  function rowOfTurn(index: number): Lines {
    const row = needed[index];
    if (!row) return [];
    const value = (column: string | number): string => (written ? `row_${index}_${column}` : `row[${text(column)}]`);
    const lines: (string | Lines)[] = [`// ${explain(row)}`];
    lines.push(...spread(index, value));
    for (const { outputRow, kernelRow } of row.uses) {
      for (let block = 0; block < blocks; block++) {
        for (let s = 0; s < tapsOfRow; s++) {
          const tap = byRow ? s : (row.channel * size.kernel[0] + kernelRow) * tapsOfRow + s;
          lines.push(
            ...each(unroll, 'ox', columns, (ox) => {
              const target = sumAt(block, outputRow, ox);
              const column = times(ox, size.stride[1]);
              const at = typeof column === 'number' ? column + s * size.dilation[1] : plus(column, s * size.dilation[1]);
              return [`${target} = fma(${value(at)}, ${tapAt(tap, block)}, ${target});`];
            }),
          );
        }
      }
    }
    return lines;
  }

  function usedColumns(): readonly number[] {
    const used = new Set<number>();
    for (let ox = 0; ox < columns; ox++) for (let s = 0; s < tapsOfRow; s++) used.add(ox * size.stride[1] + s * size.dilation[1]);
    return [...used].sort((a, b) => a - b);
  }

  function explain({ channel, offset, uses }: InputRow): string {
    const where = `${channelsPerTurn > 1 ? `channel ${channelsPerTurn}c${channel > 0 ? `+${channel}` : ''}, ` : ''}input row ${offset > 0 ? `+${offset}` : 'of oy'}`;
    const whose = uses.map(({ outputRow, kernelRow }) => `${byRow ? 'this kernel row' : `kernel row ${kernelRow}`} of output row ${outputRow > 0 ? `oy+${outputRow}` : 'oy'}`);
    return `${where}: ${whose.join(', ')}`;
  }

  /** What is done with the input rows and weights at `at_x` and `at_w`, which move on, the first by `step`. */
  function turn(step: number): Lines {
    return [
      ...(broadcast ? loads.lines : []),
      ...weightLoads(),
      ...(written ? [] : [`var row: array<f32, ${columnsIn}>;`]),
      ...needed.flatMap((_, index) => ['', ...rowOfTurn(index)]),
      '',
      `at_x += ${u(step)};`,
      `at_w += ${u(quads * channelsAtOnce)};`,
    ];
  }

  function kernelRows(): Lines {
    const [count] = size.kernel;
    const step = size.dilation[0] * rowQuads;
    const rest = planeQuads - count * step;
    return [
      '// One row of the kernel after the other.',
      `let row_end = at_w + ${u(quadsOfTurn)};`,
      'while (at_w < row_end) {',
      turn(step),
      '}',
      rest >= 0 ? `at_x += ${u(rest)};` : `at_x -= ${u(-rest)};`,
    ];
  }

  /** Applies the tail and stores, leaving out what the last tiles make beyond the picture or the group. */
  function finish(): Lines {
    const lines: (string | Lines)[] = [];
    for (let block = 0; block < blocks; block++) {
      const channel = channelOf(block);
      if (sharing !== undefined) {
        lines.push(...(blocks > 1 ? ['{', addUp(block), '}'] : addUp(block)));
        continue;
      }
      const stores: Lines = [
        ...results.declare({ n: 'n', channel, y: 'oy', x: columnTiles > 1 ? 'ox_first' : 0 }),
        ...(tile.stores === 'loop' ? storeInLoop(block) : storeStraight(block)),
      ];
      const exact = outChannels % channelsAtOnce === 0;
      if (exact && blocks === 1) lines.push(...stores);
      else if (exact) lines.push('{', stores, '}');
      else lines.push(`if (${groups > 1 ? `${channel} < (g + 1u) * ${u(outChannels)}` : `${channel} < ${u(outChannels)}`}) {`, stores, '}');
    }
    return lines;
  }

  function storeStraight(block: number): Lines {
    return Array.from({ length: rows }, (_, row): Lines => {
      const stores = each(unroll, 'ox', columns, (ox) => withinPicture(ox, results.store(sumAt(block, row, ox), channelOf(block), { dy: row, dx: ox })));
      return row > 0 && rowTiles * rows !== height && (rowTiles - 1) * rows + row >= height ? [`if (oy + ${u(row)} < ${u(height)}) {`, stores, '}'] : stores;
    }).flat();
  }

  /** Adds up what the subgroups have of a row after the other; each stores some of its columns. */
  function addUp(block: number): Lines {
    const channel = channelOf(block);
    const exact = outChannels % channelsAtOnce === 0;
    const makes = groups > 1 ? `${channel} < (g + 1u) * ${u(outChannels)}` : `${channel} < ${u(outChannels)}`;
    return [
      ...results.declare({ n: 'n', channel, y: 'oy', x: columnTiles > 1 ? 'ox_first' : 0 }),
      ...Array.from({ length: rows }, (_, row): Lines =>
        sharing?.addUp(columns, (ox) => sumAt(block, row, ox), hasBias ? `bias[${channel}]` : '0.0', row > 0 || block > 0, (ox) => {
          const stores = withinPicture(ox, results.store('total', channel, { dy: row, dx: ox }));
          const inside = row > 0 && rowTiles * rows !== height && (rowTiles - 1) * rows + row >= height;
          const wanted = inside ? [`if (oy + ${u(row)} < ${u(height)}) {`, stores, '}'] : stores;
          return exact ? wanted : [`if (${makes}) {`, wanted, '}'];
        }) ?? []).flat(),
    ];
  }

  function storeInLoop(block: number): Lines {
    const all = named('finished', block);
    const copies = Array.from({ length: rows }, (_, row) => each(unroll, 'ox', columns, (ox) => [`${all}[${plus(ox, row * columns)}] = ${sumAt(block, row, ox)};`]));
    return [
      `var ${all}: array<f32, ${rows * columns}>;`,
      ...copies.flat(),
      '// The rows that lie in the picture. The bound is no constant, so that no driver unrolls the loop.',
      `for (var i = 0u; i < min(${u(rows)}, ${u(height)} - oy) * ${u(columns)}; i++) {`,
      [
        ...(columns > 1 ? [`let ox = i % ${u(columns)};`] : []),
        ...withinPicture(columns > 1 ? 'ox' : 0, results.store(`${all}[i]`, channelOf(block), { dy: columns > 1 ? `i / ${u(columns)}` : 'i', dx: columns > 1 ? 'ox' : 0 })),
      ],
      '}',
    ];
  }

  /** `store`, unless column `ox` of the tile lies beyond the picture. */
  function withinPicture(ox: string | number, store: Lines): Lines {
    return columnTiles * columns === width ? store : [`if (${plus('ox_first', ox)} < ${u(width)}) {`, store, '}'];
  }

  function pack(): { readonly weight: PackedWeight; readonly comment: string } {
    const [kernelRows, kernelColumns] = size.kernel;
    const source = byRow ? [groups, outChannels, inChannels, kernelRows, kernelColumns] : [groups, outChannels, inChannels, kernelRows * kernelColumns];
    const together = channelsPerTurn > 1;
    const order: PackLoop[] = [
      { axis: 0, size: groups, step: 1 },
      { axis: 1, size: blocksPerGroup, step: channelsAtOnce },
      { axis: 2, size: turns, step: channelsPerTurn },
      ...(byRow ? [{ axis: 3, size: kernelRows, step: 1 }] : []),
      { axis: together ? 2 : source.length - 1, size: quads, step: 4 },
      { axis: 1, size: blocks, step: lanes },
      { axis: 1, size: lanes, step: 1 },
      { axis: together ? 2 : source.length - 1, size: 4, step: 1 },
    ];
    return {
      weight: { name: core.weight, source: weightSource('weight', core.weight, source, kernel.folded), order },
      comment: `[${groups * blocksPerGroup}][${turns}]${byRow ? `[${kernelRows}]` : ''}[${quads}]${blocks > 1 ? `[${blocks}]` : ''}[${lanes}] of 4 taps`,
    };
  }
}
