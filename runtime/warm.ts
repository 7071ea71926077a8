// The machine code of a software GPU, made while weights are loaded. lavapipe makes it when a kernel is first dispatched, on
// the one thread of a device's queue: seconds for a network, with the other cores asleep. So each kernel is dispatched once
// beforehand, one workgroup on small buffers that nobody reads. Where this shows that machine code has to be made, a second
// device of the same adapter takes the other half; what it makes comes to the first one through the driver's cache of shaders
// on disk. Real GPUs, and SwiftShader, make their code with the pipeline and have nothing to gain.

import { availableParallelism } from 'node:os';
import { STORAGE } from './buffer-usage.ts';
import type { Device } from './device.ts';
import { Pipelines, type KernelPlace } from './pipelines.ts';
import type { Step } from './plan.ts';

/** A dispatch that takes longer had its machine code made. */
const COLD_MS = 100;

/** More than any shader asks for at least. What lies beyond a buffer can be neither read nor written. */
const DUMMY_BYTES = 256;

/**
 * Makes the machine code of what a batch of `images` runs, which is compiled in `pipelines`. Once that takes time, the queue is
 * left to the weights until `uploaded`, which never rejects. `stopped` says whether the model is wanted no more. A kernel that
 * the second device fails at is left to the first run.
 */
export async function warmKernels(
  device: Device, steps: readonly Step[], pipelines: Pipelines, images: number, uploaded: Promise<unknown>, stopped: () => boolean,
): Promise<void> {
  const left = await longestFirst(steps, pipelines, images);
  const onTwin: KernelPlace[] = [];
  let sharing = availableParallelism() > 1;

  const help = async (): Promise<void> => {
    const twin = await device.openTwin();
    try {
      const own = new Pipelines(twin.gpu, steps, (path) => pipelines.text(path));
      for (let place = left.pop(); place !== undefined; place = sharing && !stopped() ? left.pop() : undefined) {
        await dispatch(twin.gpu, own, steps, place);
        onTwin.push(place);
      }
    } finally {
      twin.close();
    }
  };

  let helper: Promise<void> | undefined;
  for (let place = left.shift(); place !== undefined && !stopped(); place = left.shift()) {
    const done = dispatch(device.gpu, pipelines, steps, place);
    if (!await within(done, COLD_MS)) {
      if (sharing) helper ??= help().catch(() => undefined);
      await done;
      await uploaded;
    }
    const [shared] = onTwin;
    if (!sharing || shared === undefined) continue;
    // There may be no cache to share: then what the twin makes is lost.
    const again = dispatch(device.gpu, pipelines, steps, shared);
    sharing = await within(again, COLD_MS);
    await again;
  }
  await helper;
}

/** A long text is long in the making, more or less. The twin begins at the other end: compilers of two large kernels at once take too much memory. */
async function longestFirst(steps: readonly Step[], pipelines: Pipelines, images: number): Promise<KernelPlace[]> {
  const sized = await Promise.all((await pipelines.kernels(images)).map(async (place) => {
    const text = await pipelines.text(steps[place.step]?.kernels[place.choice]?.shader ?? '');
    return { place, size: text.length };
  }));
  return sized.toSorted((a, b) => b.size - a.size).map(({ place }) => place);
}

/** One workgroup of a kernel. Resolves when it has run, or was refused. */
async function dispatch(gpu: GPUDevice, pipelines: Pipelines, steps: readonly Step[], place: KernelPlace): Promise<void> {
  const pipeline = await pipelines.pipeline(place);
  gpu.pushErrorScope('validation');
  const buffer = (label: string) => gpu.createBuffer({ label, size: DUMMY_BYTES, usage: STORAGE });
  const read = buffer('dummy');
  // Nothing may be bound twice to be written.
  const buffers = (steps[place.step]?.bindings ?? []).map((binding) => 'slot' in binding && binding.access === 'write' ? buffer('dummy') : read);
  const entries = buffers.map((each, binding) => ({ binding, resource: { buffer: each } }));
  const encoder = gpu.createCommandEncoder({ label: 'warm' });
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, gpu.createBindGroup({ layout: pipelines.layout(place.step), entries }));
  pass.dispatchWorkgroups(1);
  pass.end();
  gpu.queue.submit([encoder.finish()]);
  await Promise.all([gpu.queue.onSubmittedWorkDone(), gpu.popErrorScope()]);
  for (const each of new Set([read, ...buffers])) each.destroy();
}

async function within(work: Promise<void>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, milliseconds);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
