// Between what callers hold (N,H,W,C, or N and a vector) and how a picture lies in a kernel's buffer: plane by plane, rows
// padded, a halo of zeros around it. A vector that lies as a picture is read channel-major (C,H,W), as `flatten` means it.

import type { Layout, TensorSpec } from './plan.ts';

/** The values that one image takes in a buffer, from its first plane to its last, halo included. */
export function spanOf({ channels, planeStride }: Layout): number {
  return channels * planeStride;
}

/** Writes images `from` of `values` on into `into`, whose images are `stride` apart and begin at their first plane. */
export function intoLayout(
  values: Float32Array, from: number, images: number, spec: TensorSpec, layout: Layout, into: Float32Array, stride: number,
): void {
  const { channels, height, width, rowStride, planeStride } = layout;
  const [pixelStep, channelStep] = steps(spec, layout);
  const size = channels * height * width;
  for (let n = 0; n < images; n++) {
    for (let c = 0; c < channels; c++) {
      let read = (from + n) * size + c * channelStep;
      let row = n * stride + c * planeStride + layout.top * rowStride + layout.left;
      for (let y = 0; y < height; y++, row += rowStride) {
        for (let x = 0; x < width; x++, read += pixelStep) into[row + x] = values[read] ?? 0;
      }
    }
  }
}

/** The way back: `stored` begins at the first plane of an image and holds `images` of them, `layout.imageStride` apart. */
export function fromLayout(
  stored: Float32Array, images: number, spec: TensorSpec, layout: Layout, into: Float32Array, at: number,
): void {
  const { channels, height, width, rowStride, planeStride, imageStride } = layout;
  const [pixelStep, channelStep] = steps(spec, layout);
  const size = channels * height * width;
  for (let n = 0; n < images; n++) {
    for (let c = 0; c < channels; c++) {
      let write = (at + n) * size + c * channelStep;
      let row = n * imageStride + c * planeStride + layout.top * rowStride + layout.left;
      for (let y = 0; y < height; y++, row += rowStride) {
        for (let x = 0; x < width; x++, write += pixelStep) into[write] = stored[row + x] ?? 0;
      }
    }
  }
}

/** How far apart neighbouring pixels and channels are for the caller. */
function steps({ shape }: TensorSpec, { channels, height, width }: Layout): readonly [pixel: number, channel: number] {
  return shape.length === 1 ? [1, height * width] : [channels, 1];
}
