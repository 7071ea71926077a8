import type { PackedWeight } from '../../runtime/plan.ts';

/** What the buffer of a packed weight holds, in bytes. */
export function packedBytes({ order, type }: PackedWeight): number {
  return order.reduce((product, { size }) => product * size, type === 'f16' ? 2 : 4);
}
