// What the author of a window may have meant: for messages that propose a fix. Whoever asks tries them on the network and
// shows those that give what was wanted.

import type { Alternative } from '../ir/op.ts';
import type { Padding, Pair } from '../spec/attr.ts';
import type { Rounding, Sliding } from './sliding.ts';

interface Windowed {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pad: Padding;
  readonly rounding: Rounding;
}

/** No larger padding is proposed than this; and none that lets a window see nothing but padding. */
const mostPadding = 16;

/** The same windows with another padding, rounding, stride or kernel; of each kind the nearest first. */
export function nearbyWindows<Values extends Windowed>(attrs: Values, { pool, dilation }: Sliding): readonly Alternative<Values>[] {
  const { kernel, stride, pad, rounding } = attrs;
  const change = (attribute: keyof Windowed, value: number | Rounding, part: Partial<Windowed>, gentle: boolean): Alternative<Values> => ({
    attribute,
    text: `${attribute}: ${value}`,
    attrs: { ...attrs, ...part },
    gentle,
  });
  const paddings = (): readonly Alternative<Values>[] => {
    if (pad === 'same') return [];
    const span = Math.min(...kernel.map((size, axis) => (dilation[axis] ?? 1) * (size - 1)));
    const most = Math.min(mostPadding, pool ? Math.floor(Math.min(...kernel) / 2) : span);
    return nearest(pad[0], 0, most)
      .filter((cells) => pad.some((side) => side !== cells))
      .map((cells) => change('pad', cells, { pad: [cells, cells, cells, cells] }, true));
  };
  const roundings: readonly Rounding[] = ['ceil', 'floor'];
  return [
    ...paddings(),
    ...roundings.filter((other) => other !== rounding).map((other) => change('rounding', other, { rounding: other }, true)),
    ...nearest(stride[0], 1, stride[0] + 3).map((step) => change('stride', step, { stride: [step, step] }, false)),
    ...nearest(kernel[0], Math.max(1, kernel[0] - 4), kernel[0] + 4).map((size) => change('kernel', size, { kernel: [size, size] }, false)),
  ];
}

/** The numbers from `least` to `most`, those close to `value` first; `value` itself only serves to replace an unequal pair. */
function nearest(value: number, least: number, most: number): readonly number[] {
  return Array.from({ length: Math.max(0, most - least + 1) }, (_, i) => least + i).sort((a, b) => Math.abs(a - value) - Math.abs(b - value));
}
