// The loop that convolutions and dense layers share where subgroups multiply matrices: weights of 16 bits (left) times values
// (right) into sums of 32. A workgroup makes a tile of channels and columns (pixels, or images). Its values come as f32, are
// rounded to f16 and laid out in workgroup memory, a column's side by side; weights come from memory as matrices, or lanes bring
// them there in the same way, a channel's side by side. The sums leave through workgroup memory, too: only there can a lane have one by itself, to do to it what the tail wants.

import type { MatrixShape } from '../ir/target.ts';
import type { ShaderWriter } from './shader.ts';
import { plus, times, u, type Lines } from './wgsl.ts';

/** How a product of matrices is cut. */
export interface MatrixTile {
  /** Subgroups of a workgroup that have channels of their own. */
  readonly subgroups: number;
  /** Subgroups that share the depth of the product among them: each takes in its part, and their sums are added up at the end. */
  readonly shares: number;
  /** Matrices of a subgroup: along the channels, and along the columns. */
  readonly rows: number;
  readonly columns: number;
  /** What a turn of the loop takes in of the depth; a multiple of a matrix's. */
  readonly depth: number;
  /** Images whose columns lie one after the other. */
  readonly images: number;
}

/** Values between the columns in workgroup memory, beyond what a turn takes in: neighbours begin in other banks then. */
const gap = 8;

/** Columns that sums leave by at once. */
const columnsAtOnce = 32;

/** What a tile makes of a workgroup. */
export interface MatrixWorkgroup {
  readonly lanes: number;
  /** Channels and columns of the tile. */
  readonly channels: number;
  readonly columns: number;
  /** Values that a lane brings into workgroup memory each turn: of so many columns, so many of each. */
  readonly columnsOfLane: number;
  readonly valuesOfLane: number;
  /** Values from one column to the next there. */
  readonly pitch: number;
  /** Sums that a subgroup hands out at once: as many rows as a matrix has, of so many columns. */
  readonly handedColumns: number;
  /** Bytes of workgroup memory. */
  readonly bytes: number;
}

/** Whether weights lie in memory as matrices, or lanes bring them into workgroup memory. */
export type WeightsFrom = 'matrices' | 'lanes';

export function matrixWorkgroup({ m, n }: MatrixShape, { subgroups, shares, rows, columns, depth }: MatrixTile, subgroupSize: number, weights: WeightsFrom): MatrixWorkgroup {
  const lanes = subgroupSize * subgroups * shares;
  const ofShare = lanes / shares;
  const width = columns * n;
  const pitch = depth + gap;
  const handedColumns = Math.min(width, columnsAtOnce);
  return {
    lanes,
    channels: subgroups * rows * m,
    columns: width,
    columnsOfLane: Math.max(1, width / ofShare),
    valuesOfLane: Math.min(depth, (depth * width) / ofShare),
    pitch,
    handedColumns,
    bytes: 2 * shares * (width + (weights === 'lanes' ? subgroups * rows * m : 0)) * pitch + 4 * subgroups * shares * m * handedColumns,
  };
}

export interface MatrixProduct extends MatrixWorkgroup {
  readonly enables: readonly string[];
  readonly shared: readonly string[];
  readonly builtins: readonly string[];
  /** Says which subgroup this is, which column (`column_0`, … of the tile) its lane brings in, and which part of it (`part`, of `valuesOfLane`). */
  readonly place: Lines;
  /** Declares the sums. */
  readonly start: Lines;
  /**
   * Takes in a turn's values.
   * @param four the values from number `index` on of the lane's column `column`, a `vec4f`; `index` is a multiple of four
   * @param weights where in the weights, in groups of eight, the matrix begins that is number `row` of the subgroup's, `step` matrices
   * deep; from lanes: the four weights, a `vec2u`, that are number `step` of the lane's channel number `row`, of those that a subgroup has of its lanes
   */
  turn(four: (index: number, column: number) => string, weights: (row: number, step: number) => string): Lines;
  /** Hands the sums out, `store` for each, where channel and column, counted from the tile's first, are told from the lane by these. */
  finish(channelAt: (channel: string) => Place, columnAt: (column: string) => Place, store: (sum: string) => Lines): Lines;
}

/** What says where a result belongs. */
export interface Place {
  readonly lines: Lines;
  /** Whether there is one; absent where there always is. */
  readonly inside?: string;
}

const within = ({ lines, inside }: Place, body: Lines): Lines => [...lines, ...(inside === undefined ? body : [`if (${inside}) {`, body, '}'])];

/**
 * @param weight the name of the buffer of weights, an array of `vec4u`; absent where lanes bring them
 * @param along what neighbouring lanes store: the columns of a channel, or the channels of a column
 */
