// Which of a kernel's ways are worth measuring: the best by their estimates, and different enough from each other that a wrong
// estimate of one kind of cut does not decide for all.

import type { EstimatedWay, Way } from './ways.ts';

/** Beyond so many times the best estimate nothing is expected any more. */
const hopeless = 2;

/**
 * Those of `ways`, which are in the order of their estimates, that are worth it, the best of all first. Then come the best
 * direct one and the best for each size of Winograd's tiles, then ways that differ in more than details, then the rest.
 */
export function candidatesOf(ways: readonly EstimatedWay[]): readonly Way[] {
  const most = hopeless * (ways[0]?.estimate ?? 0);
  const able = ways.filter(({ estimate = 0 }) => estimate <= most).map(({ way }) => way);
  return [...new Set([...firstOfEach(able, family), ...firstOfEach(able, shape), ...able])];
}

function firstOfEach(ways: readonly Way[], kindOf: (way: Way) => string): readonly Way[] {
  const found = new Map<string, Way>();
  for (const way of ways) if (!found.has(kindOf(way))) found.set(kindOf(way), way);
  return [...found.values()];
}

const family = (way: Way): string => (way.kind === 'winograd' ? `winograd ${way.tile.outputs}` : way.kind);

/** What direct ways have in common that differ in details. */
const shape = (way: Way): string => (way.kind === 'direct' ? [way.tile.rows, way.tile.blocks, way.tile.turn === 'kernel row'].join() : JSON.stringify(way));
