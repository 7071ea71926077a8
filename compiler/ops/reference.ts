// What the references of several operators share: walking an output, and where padding starts. Deliberately apart from
// `sliding.ts`, which `infer` and `lower` use: the two must be able to disagree.

import { Tensor } from '../ir/tensor.ts';
import type { Padding } from '../spec/attr.ts';

/** A tensor of N,H,W,C or N,C whose values `value` gives; for a vector h and w are 0. */
export function fill(shape: readonly number[], value: (n: number, h: number, w: number, c: number) => number): Tensor {
  const [images, height, width, channels] = axesOf(shape);
  const result = new Tensor(shape);
  let index = 0;
  for (let n = 0; n < images; n++) {
    for (let h = 0; h < height; h++) {
      for (let w = 0; w < width; w++) {
        for (let c = 0; c < channels; c++) result.data[index++] = value(n, h, w, c);
      }
    }
  }
  return result;
}

/** Images, height, width and channels of N,H,W,C; a batch of vectors is one of pictures of a single pixel. */
export function axesOf(shape: readonly number[]): readonly [images: number, height: number, width: number, channels: number] {
  const [images = 1, height = 1, width = 1, channels = 1] = shape.length === 2 ? [shape[0], 1, 1, shape[1]] : shape;
  return [images, height, width, channels];
}

/** The value at a place of N,H,W,C or N,C; undefined outside. */
export function valueAt(x: Tensor, n: number, h: number, w: number, c: number): number | undefined {
  return x.shape.length === 2 ? x.at(n, c) : x.at(n, h, w, c);
}

/** Cells of padding before and after the input along axis 0 (rows) or 1 (columns), from what was written. */
export function padsOf(
  pad: Padding,
  axis: 0 | 1,
  sizes: { readonly input: number; readonly output: number; readonly kernel: number; readonly stride: number; readonly dilation: number },
): readonly [before: number, after: number] {
  if (pad !== 'same') return axis === 0 ? [pad[0], pad[2]] : [pad[3], pad[1]];
  const reach = (sizes.output - 1) * sizes.stride + (sizes.kernel - 1) * sizes.dilation + 1;
  const missing = Math.max(reach - sizes.input, 0);
  return [Math.floor(missing / 2), Math.ceil(missing / 2)];
}
