// Kernels as Winograd's convolutions take them, made of those in the file as these are read.

import type { KernelTransform } from './plan.ts';

export interface Reader {
  /** The tensor's values, scaled and shifted, from flat index `first` on; valid until the next call. */
  read(first: number, length: number): Promise<Float32Array<ArrayBuffer>>;
}

/** What `reader` reads, each kernel transformed: worked out in float64. */
export function transformKernels(reader: Reader, { kernel: taps, stride, filter: rows }: KernelTransform): Reader {
  const size = rows.length;
  const values = stride * stride * size * size;
  const filter = Float64Array.from(rows.flat());
  const half = new Float64Array(size * (rows[0]?.length ?? 0));
  let buffer = new Float32Array(0);
  return {
    async read(first, length) {
      const kernel = Math.floor(first / values);
      const kernels = Math.ceil((first + length) / values) - kernel;
      if (buffer.length < kernels * values) buffer = new Float32Array(kernels * values);
      const from = await reader.read(kernel * taps * taps, kernels * taps * taps);
      for (let at = 0; at < kernels; at++) {
        const one = from.subarray(at * taps * taps, (at + 1) * taps * taps);
        for (let phase = 0; phase < stride * stride; phase++) {
          const start = at * values + phase * size * size;
          transformKernel(filter, one, taps, stride, Math.floor(phase / stride), phase % stride, half, buffer.subarray(start, start + size * size));
        }
      }
      const skipped = first - kernel * values;
      return buffer.subarray(skipped, skipped + length);
    },
  };
}

/** `into` = `G g Gᵀ`, where `g` is every `stride`-th tap of `kernel` from row `top` and column `left` on; `half` holds `G g`. */
function transformKernel(
  filter: Float64Array, kernel: Float32Array, taps: number, stride: number, top: number, left: number, half: Float64Array, into: Float32Array,
): void {
  const size = Math.sqrt(into.length);
  const most = half.length / size;
  for (let i = 0; i < size; i++) {
    for (let s = 0, column = left; s < most; s++, column += stride) {
      let sum = 0;
      for (let r = 0, row = top; row < taps && column < taps; r++, row += stride) sum += (filter[i * most + r] ?? 0) * (kernel[row * taps + column] ?? 0);
      half[i * most + s] = sum;
    }
  }
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let sum = 0;
      for (let s = 0; s < most; s++) sum += (half[i * most + s] ?? 0) * (filter[j * most + s] ?? 0);
      into[i * size + j] = sum;
    }
  }
}