export function matrixProduct(writer: ShaderWriter, shape: MatrixShape, tile: MatrixTile, weight: string | undefined, along: 'columns' | 'channels'): MatrixProduct {
  const { m, n, k } = shape;
  const { subgroups, shares, rows, columns, depth } = tile;
  const { subgroupSize = 0 } = writer.site.target;
  const workgroup = matrixWorkgroup(shape, tile, subgroupSize, weight === undefined ? 'lanes' : 'matrices');
  const { channels, columns: width, columnsOfLane, valuesOfLane, pitch, handedColumns } = workgroup;
  const staged = writer.name('staged');
  const made = writer.name('made');
  const halves = writer.define('halves', (name) => [
    '// Beyond what f16 holds: its largest value. Infinity would become NaN, and a relu makes zero of that.',
    `fn ${name}(values: vec4f) -> vec4h {`,
    ['return vec4h(clamp(values, vec4f(-65504.0), vec4f(65504.0)));'],
    '}',
  ]);
  const brought = weight === undefined ? writer.name('brought') : undefined;
  /** Channels of each lane, where lanes bring their weights. */
  const channelsOfLane = (rows * m) / subgroupSize;
  const slab = (channels * pitch) / 4;
  const all = (count: number, lines: (index: number) => Lines): Lines => Array.from({ length: count }, (_, index) => lines(index)).flat();
  const several = subgroups > 1 ? `subgroup % ${u(subgroups)}` : '0u';
  const row = shares === 1 ? (subgroups > 1 ? 'subgroup' : '0u') : several;
  /** Lanes that have the columns of a tile between them, once. */
  const around = Math.min(width, subgroupSize);
  const groupsOfColumns = Math.max(1, Math.min(subgroups, width / subgroupSize));

  return {
    ...workgroup,
    enables: ['enable f16;', 'enable subgroups;', 'enable chromium_experimental_subgroup_matrix;'],
    shared: [
      `var<workgroup> ${staged}: array<vec4h, ${(shares * width * pitch) / 4}>;  // ${shares > 1 ? '[share]' : ''}[column][${depth} of depth, and ${gap} that keep columns out of each other's banks]`,
      ...(brought === undefined ? [] : [`var<workgroup> ${brought}: array<vec2u, ${shares * slab}>;  // weights, ${shares > 1 ? '[share]' : ''}[channel][the same]`]),
      `var<workgroup> ${made}: array<f32, ${subgroups * shares * m * handedColumns}>;  // [subgroup]${along === 'columns' ? '[channel][column]' : '[column][channel]'}`,
    ],
    builtins: ['@builtin(workgroup_id) group: vec3u', '@builtin(subgroup_id) subgroup: u32', '@builtin(subgroup_invocation_id) lane: u32'],
    place: [
      ...(subgroups > 1 ? [`let row = ${row};`] : []),
      ...(shares > 1 ? [`let share = subgroup${subgroups > 1 ? ` / ${u(subgroups)}` : ''};`] : []),
      ...all(columnsOfLane, (index) => [
        `let column_${index} = ${plus(
          around < subgroupSize ? `lane % ${u(around)}` : 'lane',
          ...(groupsOfColumns > 1 ? [groupsOfColumns === subgroups ? `row * ${u(subgroupSize)}` : `(row % ${u(groupsOfColumns)}) * ${u(subgroupSize)}`] : []),
          index * subgroups * subgroupSize,
        )};`,
      ]),
      ...(valuesOfLane < depth ? [`let part = ${plus(...partOfLane())};`] : []),
      ...all(columnsOfLane, (index) => [
        `let at_staged_${index} = ${plus(
          times(`column_${index}`, pitch / 4),
          ...(valuesOfLane < depth ? [times('part', valuesOfLane / 4)] : []),
          ...(shares > 1 ? [`share * ${u((width * pitch) / 4)}`] : []),
        )};`,
      ]),
    ],
    start: [...(brought === undefined ? [] : all(channelsOfLane, (i) => [`let at_brought_${i} = ${plus(times(plus(...(subgroups > 1 ? [times('row', rows * m)] : []), 'lane', i * subgroupSize), pitch / 4), ...(shares > 1 ? [`share * ${u(slab)}`] : []))};`])), ...all(rows, (i) => all(columns, (j) => [`var ${sum(i, j)} = subgroup_matrix_result<f32, ${n}, ${m}>();`]))],
    turn: (four, weights) => [
      ...(brought === undefined ? [] : all(channelsOfLane, (i) => all(depth / 4, (quad) => [`let weights_${i}_${quad} = ${weights(i, quad)};`]))),
      ...all(columnsOfLane, (column) =>
        all(valuesOfLane / 4, (quad) => [`let values_${column}_${quad} = ${four(quad * 4, column)};`])),
      '// All are done with what lies there.',
      'workgroupBarrier();',
      ...(brought === undefined ? [] : all(channelsOfLane, (i) => all(depth / 4, (quad) => [`${brought}[${plus(`at_brought_${i}`, quad)}] = weights_${i}_${quad};`]))),
      ...all(columnsOfLane, (column) => all(valuesOfLane / 4, (quad) => [`${staged}[${plus(`at_staged_${column}`, quad)}] = ${halves}(values_${column}_${quad});`])),
      'workgroupBarrier();',
      ...all(depth / k, (step) => [
        '{',
        [
          ...all(rows, (i) => [`let left_${i} = subgroupMatrixLoad<subgroup_matrix_left<f16, ${k}, ${m}>, row_major>(${left(i, step, weights)});`]),
          ...all(columns, (j) => [
            `let right_${j} = subgroupMatrixLoad<subgroup_matrix_right<f16, ${n}, ${k}>, col_major>(&${staged}, ${plus(...(shares > 1 ? [`share * ${u((width * pitch) / 4)}`] : []), (j * n * pitch + step * k) / 4)}, ${u(pitch / 4)});`,
          ]),
          ...all(rows, (i) => all(columns, (j) => [`${sum(i, j)} = subgroupMatrixMultiplyAccumulate(left_${i}, right_${j}, ${sum(i, j)});`])),
        ],
        '}',
      ]),
    ],
    finish,
  };

  /** Where a left matrix is loaded from: array, offset and stride. */
  function left(i: number, step: number, weights: (row: number, step: number) => string): string {
    if (brought === undefined) return `&${weight ?? ''}, ${weights(i, step)}, ${u(k / 8)}`;
    const terms = [...(shares > 1 ? [`share * ${u(slab)}`] : []), ...(subgroups > 1 ? [times('row', (rows * m * pitch) / 4)] : [])];
    return `&${brought}, ${plus(...terms, (i * m * pitch + step * k) / 4)}, ${u(pitch / 4)}`;
  }

  function sum(i: number, j: number): string {
    return `sum_${i}_${j}`;
  }

  /** Which of the depth's parts a lane brings in, as terms. */
  function partOfLane(): readonly (string | number)[] {
    if (around < subgroupSize) {
      const perSubgroup = subgroupSize / around;
      return [...(subgroups > 1 ? [times('row', perSubgroup)] : []), `lane / ${u(around)}`];
    }
    return [groupsOfColumns > 1 ? `row / ${u(groupsOfColumns)}` : 'row'];
  }

  /** By rows of matrices, and by as many columns as leave at once. */
  function finish(channelAt: (channel: string) => Place, columnAt: (column: string) => Place, store: (sum: string) => Lines): Lines {
    const together = handedColumns / n;
    return [
      ...(subgroups * shares > 1 ? [`let at_made = subgroup * ${u(m * handedColumns)};`] : []),
      ...(shares > 1 ? [`let at_first = ${subgroups > 1 ? `row * ${u(m * handedColumns)}` : '0u'};`] : []),
      ...all(rows, (i) =>
        all(columns / together, (piece) => [
          ...(i + piece > 0 ? ['workgroupBarrier();'] : []),
          ...all(together, (j) => [
            along === 'columns'
              ? `subgroupMatrixStore<row_major>(&${made}, ${plus(...mine(), j * n)}, ${sum(i, piece * together + j)}, ${u(handedColumns)});`
              : `subgroupMatrixStore<col_major>(&${made}, ${plus(...mine(), j * n * m)}, ${sum(i, piece * together + j)}, ${u(m)});`,
          ]),
          'workgroupBarrier();',
          '{',
          handOut(i, piece, channelAt, columnAt, store),
          '}',
        ])),
    ];
  }

  function mine(): readonly string[] {
    return subgroups * shares > 1 ? ['at_made'] : [];
  }

  /** Each lane takes some of a subgroup's sums, or of those that its share of the depth belongs to. */
  function handOut(i: number, piece: number, channelAt: (channel: string) => Place, columnAt: (column: string) => Place, store: (sum: string) => Lines): Lines {
    const [across, down] = along === 'columns' ? [handedColumns, m] : [m, handedColumns];
    const atOnce = subgroupSize / across;
    const channel = (name: string): Place => channelAt(plus(...(subgroups > 1 ? [times('row', rows * m)] : []), i * m, name));
    const column = (name: string): Place => columnAt(plus(piece * handedColumns, name));
    const [ofLane, ofTurn] = along === 'columns' ? [column('side'), channel('i')] : [channel('side'), column('i')];
    const at = `i * ${u(across)} + side`;
    const sum: Lines =
      shares === 1
        ? [`let sum = ${made}[${plus(...mine(), at)}];`]
        : ['var sum = 0.0;', `for (var k = 0u; k < ${u(shares)}; k++) { sum += ${made}[at_first + k * ${u(subgroups * m * handedColumns)} + ${at}]; }`];
    const first = plus(...(atOnce > 1 ? [`lane / ${u(across)}`] : []), ...(shares > 1 ? [times('share', atOnce)] : []));
    return [
      `let side = lane${atOnce > 1 ? ` % ${u(across)}` : ''};`,
      ...within(ofLane, [`for (var i = ${first}; i < ${u(down)}; i += ${u(atOnce * shares)}) {`, within(ofTurn, [...sum, ...store('sum')]), '}']),
    ];
  }
}
