// The loop that dense layers and Winograd's products share: a lane is an output, or some in blocks, and has the weights of
// its outputs side by side with its neighbours'; columns (images, or tiles) have their inputs in groups of four that the
// lanes load together and hand around, so that each weight is loaded once for all columns.

import { each, handAround, multiplyAdd, ofBlock, plus, text, times, u, type Lines, type Unroll } from './wgsl.ts';

export interface ColumnProductTile {
  /** Outputs side by side. */
  readonly lanes: number;
  /** Outputs a lane works on. */
  readonly blocks: number;
  /** Columns of a workgroup. */
  readonly columns: number;
  /** What one turn of the loop takes in of each column's inputs, in groups of four values; divides `lanes`. */
  readonly quads: number;
}

export interface ColumnProduct {
  /** Lines for each block of outputs. */
  readonly eachBlock: (lines: (block: number) => Lines) => Lines;
  /** A name for something that each block has one of. */
  readonly named: (name: string, block: number) => string;
  /** Declares the sums, which start at `initial` of a block. */
  start(initial?: (block: number) => string): Lines;
  /** Which column and, as a term where there are several, which group of four a lane loads first, of the workgroup's. */
  readonly place: { readonly column: string; readonly quad: readonly string[] };
  /** Loads what a turn takes in and adds its products to the sums; `at_w` is the turn's first group of weights. */
  readonly turn: Lines;
  /**
   * Stores a block's sums: one after the other where loops are written out, else by a loop of `count` turns, no constant,
   * over a copy of them, since a store costs its driver milliseconds to compile.
   */
  store(block: number, count: string, store: (column: string | number, value: string) => Lines): Lines;
}

/**
 * @param input how a lane's group of inputs is loaded, `columnsOn` columns further on than its first
 * @param weights how four weights are loaded
 */
export function columnProduct(
  { lanes, blocks, columns, quads }: ColumnProductTile, unroll: Unroll, input: (columnsOn: number) => string, weights: (index: string) => string,
): ColumnProduct {
  const written = unroll === 'written';
  const named = (name: string, block: number): string => ofBlock(name, block, blocks);
  const eachBlock = (lines: (block: number) => Lines): Lines => Array.from({ length: blocks }, (_, block) => lines(block)).flat();
  const sumAt = (block: number, column: string | number): string => {
    const name = named('sum', block);
    return columns === 1 ? name : written ? `${name}_${column}` : `${name}[${text(column)}]`;
  };
  const parts = columns * quads;
  const loads = Math.ceil(parts / lanes);
  const partName = (load: number): string => (loads > 1 ? `part_${load}` : 'part');
  const columnsPerLoad = lanes / quads;
  const place = parts < lanes ? `lane % ${u(parts)}` : 'lane';
  const weightsOf = (quad: number, block: number): string => `${named('weights', block)}${quads > 1 ? `_${quad}` : ''}`;
  const take = handAround(unroll);

  /** Takes the turn's group `quad` of four inputs into the sums of all columns. */
  function multiply(quad: number): Lines {
    return Array.from({ length: loads }, (_, load): Lines => {
      const first = load * columnsPerLoad;
      return each(unroll, 'i', Math.min(columns - first, columnsPerLoad), (column) => {
        const inputs = `inputs${quads > 1 ? `_${quad}` : ''}${written && columns > 1 ? `_${column}` : ''}`;
        const from = plus(times(typeof column === 'number' ? column - first : first === 0 ? column : `(${column} - ${u(first)})`, quads), quad);
        return [
          `let ${inputs} = ${take}(${partName(load)}, ${from});`,
          ...eachBlock((block) => [`${sumAt(block, column)} = ${multiplyAdd(inputs, weightsOf(quad, block), sumAt(block, column))};`]),
        ];
      }, first);
    }).flat();
  }

  return {
    named,
    eachBlock,
    place: { column: quads === 1 ? place : `(${place}) / ${u(quads)}`, quad: quads === 1 ? [] : [parts < lanes ? place : `lane % ${u(quads)}`] },
    start: (initial) =>
      eachBlock((block) => {
        const value = initial?.(block);
        if (columns === 1) return [`var ${sumAt(block, 0)} = ${value ?? '0.0'};`];
        if (written) {
          const name = named('start', block);
          return [...(value === undefined ? [] : [`let ${name} = ${value};`]), ...each(unroll, 'i', columns, (column) => [`var ${sumAt(block, column)} = ${value === undefined ? '0.0' : name};`])];
        }
        const set = value === undefined ? [] : each(unroll, 'i', columns, (column) => [`${sumAt(block, column)} = ${value};`]);
        return [`var ${named('sum', block)}: array<f32, ${columns}>;`, ...set];
      }),
    turn: [
      ...Array.from({ length: loads }, (_, load) => `let ${partName(load)} = ${input(load * columnsPerLoad)};`),
      ...Array.from({ length: quads }, (_, quad): Lines => [
        ...eachBlock((block) => [`let ${weightsOf(quad, block)} = ${weights(plus('at_w', 'lane', (quad * blocks + block) * lanes))};`]),
        ...multiply(quad),
      ]).flat(),
    ],
    store(block, count, store) {
      if (columns === 1) return store(0, sumAt(block, 0));
      if (written) return each(unroll, 'i', columns, (column) => store(column, sumAt(block, column)));
      const all = named('finished', block);
      return [
        `var ${all}: array<f32, ${columns}>;`,
        ...each(unroll, 'i', columns, (column) => [`${all}[${text(column)}] = ${sumAt(block, column)};`]),
        `for (var i = 0u; i < ${count}; i++) {`,
        store('i', `${all}[i]`),
        '}',
      ];
    },
  };
}
