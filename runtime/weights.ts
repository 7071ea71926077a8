// The tensors that a plan needs, from a `.safetensors` file or from the formula: named, checked against the plan before any
// is read, and read piece by piece.

import { fileURLToPath } from 'node:url';
import { InputError } from './errors.ts';
import type { WeightSpec } from './plan.ts';
import { openSafetensors } from './safetensors.ts';
import { fillSynthetic } from './synthetic.ts';

/** Where weights come from. A program may bring its own. */
export interface Weights {
  /** What messages call it: a path, `synthetic:7`. */
  readonly name: string;
  /** The shape of each tensor it has. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Fills `into` with the tensor's values from element `first` on. */
  read(tensor: string, first: number, into: Float32Array): Promise<void>;
  close(): Promise<void>;
}

/** Counters that PyTorch saves beside a batchnorm and that inference never reads. */
const UNUSED = /\.num_batches_tracked$/;

const MAX_NAMED = 20;

/**
 * Opens `from`: the path or file URL of a `.safetensors` file, `synthetic:SEED`, or weights that a program brings. Its tensors
 * are exactly `specs`: everything missing, extra or of another shape is named in one InputError.
 */
export async function openWeights(from: string | URL | Weights, specs: readonly WeightSpec[]): Promise<Weights> {
  if (typeof from === 'object' && !(from instanceof URL)) {
    assertFits(from, specs);
    return from;
  }
  const seed = syntheticSeed(from);
  if (seed !== undefined) return syntheticWeights(seed, specs);
  const path = typeof from === 'string' && !from.startsWith('file:') ? from : fileURLToPath(from);
  const file = await openSafetensors(path);
  const shapes = new Map([...file.tensors].map(([name, { shape }]) => [name, shape]));
  const weights: Weights = { name: path, shapes, read: (name, first, into) => file.read(name, first, into), close: () => file.close() };
  try {
    assertFits(weights, specs);
  } catch (fault) {
    await file.close();
    throw fault;
  }
  return weights;
}

/** The seed of `synthetic:7`; undefined for what is no `synthetic:`. */
export function syntheticSeed(from: string | URL): number | undefined {
  const text = String(from);
  if (!text.startsWith('synthetic:')) return undefined;
  const seed = text.slice('synthetic:'.length);
  if (!/^\d+$/.test(seed) || Number(seed) > 0xffff_ffff) {
    throw new InputError(`\`${text}\` should be synthetic: and a seed, a whole number from 0 to 4294967295: synthetic:7`);
  }
  return Number(seed);
}

/** Reads `into`, and throws where a value is not finite. */
export async function readFinite(weights: Weights, tensor: string, first: number, into: Float32Array): Promise<void> {
  await weights.read(tensor, first, into);
  // x * 0 is 0 for every finite x, so the sums are. By index, and two of them, since this sees every weight there is.
  let [even, odd] = [0, 0];
  for (let i = 0; i + 1 < into.length; i += 2) {
    even += (into[i] ?? 0) * 0;
    odd += (into[i + 1] ?? 0) * 0;
  }
  if (even + odd + (into.at(-1) ?? 0) * 0 === 0) return;
  const at = into.findIndex((value) => !Number.isFinite(value));
  const place = indexOf(first + at, weights.shapes.get(tensor) ?? []);
  throw new InputError(`${tensor}[${place.join(',')}] in ${weights.name} is ${into[at] ?? NaN}: no weight may be`);
}

function syntheticWeights(seed: number, specs: readonly WeightSpec[]): Weights {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  return {
    name: `synthetic:${seed}`,
    shapes: new Map(specs.map(({ name, shape }) => [name, shape])),
    read(name, first, into) {
      const synthetic = byName.get(name)?.synthetic ?? { bound: 0, shape: 'v' };
      fillSynthetic(into, first, name, seed, synthetic.bound);
      if (synthetic.shape === '1 + v') for (let i = 0; i < into.length; i++) into[i] = 1 + (into[i] ?? 0);
      if (synthetic.shape === '0.5 + v * v') for (let i = 0; i < into.length; i++) into[i] = 0.5 + (into[i] ?? 0) ** 2;
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

function assertFits(weights: Weights, specs: readonly WeightSpec[]): void {
  const wanted = new Set(specs.map(({ name }) => name));
  const missing: string[] = [];
  const misshapen: string[] = [];
  for (const { name, shape } of specs) {
    const given = weights.shapes.get(name);
    if (given === undefined) missing.push(`${name} [${shape.join(',')}]`);
    else if (given.length !== shape.length || given.some((extent, axis) => extent !== shape[axis])) {
      misshapen.push(`${name} is [${given.join(',')}] in the file, the plan needs [${shape.join(',')}]`);
    }
  }
  const extra = [...weights.shapes].filter(([name]) => !wanted.has(name) && !UNUSED.test(name));
  const lines = [
    ...section('missing', missing),
    ...section('of another shape', misshapen),
    ...section('not in the model', extra.map(([name, shape]) => `${name} [${shape.join(',')}]`)),
  ];
  if (lines.length > 0) throw new InputError([`${weights.name} does not fit the model:`, ...lines].join('\n'));
}

function section(title: string, entries: readonly string[]): string[] {
  if (entries.length === 0) return [];
  const rest = entries.length > MAX_NAMED ? [`and ${entries.length - MAX_NAMED} more`] : [];
  return [`  ${title} (${entries.length}):`, ...[...entries.slice(0, MAX_NAMED), ...rest].map((entry) => `    ${entry}`)];
}

/** The coordinates of a flat index. */
export function indexOf(flat: number, shape: readonly number[]): number[] {
  const place: number[] = [];
  for (const extent of shape.toReversed()) {
    place.unshift(flat % extent);
    flat = Math.floor(flat / extent);
  }
  return place;
}
