// What the two pools have in common: their attributes.

import { int, padding, pair, sameAs } from '../spec/attr.ts';
import type { Padding, Pair } from '../spec/attr.ts';
import { rounding } from './sliding.ts';
import type { Rounding, Sliding } from './sliding.ts';

export const poolAttrs = {
  kernel: pair(int({ min: 1 }), 'Height and width of a window, in pixels.'),
  stride: pair(int({ min: 1 }), 'How far apart neighbouring windows start, in pixels; as far as they are large, if not written.', sameAs('kernel')),
  pad: padding('Cells around the picture, at most half a window; `same` is as many as it takes for size / stride windows, rounded up (TensorFlow).'),
  rounding,
};

interface Pool {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pad: Padding;
  readonly rounding: Rounding;
}

/** A pool's windows. */
export function poolSliding({ kernel, stride, pad, rounding }: Pool): Sliding {
  return { kernel, stride, pad, rounding, dilation: [1, 1], pool: true };
}
