// The loop that dense layers and Winograd's products share: a lane is an output, or some in blocks, and has the weights of
// its outputs side by side with its neighbours'; columns (images, or tiles) have their inputs in groups of four that the
// lanes load together and hand around, so that each weight is loaded once for all columns.

import { each, handAround, modulo, multiplyAdd, ofBlock, over, plus, text, times, u, type Lines, type Unroll } from './wgsl.ts';

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
  /** Declares the sums. */
  readonly start: Lines;
  /** Which column and, as a term where there are several, which group of four a lane loads first, of the workgroup's. */
  readonly place: { readonly column: string; readonly quad: readonly string[] };
  /** Loads what a turn takes in and adds its products to the sums; `at_w` is the turn's first group of weights. */
  readonly turn: Lines;
  /**
   * Stores the sums of all blocks and of `count` columns: one after the other where loops are written out, else by a loop over
   * a copy of them, since each store in the text takes its driver tens of milliseconds to compile. `count` is no constant.
   */
  store(count: string, store: (block: string | number, column: string | number, value: string) => Lines): Lines;
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
    place: { column: quads === 1 ? place : `(${place}) / ${u(quads)}`, quad: quads === 1 ? [] : [parts < lanes ? place : `lane % ${u(quads)}`] },
    start: eachBlock((block) => {
      if (written || columns === 1) return each(unroll, 'i', columns, (column) => [`var ${sumAt(block, column)} = 0.0;`]);
      return [`var ${named('sum', block)}: array<f32, ${columns}>;`];
    }),
    turn: [
      ...Array.from({ length: loads }, (_, load) => `let ${partName(load)} = ${input(load * columnsPerLoad)};`),
      ...Array.from({ length: quads }, (_, quad): Lines => [
        ...eachBlock((block) => [`let ${weightsOf(quad, block)} = ${weights(plus('at_w', 'lane', (quad * blocks + block) * lanes))};`]),
        ...multiply(quad),
      ]).flat(),
    ],
    store(count, store) {
      if (written || columns * blocks === 1) return eachBlock((block) => each(unroll, 'i', columns, (column) => store(block, column, sumAt(block, column))));
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
