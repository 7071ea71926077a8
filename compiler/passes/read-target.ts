// A file as a target: a profile in the form of `targets/*.json`, whole or only what differs from another, or what
// `doctor --format json` prints of a device, from which its class follows.

import { costKeys, limitKeys, matrixKeys, profileKeys, type Profile, type ProfileKey } from '../ir/target-keys.ts';
import type { Limits, MatrixShape, Target } from '../ir/target.ts';
import { listOf, suggest } from '../source/suggest.ts';
import { classes, classFor, filledIn, profiles } from './targets.ts';
import { validateProfile } from './target-structure.ts';

/** The target, or all that is wrong with the file. */
export type ReadTarget = { readonly target: Target } | { readonly problems: readonly string[] };

/**
 * Reads a target from JSON.
 * @param name what it is called where the file does not say: the file's name without its ending
 */
export function readTarget(text: string, name: string): ReadTarget {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    return { problems: [`it is no JSON: ${(error as Error).message}`] };
  }
  const profile = isMap(data) ? asProfile(data) : data;
  if (typeof profile === 'string') return { problems: [profile] };
  const problems = validateProfile(profile).map(({ keyword, instancePath, params }) => tell(keyword, instancePath.split('/').slice(1), params, profile));
  if (problems.length > 0) return { problems: [...new Set(problems)] };
  const given = profile as Profile;
  const names = classes.map((other) => other.name);
  if (given.like !== undefined && !names.includes(given.like)) return { problems: [`\`like\` names no class: "${given.like}"${meant(given.like, names)}`] };
  const target = filledIn({ ...given, name: given.name ?? folderName(name), limits: usable(given.limits ?? {}) });
  const clash = inconsistency(target);
  return clash === undefined ? { target } : { problems: [clash] };
}

/** The target of this name; where there is none, the names that there are, and the one that may have been meant. */
export function targetNamed(word: string): { readonly target: Target } | { readonly names: readonly string[]; readonly near: string | undefined } {
  const target = profiles.find(({ name }) => name === word);
  if (target !== undefined) return { target };
  const names = profiles.map(({ name }) => name);
  return { names, near: suggest(word, names) };
}

/** What doctor prints, one adapter of it or its limits alone, as a profile; a text that says why it is none. */
function asProfile(data: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(data['adapters'])) {
    const used = isMap(data['used']) ? data['used']['name'] : undefined;
    const adapters: readonly unknown[] = data['adapters'];
    const found = adapters.find((adapter) => isMap(adapter) && adapter['name'] === used) ?? adapters[0];
    return isMap(found) ? asProfile(found) : 'it lists no adapter: doctor found none';
  }
  if (Object.hasOwn(data, 'maxStorageBufferBindingSize')) return { limits: known(data) };
  if (!Array.isArray(data['features']) || !isMap(data['limits'])) return data;
  const { features, limits, subgroupMinSize: least, subgroupMaxSize: most } = data;
  const sizes = features.includes('subgroups') && typeof least === 'number' && typeof most === 'number' ? { least, most } : undefined;
  const fixed = sizes?.least === sizes?.most ? sizes?.least : undefined;
  // A size that is not fixed is none that kernels can be written for, unless they may ask for one.
  const asking = features.includes('subgroup-size-control') && fixed === undefined ? classes.find((one) => one.asksForSize === true && isWithin(one, sizes)) : undefined;
  const { name, subgroupSize, asksForSize = false } = asking ?? classFor(fixed);
  const found = { ...(subgroupSize === undefined ? {} : { subgroupSize }), summary: `${String(data['name'])}, as doctor found it`, limits: known(limits) };
  const matrices = matricesIn(data['subgroupMatrixConfigs']);
  const base = matrices === undefined ? undefined : classes.find((one) => one.matrices?.m === matrices.m && one.subgroupSize === subgroupSize);
  return base === undefined ? { like: name, ...found } : { like: base.name, asksForSize, matrices, ...found };
}

/** The matrices that kernels can use, a shape for which there is a class before others. */
function matricesIn(configs: unknown): MatrixShape | undefined {
  const shapes = (Array.isArray(configs) ? configs : []).flatMap((config: unknown) =>
    isMap(config) && config['componentType'] === 'f16' && config['resultComponentType'] === 'f32' ? [{ m: Number(config['M']), n: Number(config['N']), k: Number(config['K']) }] : []);
  return shapes.find(({ m, n, k }) => classes.some(({ matrices }) => matrices?.m === m && matrices.n === n && matrices.k === k)) ?? shapes[0];
}

const isWithin = ({ subgroupSize: size = 0 }: Target, sizes: { least: number; most: number } | undefined): boolean =>
  sizes !== undefined && sizes.least <= size && size <= sizes.most;

/** A newer WebGPU has limits that this table has not, and no kernel depends on them. */
const known = (limits: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(limits).filter(([name]) => Object.hasOwn(limitKeys, name) || name in together));

/** Limits that hold besides one that kernels obey. */
const together: Readonly<Record<string, keyof Limits>> = {
  maxBufferSize: 'maxStorageBufferBindingSize',
  maxComputeWorkgroupSizeX: 'maxComputeInvocationsPerWorkgroup',
};

/** The limits that kernels obey. */
function usable(limits: Readonly<Record<string, number>>): Partial<Limits> {
  const own: Record<string, number> = {};
  for (const [name, value] of Object.entries(limits)) {
    const at = Object.hasOwn(limitKeys, name) ? name : together[name];
    if (at !== undefined && (name === at || limits[at] !== undefined)) own[at] = Math.min(own[at] ?? Infinity, value);
  }
  return own;
}

function inconsistency({ subgroupSize: size, matrices, supply, limits: { maxComputeInvocationsPerWorkgroup: most } }: Target): string | undefined {
  if (size === undefined && matrices !== undefined) return '`matrices` need `subgroupSize`: it is a subgroup that multiplies them';
  if (size === undefined) return supply === 'broadcast' ? '`supply` cannot be "broadcast" without `subgroupSize`: lanes hand values on within a subgroup' : undefined;
  return size > most ? `\`subgroupSize\` is ${size}, and \`limits.maxComputeInvocationsPerWorkgroup\` allows workgroups of ${most}` : undefined;
}

function tell(keyword: string, path: readonly string[], params: Readonly<Record<string, unknown>>, profile: unknown): string {
  const keys: Readonly<Record<string, ProfileKey>> = path[0] === 'costs' ? costKeys : path[0] === 'limits' ? limitKeys : path[0] === 'matrices' ? matrixKeys : profileKeys;
  if (keyword === 'additionalProperties') {
    const key = String(params['additionalProperty']);
    const where = path.length === 0 ? 'a target profile' : `\`${path.join('.')}\``;
    return `\`${[...path, key].join('.')}\` is no key of ${where}${meant(key, Object.keys(keys))}`;
  }
  const value = path.reduce<unknown>((at, key) => (isMap(at) ? at[key] : undefined), profile);
  const expected = path.length === 0 ? 'a map of keys, as in compiler/targets/portable.json' : (keys[path.at(-1) ?? ''] ?? profileKeys[path[0] as keyof Profile]).expected;
  return `${path.length === 0 ? 'it' : `\`${path.join('.')}\``} must be ${expected}; not ${JSON.stringify(value)}`;
}

function meant(word: string, all: readonly string[]): string {
  const near = suggest(word, all);
  return near === undefined ? `; it is one of ${listOf(all)}` : `; did you mean \`${near}\`?`;
}

/** A file's name as that of a folder. */
const folderName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+|-+$/g, '') || 'target';

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
