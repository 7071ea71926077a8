// The weights of a variant onto the GPU, one block after the other.

import { COPY_DST, STORAGE } from './buffer-usage.ts';
import type { Device } from './device.ts';
import { MachineError } from './errors.ts';
import { packedBytes, packedLength, PackRoom, packWeight } from './pack.ts';
import type { Variant } from './plan.ts';
import type { Weights } from './weights.ts';

/** A device keeps blocks in memory of its own until it has copied them: about twice as much as this at most. */
const FLUSH_BYTES = 16 * 2 ** 20;

/** A buffer for each of the variant's packed weights, filled; `onProgress` is told the bytes that are done. */
export async function uploadWeights(
  { gpu }: Device, variant: Variant, weights: Weights, onProgress: (done: number, total: number) => void,
): Promise<readonly GPUBuffer[]> {
  const sizes = variant.weights.map(packedBytes);
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
  gpu.pushErrorScope('out-of-memory');
  const buffers = variant.weights.map(({ name }, index) =>
    gpu.createBuffer({ label: name, size: sizes[index] ?? 0, usage: STORAGE | COPY_DST }));
  const fault = await gpu.popErrorScope();
  // Some bindings answer null, others undefined, where nothing went wrong.
  if (fault instanceof Object) throw new MachineError(`no memory for ${total} bytes of weights: ${fault.message}`);

  const room = new PackRoom(Math.max(0, ...variant.weights.map(packedLength)));
  let done = 0;
  let unflushed = 0;
  let flushed: Promise<unknown> = Promise.resolve();
  for (const [index, weight] of variant.weights.entries()) {
    const buffer = buffers[index];
    if (buffer === undefined) continue;
    await packWeight(weight, weights, async (values, first) => {
      gpu.queue.writeBuffer(buffer, first * values.BYTES_PER_ELEMENT, values);
      done += values.byteLength;
      unflushed += values.byteLength;
      if (unflushed >= FLUSH_BYTES) {
        unflushed = 0;
        gpu.queue.submit([]);
        // One such portion may be copied while the next is packed.
        await flushed;
        // A device that is lost meanwhile says so itself.
        flushed = gpu.queue.onSubmittedWorkDone().catch(() => undefined);
      }
      onProgress(done, total);
    }, room);
  }
  await flushed;
  return buffers;
}
