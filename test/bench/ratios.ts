// Times and memory of peers as multiples of netloom's, each from the rows that were measured together.

import type { AdapterName } from './adapter.ts';
import type { Row } from './compare.ts';
import type { Results } from './results.ts';

/** How many times netloom's a peer takes, where both are known. */
export interface Ratio {
  readonly row: Row;
  readonly run: number | undefined;
  readonly cold: number | undefined;
  readonly warm: number | undefined;
  readonly memory: number | undefined;
}

export function ratiosOf({ compared }: Pick<Results, 'compared'>, adapter: AdapterName): readonly Ratio[] {
  return compared.filter((cell) => cell.adapter === adapter).flatMap(({ measured }) => {
    const own = measured.find(({ row }) => row.peer === 'netloom')?.row;
    return measured.filter(({ row }) => row !== own).map(({ row }): Ratio => {
      const ratio = (of: 'median_ms' | 'first_cold_ms' | 'first_warm_ms' | 'rss_mb'): number | undefined => {
        const [theirs, ours] = [row[of], own?.[of] ?? null];
        return theirs === null || ours === null ? undefined : theirs / ours;
      };
      return { row, run: ratio('median_ms'), cold: ratio('first_cold_ms'), warm: ratio('first_warm_ms'), memory: ratio('rss_mb') };
    });
  });
}
