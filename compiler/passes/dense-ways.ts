// The ways to cut a dense layer. Nothing estimates them: they are few, and the rules that order them were measured.

import { lanesWithin, type Target } from '../ir/target.ts';
import type { DenseTile } from '../kernels/dense.ts';
import type { DenseColumnsTile } from '../kernels/dense-columns.ts';

/** A lane runs along the inputs of a few outputs; `images` is for batches that fill it, else there is one. */
export interface RowsWay {
  readonly kind: 'rows';
  readonly tile: DenseTile;
}

/** A lane is an output or some; `quadsTogether` goes with `images`, `quads` with one. */
export interface ColumnsWay {
  readonly kind: 'columns';
  readonly tile: DenseColumnsTile & { readonly quadsTogether: number };
}

/** Images that share one reading of a dense layer's weights. */
const imagesTogether = [8, 4] as const;

/** Workgroups below which a dense layer rather has fewer outputs in each. */
const enoughWorkgroups = 16;

/** What a lane has in its registers at once: outputs times groups of inputs. */
const mostAtOnce = 16;

/** Outputs of a workgroup whose lanes run along the inputs, the usual number first. */
const rowCounts = [4, 8, 2, 1] as const;

/** Lanes of a dense layer's workgroup. */
export function denseLanes({ subgroupSize, limits }: Target): number {
  // Without subgroups lanes add up what they have in workgroup memory: a number for each lane, row and image.
  return subgroupSize ?? lanesWithin(limits, Math.min(64, limits.maxComputeWorkgroupStorageSize / 4 / rowCounts[0]));
}

/**
 * Every way, the usual one first.
 * @param weightBytes how many bytes a weight takes
 */
export function denseWays(inputs: number, units: number, weightBytes: number, target: Target): readonly (RowsWay | ColumnsWay)[] {
  const lanes = denseLanes(target);
  const { supply, subgroupSize, limits } = target;
  const numbers = limits.maxComputeWorkgroupStorageSize / 4;
  const rows = imagesTogether.flatMap((together) =>
    rowCounts.flatMap((count): readonly RowsWay[] => {
      const most = subgroupSize === undefined ? Math.floor(numbers / (lanes * count)) : together;
      return most < 1 ? [] : [{ kind: 'rows', tile: { lanes, rows: count, images: Math.min(together, most) } }];
    }),
  );
  if (supply !== 'broadcast') return rows;
  const usual = [4, 2].find((count) => units >= count * lanes * enoughWorkgroups) ?? 1;
  // Weights that are cut for their size must be cut between workgroups.
  const fits = (blocks: number): boolean => units % (blocks * lanes) === 0 || weightBytes * units * inputs < limits.maxStorageBufferBindingSize / 2;
  const columns = imagesTogether.flatMap((images) =>
    [1, 2].flatMap((quadsTogether) =>
      [usual, ...[4, 2, 1].filter((blocks) => blocks !== usual)].filter(fits).flatMap((blocks) => {
        const usualQuads = Math.min(8 / blocks, lanes);
        return [usualQuads, ...[8, 4, 2, 1].filter((quads) => quads !== usualQuads && quads <= lanes && quads * blocks <= mostAtOnce)].map(
          (quads): ColumnsWay => ({ kind: 'columns', tile: { lanes, blocks, quads, images, quadsTogether } }));
      }),
    ),
  );
  const [first] = columns;
  return first?.tile.blocks === usual ? [first, ...rows.slice(0, 1), ...columns.slice(1), ...rows.slice(1)] : [...rows, ...columns];
}
