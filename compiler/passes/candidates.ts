// Which of a kernel's ways are worth measuring: the best by their estimates, and different enough from each other that a wrong
// estimate of one kind of cut does not decide for all.

import type { EstimatedWay, Way } from './ways.ts';

/** Beyond so many times the best estimate nothing is expected any more. */
const hopeless = 2;

/**
 * Those of `ways`, which are in the order of their estimates, that are worth it, the best of all first. Of ways that differ in
 * details only, the best one stands among the others, and the next ones at the end.
 */
export function candidatesOf(ways: readonly EstimatedWay[]): readonly Way[] {
  const most = hopeless * (ways[0]?.estimate ?? 0);
  const able = ways.filter(({ estimate = 0 }) => estimate <= most);
  const kinds = new Set<string>();
  const [distinct, alike]: [Way[], Way[]] = [[], []];
  for (const { way } of able) {
    const kind = kindOf(way);
    (kinds.has(kind) ? alike : distinct).push(way);
    kinds.add(kind);
  }
  return [...distinct, ...alike];
}

/** What ways have in common that differ in details. */
function kindOf(way: Way): string {
  if (way.kind !== 'direct') return JSON.stringify(way);
  const { rows, blocks, turn } = way.tile;
  return [rows, blocks, turn === 'kernel row'].join();
}
