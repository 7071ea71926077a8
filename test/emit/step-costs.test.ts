import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { stepCosts } from '../../compiler/emit/step-costs.ts';
import { summarize } from '../../compiler/emit/summary.ts';
import { targets } from '../../compiler/passes/targets.ts';
import type { Precision } from '../../runtime/plan.ts';
import { networkOf } from '../support/gpu.ts';

const alexnet = networkOf(readFileSync(new URL('../../specs/alexnet.yaml', import.meta.url), 'utf8'));

/** The cost of each step by its name, for the first target. */
function costsOf(graph: typeof alexnet, images = 1, precision: Precision = 'f32'): ReadonlyMap<string, { readonly flops: number; readonly bytes: number }> {
  const { plan, schedules: [schedule] } = compile(graph, { targets: targets.slice(0, 1), precision });
  const [variant] = plan.variants;
  if (variant === undefined || schedule === undefined) throw new Error('no variant');
  return new Map(stepCosts(schedule, variant, images).map((cost, index) => [variant.steps[index]?.name ?? '', cost]));
}

test('a step has its layers\' arithmetic, its weights, what it reads and what it writes', () => {
  const { flops = NaN, bytes = NaN } = costsOf(alexnet).get('conv1+relu') ?? {};
  // 363 multiply-adds a value and an addition of the bias, then relu's one.
  const values = 55 * 55 * 96;
  expect(flops).toBeGreaterThanOrEqual(2 * 363 * values);
  expect(flops).toBeLessThanOrEqual((2 * 363 + 2) * values);
  const weights = 4 * (11 * 11 * 3 * 96 + 96);
  const touched = 4 * (224 * 224 * 3 + values);
  // Kernels may pad their weights.
  expect(bytes).toBeGreaterThanOrEqual(weights + touched);
  expect(bytes).toBeLessThan(1.25 * weights + touched);
});

test('weights in 16 bits are half the bytes, biases and values what they were', () => {
  const [whole, half] = [costsOf(alexnet).get('fc7+relu'), costsOf(alexnet, 1, 'f16').get('fc7+relu')];
  expect(half?.flops).toBe(whole?.flops);
  expect((whole?.bytes ?? NaN) - (half?.bytes ?? NaN)).toBe(2 * 4096 * 4096);
});

test('steps together cost what the network costs, in batches too', () => {
  const { flops } = summarize(alexnet).totals;
  for (const images of [1, 8]) {
    const sum = [...costsOf(alexnet, images).values()].reduce((total, cost) => total + cost.flops, 0);
    expect(sum).toBeCloseTo(images * flops, -2);
  }
});

test('a kernel in parts shares its arithmetic, and weights count once for a batch', () => {
  const [one, eight] = [costsOf(alexnet), costsOf(alexnet, 8)];
  const [first, second] = ['fc6+relu (1 of 2)', 'fc6+relu (2 of 2)'].map((name) => one.get(name));
  expect((first?.flops ?? NaN) + (second?.flops ?? NaN)).toBeGreaterThanOrEqual(2 * 9216 * 4096);
  const bytes = (first?.bytes ?? NaN) + (second?.bytes ?? NaN);
  const weights = 4 * (9216 * 4096 + 4096);
  // Both read all of the input.
  expect(bytes).toBe(weights + 4 * (2 * 9216 + 4096));
  const batch = (eight.get('fc6+relu (1 of 2)')?.bytes ?? NaN) + (eight.get('fc6+relu (2 of 2)')?.bytes ?? NaN);
  expect(batch).toBe(weights + 8 * 4 * (2 * 9216 + 4096));
});

test('a batchnorm in the weights costs nothing; a second operand is read', () => {
  const graph = networkOf(`
netloom: 1
name: block
input: { image: 8x8x4 }
layers:
  a: { op: conv, filters: 4, kernel: 1, bias: false }
  n: { op: batchnorm }
  s: { op: add, from: [n, image], activation: relu }
`);
  const costs = [...costsOf(graph).values()];
  expect(costs).toHaveLength(1);
  const values = 8 * 8 * 4;
  // Four multiply-adds, the sum and relu; and the shift that batchnorm left as a bias is part of the weights.
  expect(costs[0]?.flops).toBe(values * (2 * 4 + 2));
  expect(costs[0]?.bytes).toBeGreaterThanOrEqual(4 * (3 * values + 4 * 4 + 4));
});
