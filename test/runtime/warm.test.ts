// Kernels dispatched beforehand: each once, on buffers that are gone afterwards, shared with a second device where it takes long.

import { availableParallelism } from 'node:os';
import { describe, expect, test, vi } from 'vitest';
import { openDevice, type Device } from '../../runtime/device.ts';
import { Pipelines } from '../../runtime/pipelines.ts';
import { warmKernels } from '../../runtime/warm.ts';
import { shaders, testAdapters, variant } from './tiny.ts';

const adapters = await testAdapters();
const { steps } = variant;
const uploaded = Promise.resolve();

/** A device whose queue answers `milliseconds` late, with its kernels compiled; and what it is asked to do. */
async function open(adapter: string, milliseconds = 0) {
  const device = await openDevice({ adapter, quiet: true });
  const { gpu } = device;
  const pipelines = new Pipelines(gpu, steps, (path) => shaders[path] ?? '');
  await pipelines.make(1);
  const answer = gpu.queue.onSubmittedWorkDone.bind(gpu.queue);
  vi.spyOn(gpu.queue, 'onSubmittedWorkDone').mockImplementation(async () => {
    await answer();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  });
  const twins: { readonly twin: Device; readonly submit: { readonly mock: { readonly calls: readonly unknown[] } } }[] = [];
  const openTwin = async (): Promise<Device> => {
    const twin = await device.openTwin();
    twins.push({ twin, submit: vi.spyOn(twin.gpu.queue, 'submit') });
    return twin;
  };
  const watched: Device = { gpu, adapter: device.adapter, reason: '', passedOver: [], fault: undefined, lost: device.lost, openTwin, close: () => undefined };
  const buffers = vi.spyOn(gpu, 'createBuffer');
  return { device: watched, twins, pipelines, submit: vi.spyOn(gpu.queue, 'submit'), buffers, close: () => { device.close(); } };
}

describe.skipIf(adapters.length === 0).each(adapters.length === 0 ? ['no adapter'] : adapters)('on %s', (adapter) => {
  test('each kernel is dispatched once, refused by nobody, and its buffers are gone', async () => {
    const { device, pipelines, submit, buffers, close } = await open(adapter);
    device.gpu.pushErrorScope('validation');
    await warmKernels(device, steps, pipelines, 1, uploaded, () => false);
    expect(await device.gpu.popErrorScope() instanceof Object).toBe(false);
    expect(submit).toHaveBeenCalledTimes(2);
    expect(buffers).toHaveBeenCalledTimes(4);
    for (const { value } of buffers.mock.results) {
      const write = () => { device.gpu.queue.writeBuffer(value as GPUBuffer, 0, new Float32Array(1)); };
      device.gpu.pushErrorScope('validation');
      write();
      device.gpu.queue.submit([]);
      expect((await device.gpu.popErrorScope())?.message).toMatch(/dummy/);
    }
    close();
  });

  test.skipIf(availableParallelism() < 2)('a second device takes its share where it takes long, and is closed', async () => {
    // Long enough for the second device to be opened and done meanwhile.
    const { device, twins, pipelines, submit, close } = await open(adapter, 1500);
    await warmKernels(device, steps, pipelines, 1, uploaded, () => false);
    expect(twins.length).toBe(1);
    expect(twins[0]?.submit.mock.calls.length).toBe(1);
    // Its own, and the other one's, to see whether that came to it.
    expect(submit).toHaveBeenCalledTimes(2);
    expect((await twins[0]?.twin.lost)?.message).toMatch(/was closed/);
    close();
  });

  test('what is not wanted any more is left', async () => {
    const { device, twins, pipelines, submit, close } = await open(adapter, 150);
    await warmKernels(device, steps, pipelines, 1, uploaded, () => true);
    expect([submit.mock.calls.length, twins.length]).toEqual([0, 0]);
    close();
  });

  test('a device that is lost meanwhile is nobody\'s failure here', async () => {
    const { device, pipelines, close } = await open(adapter);
    const warming = warmKernels(device, steps, pipelines, 1, uploaded, () => false);
    close();
    await expect(warming).resolves.toBeUndefined();
  });
});
