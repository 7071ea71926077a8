// A plan is played through step by step: who wrote what lies in each buffer when it is read, and whether zeros that kernels
// count on are ever written over.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { outputsOf } from '../../compiler/emit/plan.ts';
import { homeOf } from '../../compiler/ir/kernel.ts';
import { fuse, readsOf } from '../../compiler/passes/fuse.ts';
import { hasMargin } from '../../compiler/passes/layout.ts';
import { planMemory } from '../../compiler/passes/plan-memory.ts';
import { schedule } from '../../compiler/passes/schedule.ts';
import { targets } from '../../compiler/passes/targets.ts';
import { networkOf } from '../support/gpu.ts';

const folders = ['../../specs/', '../golden/'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
const specs = folders.flatMap((folder) => readdirSync(folder).filter((name) => name.endsWith('.yaml')).map((name) => `${folder}${name}`));

describe.each(specs)('%s', (path) => {
  const graph = networkOf(readFileSync(path, 'utf8'), {}, path);

  test.each([false, true])('every layer stored: %s', (storeAll) => {
    const program = fuse(graph, { storeAll });
    const outputs = outputsOf(program, storeAll).map(({ value }) => value);
    for (const target of targets) {
      const made = schedule(program, target, 'spec.yaml');
      const { slots, slotOf } = planMemory(made, outputs);
      const home = (id: string): string => homeOf(program.values, id);
      const slot = (id: string): number => slotOf.get(id) ?? -1;
      const holds = new Map<number, string>([[slot(graph.input.name), graph.input.name]]);
      const layoutOf = new Map<number, string>();
      for (const id of program.values.keys()) {
        const layout = made.layouts.get(home(id));
        expect(slots[slot(id)] ?? 0).toBeGreaterThanOrEqual((layout?.imageStride ?? 0) * 4);
        if (layout === undefined || !hasMargin(layout)) continue;
        const key = JSON.stringify(layout);
        expect(layoutOf.get(slot(id)) ?? key, `${id} shares the zeros of another layout`).toBe(key);
        layoutOf.set(slot(id), key);
      }
      for (const { kernel } of made.steps) {
        const reads = readsOf(kernel);
        const writes = [...kernel.keeps, kernel.result];
        for (const id of reads) expect(holds.get(slot(id)), `${kernel.name} reads ${id}`).toBe(home(id));
        for (const id of writes) {
          expect(reads.map(slot), `${kernel.name} writes what it reads`).not.toContain(slot(id));
          holds.set(slot(id), home(id));
        }
      }
      for (const id of outputs) expect(holds.get(slot(id)), `output ${id}`).toBe(home(id));
    }
  });
});

test('a long chain takes two buffers, not one a layer', () => {
  const layers = Array.from({ length: 40 }, (_, index) => `  l${index}: { op: conv, filters: 8, kernel: 3, pad: 1, activation: relu }`).join('\n');
  const program = fuse(networkOf(`netloom: 1\nname: chain\ninput: { image: 16x16x8 }\nlayers:\n${layers}\n`), { storeAll: false });
  const [target] = targets;
  if (target === undefined) throw new Error('no target');
  // The last layer has no margin, since no convolution reads it; the input lies like all the others.
  expect(planMemory(schedule(program, target, 'chain.yaml'), ['l39']).slots).toHaveLength(3);
});
