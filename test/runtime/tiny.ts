// A network small enough to write by hand, for tests of the runtime alone: `doubled` is twice the input, `edges` is the sum of
// each pixel's left and right neighbours in `doubled` (which lies with a halo of zeros), plus a bias for each channel.

import { findAdapter, type AdapterReport } from '../../runtime/device.ts';
import type { Layout, Plan, Variant } from '../../runtime/plan.ts';

export const HEIGHT = 2;
export const WIDTH = 3;
export const CHANNELS = 2;

const plain: Layout = {
  channels: CHANNELS, height: HEIGHT, width: WIDTH, top: 0, left: 0, rowStride: WIDTH, planeStride: HEIGHT * WIDTH,
  imageStride: CHANNELS * HEIGHT * WIDTH, firstChannel: 0,
};
const haloed: Layout = {
  channels: CHANNELS, height: HEIGHT, width: WIDTH, top: 1, left: 1, rowStride: 8, planeStride: 32, imageStride: 64, firstChannel: 0,
};

export const shaders: Readonly<Record<string, string>> = {
  'double.wgsl': `
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(6, 2) fn main(@builtin(local_invocation_id) i: vec3u, @builtin(workgroup_id) w: vec3u) {
      y[w.z * 64 + i.y * 32 + (1 + i.x / 3) * 8 + 1 + i.x % 3] = 2 * x[w.z * 12 + i.y * 6 + i.x];
    }`,
  'edges.wgsl': `
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read> bias: array<f32>;
    @group(0) @binding(2) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(6, 2) fn main(@builtin(local_invocation_id) i: vec3u, @builtin(workgroup_id) w: vec3u) {
      let at = w.z * 64 + i.y * 32 + (1 + i.x / 3) * 8 + 1 + i.x % 3;
      y[w.z * 12 + i.y * 6 + i.x] = x[at - 1] + x[at + 1] + bias[i.y];
    }`,
};

export const variant: Variant = {
  target: 'portable',
  needs: { features: [], limits: {}, maxStorageBufferBindingSize: 128 * 2 ** 20 },
  slots: [48, 256, 48],
  weights: [{ name: 'edges.bias', source: { role: 'bias', tensor: 'edges.bias', shape: [2], batchnorms: [] }, order: [{ axis: 0, size: 2, step: 1 }] }],
  steps: [
    {
      name: 'doubled',
      kernels: [{ shader: 'double.wgsl', entryPoint: 'main', images: 1, workgroups: [1, 1] }],
      bindings: [{ slot: 0, access: 'read' }, { slot: 1, access: 'write' }],
    },
    {
      name: 'edges',
      kernels: [{ shader: 'edges.wgsl', entryPoint: 'main', images: 1, workgroups: [1, 1] }],
      bindings: [{ slot: 1, access: 'read' }, { weight: 0 }, { slot: 2, access: 'write' }],
    },
  ],
  input: { slot: 0, layout: plain },
  outputs: [{ slot: 1, layout: haloed }, { slot: 2, layout: plain }],
};

export const plan = {
  model: 'tiny',
  input: { name: 'image', shape: [HEIGHT, WIDTH, CHANNELS] },
  outputs: [{ name: 'doubled', shape: [HEIGHT, WIDTH, CHANNELS] }, { name: 'edges', shape: [HEIGHT, WIDTH, CHANNELS] }],
  tensors: [{ name: 'edges.bias', shape: [2], synthetic: { bound: 0.05, shape: 'v' } }],
  variants: [variant],
} as const satisfies Plan;

export const BIAS = [0.5, -0.25] as const;

/** Weights that a program brings. */
export const weights = {
  name: 'tiny weights',
  shapes: new Map([['edges.bias', [2]]]),
  read(_tensor: string, first: number, into: Float32Array): Promise<void> {
    into.set(BIAS.slice(first, first + into.length));
    return Promise.resolve();
  },
  close: () => Promise.resolve(),
};

/** What `edges` is for a batch in N,H,W,C order. */
export function expectedEdges(image: Float32Array): number[] {
  return Array.from(image, (_, at) => {
    const c = at % CHANNELS;
    const x = Math.floor(at / CHANNELS) % WIDTH;
    const left = x > 0 ? image[at - CHANNELS] ?? 0 : 0;
    const right = x < WIDTH - 1 ? image[at + CHANNELS] ?? 0 : 0;
    return Math.fround(2 * left + 2 * right + (BIAS[c] ?? 0));
  });
}

export function picture(images: number, seed = 0): Float32Array {
  return Float32Array.from({ length: images * HEIGHT * WIDTH * CHANNELS }, (_, i) => ((i * 7 + seed * 13) % 32) / 8 - 2);
}

/** The adapters to test on, or none: then tests skip, and this says so. */
export async function testAdapters(): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of ['lavapipe', 'swiftshader']) {
    const adapter: AdapterReport | undefined = await findAdapter({ adapter: name }).then(({ report }) => report, () => undefined);
    if (adapter !== undefined) found.push(name);
  }
  if (found.length === 0) console.warn('SKIPPED: no lavapipe and no SwiftShader here; nothing of the runtime runs on a GPU');
  return found;
}
