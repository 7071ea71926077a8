// Subgroups of one workgroup that share the terms of its sums among them: each takes in its part, and what they have is
// added up in workgroup memory, where each finishes some of the sums. So a GPU has enough subgroups to work on where a layer
// has few results, and each result many terms.

import { each, plus, times, u, type Lines } from './wgsl.ts';

export interface Shares {
  readonly enables: readonly string[];
  /** Memory that the subgroups add up in. */
  readonly shared: readonly string[];
  readonly builtins: readonly string[];
  /** Tells `share`, the number of a subgroup; its lanes have a `lane` each. */
  readonly place: Lines;
  /**
   * Adds up what the subgroups have of `sums` sums a lane, no more than room was asked for.
   * @param sum one of a subgroup's sums
   * @param again whether the memory was used before
   * @param finish what is done with a `total`
   */
  addUp(sums: number, sum: (index: string | number) => string, start: string, again: boolean, finish: (index: string) => Lines): Lines;
}

/** `most`: sums of a lane that are added up at once. */
export function shareAmong(shares: number, lanes: number, most: number): Shares {
  return {
    enables: ['requires subgroup_id;', 'enable subgroups;'],
    shared: [`var<workgroup> part: array<f32, ${shares * most * lanes}>;  // [share]${most > 1 ? '[sum]' : ''}[lane]`],
    builtins: ['@builtin(subgroup_id) subgroup: u32', '@builtin(subgroup_invocation_id) lane: u32'],
    place: ['// Told so, a compiler knows that it is the same for all lanes of a subgroup.', 'let share = subgroupBroadcastFirst(subgroup);'],
    addUp(sums, sum, start, again, finish) {
      const partAt = (share: string, index: string | number): string =>
        `part[${plus(String(times(sums === 1 ? share : `${share} * ${u(sums)} + ${typeof index === 'number' ? u(index) : index}`, lanes)), 'lane')}]`;
      const mine = Math.ceil(sums / shares);
      return [
        ...(again ? ['workgroupBarrier();'] : []),
        ...each('driver', 'i', sums, (index) => [`${partAt('share', index)} = ${sum(index)};`]),
        'workgroupBarrier();',
        ...each('driver', 'round', mine, (round) => {
          const lines: Lines = [
            `var total = ${start};`,
            `for (var other = 0u; other < ${u(shares)}; other++) { total += ${partAt('other', 'i')}; }`,
            ...finish('i'),
          ];
          const index = `let i = ${plus('share', times(round, shares))};`;
          const some = sums % shares === 0 ? lines : [`if (i < ${u(sums)}) {`, lines, '}'];
          return mine > 1 ? [index, ...some] : ['{', [index, ...some], '}'];
        }),
      ];
    },
  };
}
