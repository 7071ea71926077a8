// A target's limits on workgroups, and what a shader takes of them: how many there may be, of how many lanes, and with how
// much memory of their own.

import type { Limits, Target } from '../ir/target.ts';
import { u, type Lines } from './wgsl.ts';

/** Part of a dispatch that had to be split because one of its weights is larger than a binding may be. */
export interface Slice {
  readonly firstChannel: number;
  readonly workgroups: readonly [x: number, y: number];
}

/**
 * Workgroups of which a dimension holds too few: they are numbered, dispatched as fewer rows or columns, and find out by their
 * number which one they are.
 */
export function spread(
  slices: readonly Slice[], builtins: readonly string[], lanes: number, most: number,
): { readonly slices: readonly Slice[]; readonly builtins: readonly string[]; readonly lines: Lines } {
  const [slice] = slices;
  if (slice === undefined || slices.every(({ workgroups }) => Math.max(...workgroups) <= most)) return { slices, builtins, lines: [] };
  if (slices.length > 1) throw new Error('parts of a kernel must each fit a dispatch');
  const [x, y] = slice.workgroups;
  const rows = Math.ceil((x * y) / most);
  const columns = Math.ceil((x * y) / rows);
  const group = `nth % ${u(x)}, nth / ${u(x)}, dispatched.z`;
  const threads = builtins.some((builtin) => builtin.includes('global_invocation_id'));
  return {
    slices: [{ ...slice, workgroups: [columns, rows] }],
    builtins: [
      '@builtin(workgroup_id) dispatched: vec3u',
      ...(threads ? ['@builtin(local_invocation_index) thread: u32'] : []),
      ...builtins.filter((builtin) => !/\((?:workgroup_id|global_invocation_id)\)/.test(builtin)),
    ],
    lines: [
      `// ${x} x ${y} workgroups are too many for a dimension: they are dispatched as ${columns} x ${rows}.`,
      `let nth = dispatched.y * ${u(columns)} + dispatched.x;`,
      `if (nth >= ${u(x * y)}) { return; }`,
      `let group = vec3u(${group});`,
      ...(threads ? [`let id = vec3u(group.x * ${u(lanes)} + thread, group.yz);`] : []),
      '',
    ],
  };
}

/** Of one value of each type that workgroups share. */
const sizes: Readonly<Record<string, number>> = { f16: 2, f32: 4, u32: 4, i32: 4, vec2h: 4, vec4h: 8, vec2f: 8, vec2u: 8, vec4f: 16 };

/** The memory of `var<workgroup> name: array<f32, 64>;`. */
export function bytesOf(declaration: string): number {
  const size = (type: string): number => {
    const [, element = '', count = ''] = /^array<(.+), (\d+)>$/.exec(type) ?? [];
    const bytes = count === '' ? sizes[type] : Number(count) * size(element);
    if (bytes === undefined) throw new Error(`how large is a ${type}?`);
    return bytes;
  };
  return size(/^var<workgroup> \w+: (.+?);/.exec(declaration)?.[1] ?? declaration);
}

/** Skeletons are given a target's limits to choose by; one that did not is our mistake, not the user's. */
export function obey(kernel: string, { name, limits }: Target, used: Partial<Limits>): void {
  for (const [limit, amount] of Object.entries(used)) {
    const most = limits[limit as keyof Limits];
    if (amount > most) throw new Error(`${kernel} wants a ${limit} of ${amount}, and ${name} has ${most}`);
  }
}
