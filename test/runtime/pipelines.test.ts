// What is compiled, when, and how often: on the null adapter, which every machine has.

import { afterAll, expect, test, vi } from 'vitest';
import { openDevice } from '../../runtime/device.ts';
import { Pipelines } from '../../runtime/pipelines.ts';
import type { Step } from '../../runtime/plan.ts';
import { shaders, variant } from './tiny.ts';

const device = await openDevice({ adapter: 'null', quiet: true });
afterAll(() => {
  device.close();
});

const [first, second] = variant.steps;
if (first === undefined || second === undefined) throw new Error('the tiny plan has two steps');
/** `edges` twice, as for two parts of a weight, and with a kernel for eight images. */
const eight = { shader: 'edges-x8.wgsl', entryPoint: 'main', images: 8, workgroups: [1, 1] } as const;
const edges: Step = { ...second, kernels: [...second.kernels, eight] };
const steps: readonly Step[] = [first, edges, { ...edges, name: 'edges (2 of 2)' }];

test('kernels are compiled once, and only those that a batch runs', async () => {
  const made = vi.spyOn(device.gpu, 'createComputePipelineAsync');
  const read: string[] = [];
  const pipelines = new Pipelines(device.gpu, steps, (path) => {
    read.push(path);
    // The one for eight does something else.
    return shaders[path] ?? (shaders['edges.wgsl'] ?? '').replace('@workgroup_size(', '@workgroup_size(2 * ');
  });
  expect(pipelines.has(1)).toBe(false);
  const told: string[] = [];
  await pipelines.make(1, (done, total) => told.push(`${done}/${total}`));
  expect(told).toEqual(['1/2', '2/2']);
  expect(read.toSorted()).toEqual(['double.wgsl', 'edges.wgsl']);
  expect(made).toHaveBeenCalledTimes(2);
  // Three images are worth the kernel for eight.
  expect([pipelines.has(1), pipelines.has(2), pipelines.has(3)]).toEqual([true, true, false]);
  expect(pipelines.at(1, 0)).toBeDefined();
  expect(pipelines.at(2, 0)).toBe(pipelines.at(1, 0));
  expect(pipelines.at(1, 1)).toBeUndefined();

  // Two runs that overlap and are the first of their size.
  await Promise.all([pipelines.make(8), pipelines.make(9)]);
  expect(pipelines.has(9)).toBe(true);
  expect(read.toSorted()).toEqual(['double.wgsl', 'edges-x8.wgsl', 'edges.wgsl']);
  await pipelines.make(1);
  expect(made).toHaveBeenCalledTimes(3);
});

test('layers whose kernels differ in their names alone share a pipeline, named after the first', async () => {
  const made = vi.spyOn(device.gpu, 'createComputePipelineAsync').mockClear();
  const other: Step = { ...second, name: 'other', kernels: second.kernels.map((kernel) => ({ ...kernel, shader: 'other.wgsl', entryPoint: 'other' })) };
  const { entryPoint = '' } = second.kernels[0] ?? {};
  const pipelines = new Pipelines(device.gpu, [second, other], (path) =>
    path === 'other.wgsl' ? `${shaders['edges.wgsl'] ?? ''} // another layer`.replace(`fn ${entryPoint}(`, 'fn other(') : shaders[path] ?? '');
  await pipelines.make(1);
  expect(made.mock.calls.map(([{ label }]) => label)).toEqual([second.name]);
  expect(pipelines.at(1, 0)).toBe(pipelines.at(0, 0));
});
