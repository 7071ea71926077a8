// Dense weights larger than a binding are cut between outputs, and their kernel is dispatched once for each part. So are more
// outputs than a dispatch has workgroups for.

import type { Limits } from '../ir/target.ts';
import type { Slice } from './workgroups.ts';

/**
 * `units` outputs, `unitBytes` of weights each, in parts that fit a binding and a dispatch; a workgroup makes `atOnce` outputs.
 * A part begins at a multiple of 64 outputs, whose addresses are multiples of 256 bytes, as bindings ask.
 */
export function cutUnits(units: number, unitBytes: number, { maxStorageBufferBindingSize: limit, maxComputeWorkgroupsPerDimension }: Limits, atOnce: number): readonly Slice[] {
  const whole = Math.ceil(64 / atOnce) * atOnce;
  const fits = Math.min(limit / unitBytes, maxComputeWorkgroupsPerDimension * atOnce);
  const most = Math.ceil(units / atOnce) * atOnce <= fits ? units : Math.floor(fits / whole) * whole;
  if (most === 0) throw new Error(`${whole} rows of ${unitBytes} bytes do not fit a binding of ${limit} bytes`);
  const parts = Math.ceil(units / most);
  const unitsEach = Math.min(most, Math.ceil(units / parts / whole) * whole);
  return Array.from({ length: Math.ceil(units / unitsEach) }, (_, index) => {
    const firstChannel = index * unitsEach;
    return { firstChannel, workgroups: [Math.ceil(Math.min(unitsEach, units - firstChannel) / atOnce), 1] as const };
  });
}
