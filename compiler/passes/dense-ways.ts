// The ways to cut a dense layer. Nothing estimates them: they are few, and the rules that order them were measured.

import { lanesWithin, type Target } from '../ir/target.ts';
import type { DenseTile } from '../kernels/dense.ts';
import type { MatrixTile } from '../kernels/matrix-product.ts';
import type { DenseColumnsTile } from '../kernels/dense-columns.ts';

/** A lane runs along the inputs of a few outputs; `images` and `rowsTogether` are for batches that fill them, else there is one image. */
export interface RowsWay {
  readonly kind: 'rows';
  readonly tile: DenseTile & { readonly rowsTogether?: number };
}

/**
 * A lane is an output or some; `quadsTogether` goes with `images`, and with more of them for larger batches, `quads` with one.
 * `matrices`, by the number of their images, make batches that fill them.
 */
export interface ColumnsWay {
  readonly kind: 'columns';
  readonly tile: DenseColumnsTile & { readonly quadsTogether: number; readonly imagesOfMany?: number; readonly matrices?: Readonly<Record<string, MatrixTile>> };
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
  const { supply, unroll, subgroupSize, limits } = target;
  const numbers = limits.maxComputeWorkgroupStorageSize / 4;
  const groups = Math.ceil(inputs / (4 * lanes));
  const rows = imagesTogether.flatMap((together) =>
    rowCounts.flatMap((count): readonly RowsWay[] => {
      const most = subgroupSize === undefined ? Math.floor(numbers / (lanes * count)) : together;
      if (most < 1) return [];
      const tile = { lanes, rows: count, images: Math.min(together, most) };
      // A GPU's loads should be on their way together, and registers for eight images are few.
      return [{ kind: 'rows', tile: supply === 'broadcast' ? tile : { ...tile, quads: groups % 2 === 0 ? 2 : 1, rowsTogether: Math.min(2, count) } }];
    }),
  );
  // Weights that are cut for their size must be cut between workgroups.
  const fits = (blocks: number): boolean => units % (blocks * lanes) === 0 || weightBytes * units * inputs < limits.maxStorageBufferBindingSize / 2;
  if (supply === 'uniform') return subgroupSize === undefined ? rows : [...sharedColumns(groups * lanes, target, lanes, [1, 2].filter(fits)), ...rows];
  const usual = [4, 2].find((count) => units >= count * lanes * enoughWorkgroups) ?? 1;
  const columns = imagesTogether.flatMap((images) =>
    [1, 2].flatMap((quadsTogether) =>
      [usual, ...[4, 2, 1].filter((blocks) => blocks !== usual)].filter(fits).flatMap((blocks) => {
        // Where a load of inputs lasts for several turns, these may be short.
        const usualQuads = unroll === 'driver' ? 1 : Math.min(8 / blocks, lanes);
        return [usualQuads, ...[8, 4, 2, 1].filter((quads) => quads !== usualQuads && quads <= lanes && quads * blocks <= mostAtOnce)].map(
          (quads): ColumnsWay => ({ kind: 'columns', tile: { lanes, blocks, quads, images, quadsTogether } }));
      }),
    ),
  );
  const [first] = columns;
  return first?.tile.blocks === usual ? [first, ...rows.slice(0, 1), ...columns.slice(1), ...rows.slice(1)] : [...rows, ...columns];
}

/**
 * Of subgroups that share the inputs, as many of them as a workgroup may have first. One image's loads are all on their way at
 * once; for several, their values are scalars, of which a GPU holds about a hundred.
 * @param groups of four inputs
 */
function sharedColumns(groups: number, { limits }: Target, lanes: number, blockCounts: readonly number[]): readonly ColumnsWay[] {
  const quads = (most: number, shares: number): number => [16, 8, 4, 2].find((count) => count <= most && groups % (count * shares) === 0) ?? 1;
  return [8, 4, 2, 1].flatMap((shares) => {
    const fits = (images: number): boolean => shares === 1 || images * shares * lanes * 4 <= limits.maxComputeWorkgroupStorageSize;
    const together = imagesTogether.find(fits);
    if (together === undefined || shares * lanes > limits.maxComputeInvocationsPerWorkgroup || groups % shares !== 0) return [];
    return blockCounts.map((blocks): ColumnsWay => ({
      kind: 'columns',
      tile: { lanes, blocks, shares, quads: quads(16 / blocks, shares), images: together, quadsTogether: quads(4, shares), ...(fits(16) ? { imagesOfMany: 16 } : {}) },
    }));
  });
}
