// The loop that dense layers and Winograd's products share: a lane is an output, or some in blocks, and has the weights of
// its outputs side by side with its neighbours'; columns (images, or tiles) have their inputs in groups of four, which all
// lanes need, so that each weight is loaded once for all columns. Lanes load groups together and hand them around, or all load
// the same one, which a GPU does once for all of them. There subgroups may share the inputs, and add up.

import type { Target } from '../ir/target.ts';
import { shareAmong, type Shares } from './shares.ts';
import { each, handAround, modulo, multiplyAdd, ofBlock, over, plus, text, times, u, type Lines } from './wgsl.ts';

export interface ColumnProductTile {
  /** Outputs side by side. */
  readonly lanes: number;
  /** Outputs a lane works on. */
  readonly blocks: number;
  /** Columns of a workgroup. */
  readonly columns: number;
  /** What one turn of the loop takes in of each column's inputs, in groups of four values; divides `lanes`. */
  readonly quads: number;
  /** Subgroups of a workgroup that share the inputs among them; absent: there is one. */
  readonly shares?: number;
}

/** How many columns' worth of sums there are, which may be fewer than a workgroup's columns. */
export interface Within {
  /** No constant, so that no driver unrolls a loop of so many turns. */
  readonly count: string;
  /** The condition that a column is one of them; absent where all are. */
  readonly has?: (column: string | number) => string;
}

export interface ColumnProduct {
  /** Declares the sums. */
  readonly start: Lines;
  /** Where subgroups share the inputs: what they need for it. */
  readonly sharing?: Shares;
  /** Which column and, as a term where there are several, which group of four a lane loads first, of the workgroup's. */
  readonly place: { readonly column: string; readonly quad: readonly string[] };
  /**
   * Goes from `at_w`, the first group of weights, to `end`, and adds all products to the sums. `at` is the variable that says
   * where a lane's inputs are loaded, counted in what one load brings.
   */
  loop(at: string): Lines;
  /**
   * Stores the sums of all blocks: by a loop over a copy of them where each store in the text takes its driver tens of
   * milliseconds to compile, else one after the other.
   */
  store(within: Within, store: (block: string | number, column: string | number, value: string) => Lines): Lines;
}

export interface ColumnProductSource {
  /** How many groups of four inputs the loop goes through. */
  readonly groups: number;
  /** How a lane's inputs are loaded: so many columns and groups of four further on than its first. */
  readonly input: (columnsOn: string | number, quadsOn: number) => string;
  /** How many groups that loads at once, the columns of a matrix; absent: one. More only where all lanes load the same. */
  readonly together?: 1 | 4;
  /** How four weights are loaded. */
  readonly weights: (index: string) => string;
}

