// Which of a plan's variants a device can run, and what the device must be asked for. Variants stand in the plan best first;
// the first that fits is taken, and why the ones before it do not fit is kept, for people to read.

import { whatIsMissing, type AdapterReport, type MatrixConfig, type PassedOver } from './device.ts';
import { MachineError } from './errors.ts';
import { packedBytes } from './pack.ts';
import type { DeviceNeeds, Plan, Step, Variant } from './plan.ts';

/** What WebGPU guarantees on every device, where a plan may need more. */
const GUARANTEED: Readonly<Record<string, number>> = {
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxBufferSize: 256 * 2 ** 20,
  maxStorageBuffersPerShaderStage: 8,
};

/** Activations beyond this gain nothing: a batch that needs more is run in parts. */
export const MAX_ACTIVATION_BYTES = 512 * 2 ** 20;

export interface Pick {
  readonly variant: Variant;
  readonly passedOver: readonly PassedOver[];
}

/** The first of `plan.variants` that `adapter` can run; throws a MachineError where there is none. */
export function pickVariant(plan: Plan, adapter: AdapterReport): Pick {
  const { variant, passedOver } = findVariant(plan, adapter);
  if (variant === undefined) throw noVariant(plan.model, adapter, passedOver);
  return { variant, passedOver };
}

/** The same, undefined where there is none. */
export function findVariant(plan: Plan, adapter: AdapterReport): { readonly variant: Variant | undefined; readonly passedOver: readonly PassedOver[] } {
  const passedOver: PassedOver[] = [];
  for (const variant of plan.variants) {
    const reason = whyNot(variant.needs, adapter) ?? lacking(adapter, whatIsMissing(adapter, deviceNeeds(variant)));
    if (reason === undefined) return { variant, passedOver };
    passedOver.push({ name: variant.target, reason });
  }
  return { variant: undefined, passedOver };
}

/** Why `adapter` cannot run a variant of these needs, as far as they tell before it is compiled; undefined where it can. */
export function whyNot(needs: DeviceNeeds, adapter: AdapterReport): string | undefined {
  const { features, limits, maxStorageBufferBindingSize } = needs;
  return lacking(adapter, [...whatIsMissing(adapter, { features, limits: { maxStorageBufferBindingSize, ...limits } }), ...wrongSubgroups(needs, adapter), ...wrongMatrices(needs, adapter)]);
}

/** What is thrown where all variants were passed over. */
export function noVariant(model: string, adapter: AdapterReport, passedOver: readonly PassedOver[]): MachineError {
  const reasons = passedOver.map(({ name, reason }) => `\n  ${name}: ${reason}`).join('');
  return new MachineError(`${adapter.name} can run no variant of ${model}:${reasons || ' it has none'}`);
}

const lacking = (adapter: AdapterReport, lacks: readonly string[]): string | undefined =>
  lacks.length === 0 ? undefined : `${adapter.name} lacks ${lacks.join(', ')}`;

/** The features and limits to open a device with, limits only where they exceed what is guaranteed. */
export function deviceNeeds(variant: Variant): { features: readonly string[]; limits: Record<string, number> } {
  const bytes = [...variant.slots, ...variant.weights.map(packedBytes)];
  const sizes: Record<string, number> = {
    maxStorageBufferBindingSize: variant.needs.maxStorageBufferBindingSize,
    maxBufferSize: Math.max(...bytes),
    maxStorageBuffersPerShaderStage: Math.max(...variant.steps.map(({ bindings }) => bindings.length)),
    ...variant.needs.limits,
  };
  const beyond = Object.entries(sizes).filter(([name, least]) => least > (GUARANTEED[name] ?? -1));
  return { features: variant.needs.features, limits: Object.fromEntries(beyond) };
}

/**
 * What each image after a kernel's first adds to its time: it reads each weight once for all of them. Measured on software
 * GPUs, where eight take as long as two to three; on others less.
 */
const ANOTHER_IMAGE = 0.2;

/** Which of the step's kernels runs a batch: the one that needs the least time, whether the batch fills it or not. */
export function kernelFor({ kernels }: Step, images: number): number {
  let best = 0;
  let least = Infinity;
  for (const [index, kernel] of kernels.entries()) {
    const time = Math.ceil(images / kernel.images) * (1 + (kernel.images - 1) * ANOTHER_IMAGE);
    if (time < least) [best, least] = [index, time];
  }
  return best;
}

/** How many images the buffers must hold for a batch: a kernel that takes eight at a time touches all eight. */
export function capacityFor({ steps }: Variant, images: number): number {
  let capacity = images;
  for (const step of steps) {
    const unit = step.kernels[kernelFor(step, images)]?.images ?? 1;
    capacity = Math.max(capacity, Math.ceil(images / unit) * unit);
  }
  return capacity;
}

/** The most images that can be run at once where one buffer may have `maxBytes` and a dispatch `maxGroups` workgroups in z. */
export function largestPart(plan: Plan, variant: Variant, maxBytes: number, maxGroups: number): number {
  const resultBytes = variant.outputs.reduce((sum, { layout }) => sum + 4 * layout.imageStride, 0);
  const imageBytes = Math.max(...variant.slots, resultBytes);
  const total = variant.slots.reduce((sum, bytes) => sum + bytes, 0);
  const fit = Math.min(maxGroups, Math.floor(maxBytes / imageBytes), Math.max(capacityFor(variant, 1), Math.floor(MAX_ACTIVATION_BYTES / total)));
  let images = fit;
  while (images > 0 && capacityFor(variant, images) > fit) images--;
  if (images > 0) return images;
  const needs = imageBytes * capacityFor(variant, 1);
  throw new MachineError(`one image of ${plan.model} needs a buffer of ${needs} bytes, and this device binds ${maxBytes} at most`);
}

/** Matrices without the feature are told of as the feature. */
function wrongMatrices({ matrices, features }: DeviceNeeds, { features: has, subgroupMatrixConfigs: configs = [] }: AdapterReport): readonly string[] {
  if (matrices === undefined || features.some((name) => !has.includes(name))) return [];
  const { m, n, k } = matrices;
  const found = configs.some(({ M, N, K, componentType, resultComponentType }) => M === m && N === n && K === k && componentType === 'f16' && resultComponentType === 'f32');
  return found ? [] : [`f16 matrices of ${m}x${n}x${k} with f32 results (it has ${configs.map(printMatrix).join(', ') || 'none'})`];
}

/** `16x16x16 of f16 into f32`. */
export const printMatrix = ({ M, N, K, componentType, resultComponentType }: MatrixConfig): string => `${M}x${N}x${K} of ${componentType} into ${resultComponentType}`;

function wrongSubgroups({ subgroupSize: size, features }: DeviceNeeds, adapter: AdapterReport): readonly string[] {
  if (size === undefined) return [];
  const { subgroupMinSize: least = 0, subgroupMaxSize: most = 0 } = adapter;
  // With this feature the shaders themselves say which size they want.
  const fits = features.includes('subgroup-size-control') ? least <= size && size <= most : least === size && most === size;
  return fits ? [] : [`subgroups of ${size} (it has ${least === most ? least : `${least} to ${most}`})`];
}
