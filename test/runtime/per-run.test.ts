// What a run costs the device's bookkeeping, counted: nothing is made that a run before it has made.

import { afterAll, describe, expect, test, vi } from 'vitest';
import { openDevice, type Device } from '../../runtime/device.ts';
import { loadModel } from '../../runtime/model.ts';
import { expectedEdges, picture, plan, shaders, testAdapters, weights } from './tiny.ts';

const adapters = await testAdapters();

const making = [
  'createBuffer', 'createTexture', 'createSampler', 'createBindGroup', 'createBindGroupLayout', 'createPipelineLayout', 'createShaderModule',
  'createComputePipeline', 'createComputePipelineAsync', 'createQuerySet',
] as const satisfies readonly (keyof GPUDevice)[];

/** How often each of the device's methods is called from now on. */
function count({ gpu }: Device): () => Readonly<Record<string, number>> {
  const spies = [...making.map((name) => vi.spyOn(gpu, name)), vi.spyOn(gpu, 'createCommandEncoder'), vi.spyOn(gpu.queue, 'submit')];
  const names = [...making, 'createCommandEncoder', 'submit'];
  return () => Object.fromEntries(names.map((name, index) => [name, spies[index]?.mock.calls.length ?? 0] as const).filter(([, calls]) => calls > 0));
}

describe.skipIf(adapters.length === 0).each(adapters.length === 0 ? ['no adapter'] : adapters)('on %s', (adapter) => {
  const closing: { close(): void }[] = [];
  afterAll(() => {
    for (const thing of closing) thing.close();
  });
  const open = async () => {
    const device = await openDevice({ adapter, quiet: true });
    const model = await loadModel({ plan, shaders: (path) => shaders[path] ?? '', weights, device });
    closing.push(model, device);
    return { device, model };
  };

  test('the first run is what makes things, and is counted', async () => {
    const { device, model } = await open();
    const counts = count(device);
    await model.run(picture(2));
    expect(counts()).toMatchObject({ createBuffer: 4, createBindGroup: 2, submit: 1 });
  });

  test('a hundred runs after it submit once each, and make nothing', async () => {
    const { device, model } = await open();
    await model.run(picture(2));
    const counts = count(device);
    for (let turn = 0; turn < 100; turn++) {
      const image = picture(2, turn);
      expect([...(await model.run(image)).edges.data]).toEqual(expectedEdges(image));
    }
    // One for this run where nothing was prepared yet, one for the next.
    expect(counts()).toEqual({ submit: 100, createCommandEncoder: 101 });
  });

  test('nor do runs that overlap, and smaller batches between them', async () => {
    const { device, model } = await open();
    await Promise.all(Array.from({ length: 4 }, () => model.run(picture(4))));
    const counts = count(device);
    for (let turn = 0; turn < 25; turn++) {
      const images = [4, 1, 3, 4].map((size, place) => picture(size, turn + place));
      const results = await Promise.all(images.map((image) => model.run(image)));
      expect(results.map(({ edges }) => [...edges.data])).toEqual(images.map(expectedEdges));
    }
    const { submit, createCommandEncoder, ...made } = counts();
    expect([submit, made]).toEqual([100, {}]);
    expect(createCommandEncoder).toBeLessThanOrEqual(200);
  });
});