export function columnProduct(
  { lanes, blocks, columns, quads, shares = 1 }: ColumnProductTile, { unroll, supply }: Pick<Target, 'unroll' | 'supply'>,
  { groups, input, together = 1, weights }: ColumnProductSource,
): ColumnProduct {
  const uniform = supply === 'uniform';
  const sharing = shares > 1 ? shareAmong(shares, lanes, columns) : undefined;
  const written = unroll === 'written';
  const named = (name: string, block: number): string => ofBlock(name, block, blocks);
  const eachBlock = (lines: (block: number) => Lines): Lines => Array.from({ length: blocks }, (_, block) => lines(block)).flat();
  const eachOf = (count: number, lines: (index: number) => Lines): Lines => Array.from({ length: count }, (_, index) => lines(index)).flat();
  /** A single sum is kept in four parts, or each multiply-add would wait for the one before. */
  const inParts = uniform && columns === 1;
  const sumAt = (block: number, column: string | number): string => {
    const name = named('sum', block);
    return columns === 1 ? name : written ? `${name}_${column}` : `${name}[${text(column)}]`;
  };
  const total = (block: number, column: string | number): string => (inParts ? `dot(${sumAt(block, column)}, vec4f(1.0))` : sumAt(block, column));
  const parts = columns * quads;
  const loads = Math.ceil(parts / lanes);
  const partName = (load: number): string => (loads > 1 ? `part_${load}` : 'part');
  const columnsPerLoad = lanes / quads;
  const weightsOf = (quad: number, block: number): string => `${named('weights', block)}${quads > 1 ? `_${quad}` : ''}`;
  const inputsOf = (group: number, column: string | number): string =>
    `inputs${quads > together ? `_${group}` : ''}${written && columns > 1 ? `_${column}` : ''}`;
  const take = handAround(unroll);

  const loadWeights = (quad: number): Lines => eachBlock((block) => [`let ${weightsOf(quad, block)} = ${weights(plus('at_w', 'lane', (quad * blocks + block) * lanes))};`]);

  /** The lanes' loads of a single column bring the inputs of several turns, where a driver takes a lane that it does not know. */
  const keeps = !uniform && !written && columns === 1 && quads < lanes && groups % lanes === 0;

  /** Takes four inputs of a column, group `quad` of the turn, into its sums. */
  const multiply = (quad: number, column: string | number, inputs: string): Lines =>
    eachBlock((block) => {
      const sum = sumAt(block, column);
      return [`${sum} = ${inParts ? `fma(${inputs}, ${weightsOf(quad, block)}, ${sum})` : multiplyAdd(inputs, weightsOf(quad, block), sum)};`];
    });

  /** What all lanes load from one address. */
  const uniformTurn = (): Lines => [
    ...eachOf(quads, loadWeights),
    ...eachOf(quads / together, (group) =>
      each(unroll, 'i', columns, (column) => {
        const inputs = inputsOf(group, column);
        return [
          `let ${inputs} = ${input(column, group * together)};`,
          ...eachOf(together, (quad) => multiply(group * together + quad, column, together > 1 ? `${inputs}[${quad}]` : inputs)),
        ];
      }),
    ),
  ];

  /** What lanes load side by side and hand around. */
  const broadcastTurn = (): Lines => [
    ...eachOf(loads, (load) => [`let ${partName(load)} = ${input(load * columnsPerLoad, 0)};`]),
    ...eachOf(quads, (quad) => [
      ...loadWeights(quad),
      ...eachOf(loads, (load) => {
        const first = load * columnsPerLoad;
        return each(unroll, 'i', Math.min(columns - first, columnsPerLoad), (column) => {
          const from = plus(times(typeof column === 'number' ? column - first : first === 0 ? column : `(${column} - ${u(first)})`, quads), quad);
          return takeIn(quad, column, partName(load), from);
        }, first);
      }),
    ]),
  ];

  const takeIn = (quad: number, column: string | number, part: string, lane: string): Lines => {
    const inputs = inputsOf(quad, column);
    return [`let ${inputs} = ${take}(${part}, ${lane});`, ...multiply(quad, column, inputs)];
  };

  const weightsOfTurn = quads * lanes * blocks;
  const next = `at_w += ${u(weightsOfTurn)};`;

  /** A load for several turns. */
  const keepingLoop = (at: string): Lines => [
    `let part = ${input(0, 0)};`,
    `let stop = min(at_w + ${u((weightsOfTurn * lanes) / quads)}, end);`,
    `for (var quad = 0u; at_w < stop; quad += ${u(quads)}) {`,
    [...eachOf(quads, (quad) => [...loadWeights(quad), ...takeIn(quad, 0, 'part', plus('quad', quad))]), next],
    '}',
    `${at} += ${u(lanes)};`,
  ];

  const placeOfLoad = (): ColumnProduct['place'] => {
    if (uniform) return { column: '0u', quad: [] };
    if (keeps) return { column: '0u', quad: ['lane'] };
    const place = parts < lanes ? `lane % ${u(parts)}` : 'lane';
    if (quads === 1) return { column: place, quad: [] };
    return { column: `(${place}) / ${u(quads)}`, quad: [parts < lanes ? place : `lane % ${u(quads)}`] };
  };

  return {
    ...(sharing === undefined ? {} : { sharing }),
    place: placeOfLoad(),
    start: eachBlock((block) => {
      if (written || columns === 1) return each(unroll, 'i', columns, (column) => [`var ${sumAt(block, column)} = ${inParts ? 'vec4f()' : '0.0'};`]);
      return [`var ${named('sum', block)}: array<f32, ${columns}>;`];
    }),
    loop: (at) => [
      '// The end is no constant, so that no driver unrolls this loop.',
      'while (at_w < end) {',
      keeps ? keepingLoop(at) : [...(uniform ? uniformTurn() : broadcastTurn()), `${at} += ${u(quads / together)};`, next],
      '}',
    ],
    store({ count, has }, store) {
      const some = (block: number, column: string | number, value: string): Lines =>
        has === undefined || column === 0 ? store(block, column, value) : [`if (${has(column)}) {`, store(block, column, value), '}'];
      if (sharing !== undefined) {
        return eachBlock((block) => sharing.addUp(columns, (column) => total(block, column), '0.0', block > 0, (column) => some(block, columns === 1 ? 0 : column, 'total')));
      }
      if (written || uniform || columns * blocks === 1) return eachBlock((block) => each(unroll, 'i', columns, (column) => some(block, column, total(block, column))));
      return [
        `var finished: array<f32, ${columns * blocks}>;`,
        ...eachBlock((block) => each(unroll, 'i', columns, (column) => [`finished[${plus(times(column, blocks), block)}] = ${sumAt(block, column)};`])),
        `for (var i = 0u; i < ${count}${blocks > 1 ? ` * ${u(blocks)}` : ''}; i++) {`,
        store(modulo('i', blocks), columns > 1 ? over('i', blocks) : 0, 'finished[i]'),
        '}',
      ];
    },
  };
}
