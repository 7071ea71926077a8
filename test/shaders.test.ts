// Every shader of every spec, for every class of devices, through Dawn's null backend: it parses, validates and makes a pipeline of
// it, with no GPU at all. That is all that can be said of the variants for devices this machine cannot imitate.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { compile } from '../compiler/compile.ts';
import { classes } from '../compiler/passes/targets.ts';
import { openDevice } from '../runtime/device.ts';
import { networkOf } from './support/gpu.ts';

const folders = ['../specs/', 'golden/'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
const specs = folders.flatMap((folder) => readdirSync(folder).filter((name) => name.endsWith('.yaml')).map((name) => `${folder}${name}`));
const device = await openDevice({ adapter: 'null', experimental: true, quiet: true });
const seen = new Set<string>();

test.each(specs)('%s', async (path) => {
  const graph = networkOf(readFileSync(path, 'utf8'), {}, path);
  for (const settings of [{}, { storeAll: true }, { precision: 'f16' }] as const) {
    const { plan, shaders } = compile(graph, { targets: classes, ...settings });
    const kernels = plan.variants.flatMap(({ steps }) => steps.flatMap((step) => step.kernels));
    expect(new Set(kernels.map(({ shader }) => shader))).toEqual(new Set(shaders.keys()));
    for (const { shader, entryPoint } of kernels) {
      const code = shaders.get(shader) ?? '';
      const body = code.replace(/^\/\/.*\n/gm, '');
      if (seen.has(body)) continue;
      seen.add(body);
      device.gpu.pushErrorScope('validation');
      const module = device.gpu.createShaderModule({ code: sized(code) });
      device.gpu.createComputePipeline({ layout: 'auto', compute: { module, entryPoint } });
      const fault = await device.gpu.popErrorScope();
      expect(fault?.message, shader).toBeUndefined();
    }
  }
});

/** Matrices want workgroups of whole subgroups; the null backend's have up to 128 lanes, where a shader does not ask for fewer. */
const sized = (code: string): string =>
  !code.includes('subgroup_matrix') || code.includes('@subgroup_size') ? code : code.replace('enable f16;', 'enable f16;\nenable subgroup_size_control;').replace('@compute ', '@compute @subgroup_size(32) ');

test('the null backend refuses a wrong shader', async () => {
  device.gpu.pushErrorScope('validation');
  device.gpu.createShaderModule({ code: '@compute @workgroup_size(1) fn main() { let x: u32 = 1.0; }' });
  expect((await device.gpu.popErrorScope())?.message).toContain('u32');
});

afterAll(() => { device.close(); });
