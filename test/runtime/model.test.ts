// Loading and running on real (software) GPUs, with a network written by hand.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { openDevice } from '../../runtime/device.ts';
import { InputError, MachineError } from '../../runtime/errors.ts';
import { loadModel, type LoadProgress } from '../../runtime/model.ts';
import type { Plan, Variant } from '../../runtime/plan.ts';
import { CHANNELS, expectedEdges, HEIGHT, picture, plan, shaders, testAdapters, variant, weights, WIDTH } from './tiny.ts';

const text = (path: string) => shaders[path] ?? '';
const IMAGE = HEIGHT * WIDTH * CHANNELS;

const adapters = await testAdapters();

describe.skipIf(adapters.length === 0).each(adapters.length === 0 ? ['no adapter'] : adapters)('on %s', (adapter) => {
  const load = () => loadModel({ plan, shaders: text, weights, adapter });
  const closing: { close(): void }[] = [];
  const kept = <T extends { close(): void }>(thing: T): T => {
    closing.push(thing);
    return thing;
  };
  afterAll(() => {
    for (const thing of closing) thing.close();
  });

  test('a batch goes through two steps, a halo and a bias', async () => {
    const model = kept(await load());
    const image = picture(2);
    const { doubled, edges } = await model.run({ image });
    expect(doubled.shape).toEqual([2, HEIGHT, WIDTH, CHANNELS]);
    expect([...doubled.data]).toEqual([...image].map((value) => 2 * value));
    expect([...edges.data]).toEqual(expectedEdges(image));
  });

  test('batches may grow and shrink, and the halo stays zero', async () => {
    const model = kept(await load());
    for (const images of [1, 5, 2, 9, 3]) {
      const image = picture(images, images);
      expect([...(await model.run(image)).edges.data]).toEqual(expectedEdges(image));
    }
  });

  test('runs that overlap do not mix', async () => {
    const model = kept(await load());
    const images = Array.from({ length: 12 }, (_, seed) => picture(1 + seed % 4, seed));
    const results = await Promise.all(images.map((image) => model.run({ image })));
    expect(results.map(({ edges }) => [...edges.data])).toEqual(images.map(expectedEdges));
  });

  test('a batch larger than a binding is run in parts', async () => {
    // Four images of the haloed slot (256 bytes each) fit a binding of 1 KiB.
    const small: Variant = { ...variant, needs: { ...variant.needs, maxStorageBufferBindingSize: 1024 } };
    const model = kept(await loadModel({ plan: { ...plan, variants: [small] }, shaders: text, weights, adapter }));
    // And the kernel takes three at once.
    expect(model.imagesAtOnce).toBe(3);
    const image = picture(23);
    const { edges } = await model.run({ image });
    expect([...edges.data]).toEqual(expectedEdges(image));
  });

  test('results go into the caller\'s arrays', async () => {
    const model = kept(await load());
    const image = picture(2);
    const into = { edges: new Float32Array(2 * IMAGE) };
    const { edges } = await model.run({ image }, { into });
    expect(edges.data).toBe(into.edges);
    expect([...into.edges]).toEqual(expectedEdges(image));
    await expect(model.run({ image }, { into: { edges: new Float32Array(3) } })).rejects.toThrow('edges gives 24 values for 2 images');
  });

  test('a thousand runs leave the number of buffers as it was', async () => {
    const model = kept(await load());
    const image = picture(1);
    await Promise.all([model.run(image), model.run(image), model.run(image), model.run(image)]);
    const before = model.bufferCount;
    const into = { edges: new Float32Array(IMAGE), doubled: new Float32Array(IMAGE) };
    for (let turn = 0; turn < 250; turn++) {
      await Promise.all(Array.from({ length: 4 }, () => model.run(image, turn % 2 === 0 ? {} : { into })));
    }
    expect(model.bufferCount).toBe(before);
  });

  test('a kernel for more images is taken when the batch fills it, and may touch a whole group', async () => {
    const pairs = {
      'pairs.wgsl': (text('edges.wgsl')).replace('let at = w.z * 64', 'let n = 2 * w.z + i.z; let at = n * 64')
        .replace('y[w.z * 12', 'y[n * 12').replace('@workgroup_size(6, 2)', '@workgroup_size(6, 2, 2)'),
    };
    const [first, second] = variant.steps;
    if (first === undefined || second === undefined) throw new Error('the tiny plan has two steps');
    const kernel = { shader: 'pairs.wgsl', entryPoint: 'main', images: 2, workgroups: [1, 1] } as const;
    const steps = [first, { ...second, kernels: [...second.kernels, kernel] }];
    const asked: string[] = [];
    const model = kept(await loadModel({
      plan: { ...plan, variants: [{ ...variant, steps }] }, weights, adapter,
      shaders: (path) => {
        asked.push(path);
        return path === 'pairs.wgsl' ? pairs[path] : text(path);
      },
    }));
    for (const images of [1, 2, 3, 7]) {
      const image = picture(images);
      expect([...(await model.run(image)).edges.data]).toEqual(expectedEdges(image));
      // Not compiled, nor even read, before a batch needs it; and no more than once.
      expect(asked.toSorted()).toEqual(images === 1 ? ['double.wgsl', 'edges.wgsl'] : ['double.wgsl', 'edges.wgsl', 'pairs.wgsl']);
    }
  });

  test('input and output may be slices of wider buffers', async () => {
    // Channel 1 and 2 of three: what a concat reads and writes in place.
    const slice = { ...variant.input.layout, firstChannel: 1, imageStride: 18 };
    const [first, second] = variant.steps;
    if (first === undefined || second === undefined) throw new Error('the tiny plan has two steps');
    const sliced: Variant = {
      ...variant, slots: [72, 256, 72], input: { slot: 0, layout: slice },
      outputs: [...variant.outputs.slice(0, 1), { slot: 2, layout: slice }],
    };
    const model = kept(await loadModel({
      plan: { ...plan, variants: [sliced] }, weights, adapter,
      shaders: (path) => text(path).replaceAll('w.z * 12', '6 + w.z * 18'),
    }));
    const image = picture(3);
    expect([...(await model.run(image)).edges.data]).toEqual(expectedEdges(image));
  });

  test('shaders are read from a folder; one that is not there is told', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'netloom-shaders-'));
    for (const [path, code] of Object.entries(shaders)) writeFileSync(join(folder, path), code);
    const model = kept(await loadModel({ plan, shaders: pathToFileURL(`${folder}/`), weights, adapter }));
    const image = picture(1);
    expect([...(await model.run(image)).edges.data]).toEqual(expectedEdges(image));
    rmSync(folder, { recursive: true });
    await expect(loadModel({ plan, shaders: pathToFileURL(`${folder}/`), weights, adapter })).rejects.toThrow(/shader (double|edges)\.wgsl of the compiled model cannot be read/);
  });

  test('a wrong length is told with its numbers', async () => {
    const model = kept(await load());
    await expect(model.run(new Float32Array(13))).rejects.toThrow('image has 13 values; 2x3x2 takes 12 for each image, and 1 are left over after 1');
    await expect(model.run(new Float32Array(5))).rejects.toThrow(InputError);
  });

  test('a device lost in the middle of a run rejects it, and a model can be loaded again', async () => {
    const model = await load();
    const run = model.run(picture(3));
    model.device.gpu.destroy();
    await expect(run).rejects.toThrow(MachineError);
    await expect(model.run(picture(1))).rejects.toThrow(/the GPU device was lost/);
    model.close();
    const again = kept(await load());
    const image = picture(2);
    expect([...(await again.run(image)).edges.data]).toEqual(expectedEdges(image));
  });

  test('a device lost while a model is loaded rejects the load', async () => {
    const device = await openDevice({ adapter });
    const loading = loadModel({
      plan, device, weights,
      shaders: (path) => {
        device.gpu.destroy();
        return text(path);
      },
    });
    await expect(loading).rejects.toThrow(MachineError);
  });

  test('closing rejects what still runs', async () => {
    const model = await load();
    const run = model.run(picture(3));
    model.close();
    await expect(run).rejects.toThrow('tiny was closed while it ran');
    await expect(model.run(picture(1))).rejects.toThrow('tiny was closed: load it again');
  });

  test('a device can be shared, and stays open', async () => {
    const device = kept(await openDevice({ adapter }));
    for (const seed of [1, 2]) {
      const model = await loadModel({ plan, shaders: text, weights, device });
      const image = picture(1, seed);
      expect([...(await model.run(image)).edges.data]).toEqual(expectedEdges(image));
      model.close();
    }
    expect(device.fault).toBeUndefined();
  });

  test('a shader that does not compile is told with its file, line and the compiler\'s words', async () => {
    const broken = (path: string) => path === 'edges.wgsl' ? text(path).replace('bias[i.y]', 'bias[nowhere]') : text(path);
    const loading = loadModel({ plan, shaders: broken, weights, adapter });
    await expect(loading).rejects.toThrow(/please report this:\nedges\.wgsl:7:\d+: unresolved value 'nowhere'/);
  });

  test('a plan that binds what it must not is told as our mistake', async () => {
    const [first, second] = variant.steps;
    if (first === undefined || second === undefined) throw new Error('the tiny plan has two steps');
    const clash: Plan = { ...plan, variants: [{ ...variant, steps: [first, { ...second, bindings: [{ slot: 1, access: 'read' }, { weight: 0 }, { slot: 1, access: 'write' }] }] }] };
    const model = kept(await loadModel({ plan: clash, shaders: text, weights, adapter }));
    await expect(model.run(picture(1))).rejects.toThrow('please report this');
  });

  test('loading tells how far it is', async () => {
    const seen: LoadProgress[] = [];
    kept(await loadModel({ plan, shaders: text, weights: 'synthetic:1', adapter, onProgress: (progress) => seen.push(progress) }));
    expect(seen).toContainEqual({ stage: 'weights', done: 8, total: 8 });
    expect(seen).toContainEqual({ stage: 'kernels', done: 2, total: 2 });
  });

  test('the first variant that the device can run is taken, and why not the others is told', async () => {
    const wide: Variant = { ...variant, target: 'subgroups-3', needs: { ...variant.needs, features: ['subgroups'], subgroupSize: 3 } };
    const huge: Variant = { ...variant, target: 'huge', needs: { ...variant.needs, limits: { maxComputeInvocationsPerWorkgroup: 1e6 } } };
    const model = kept(await loadModel({ plan: { ...plan, variants: [wide, huge, variant] }, shaders: text, weights, adapter }));
    expect(model.variant.target).toBe('portable');
    expect(model.passedOver.map(({ name }) => name)).toEqual(['subgroups-3', 'huge']);
    expect(model.passedOver[0]?.reason).toMatch(/lacks subgroups of 3 \(it has \d\)/);
    expect(model.passedOver[1]?.reason).toMatch(/lacks maxComputeInvocationsPerWorkgroup 1000000 \(it has \d+\)/);
    await expect(loadModel({ plan: { ...plan, variants: [wide] }, shaders: text, weights, adapter })).rejects.toThrow(MachineError);
  });
});
