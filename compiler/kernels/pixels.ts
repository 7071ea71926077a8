// The grid of kernels with one thread per result: along x the pixels of a channel, along y the channels (or groups of
// them), along z the images. A vector is all channels and no pixels, so there x runs over channels.

import type { Layout } from '../../runtime/plan.ts';
import { lanesWithin, type Target } from '../ir/target.ts';
import { plus, u, type Lines } from './wgsl.ts';

export interface Grid {
  readonly workgroups: readonly [x: number, y: number];
  readonly workgroupSize: number;
  /** `oy`, `ox`, `channel`, `n` of this thread, and the way out for threads past the end. */
  readonly place: Lines;
  readonly y: string | number;
  readonly x: string | number;
  /** Terms of this thread's address within a plane of a value that lies like this. */
  offset(layout: Layout): readonly (string | number)[];
}

/** `planes`: how many things y counts; named `channel` unless it counts something else. */
export function pixels({ limits }: Target, height: number, width: number, planes: number, plane = 'channel'): Grid {
  const vector = height * width === 1;
  const count = vector ? planes : height * width;
  const workgroupSize = lanesWithin(limits, count > 32 ? 64 : 32);
  const place = vector
    ? [`let ${plane} = id.x;`, `if (${plane} >= ${u(planes)}) { return; }`, 'let n = id.z;']
    : [
        `if (id.x >= ${u(count)}) { return; }`,
        ...(height > 1 ? [`let oy = id.x / ${u(width)};`] : []),
        ...(width > 1 ? [`let ox = id.x % ${u(width)};`] : []),
        `let ${plane} = id.y;`,
        'let n = id.z;',
      ];
  const y = height > 1 ? 'oy' : 0;
  const x = width > 1 ? 'ox' : 0;
  return {
    workgroups: [Math.ceil(count / workgroupSize), vector ? 1 : planes],
    workgroupSize,
    place,
    y,
    x,
    offset: (layout) => [
      ...(typeof y === 'string' ? [layout.top > 0 ? `(${plus(y, layout.top)}) * ${u(layout.rowStride)}` : `${y} * ${u(layout.rowStride)}`] : [layout.top * layout.rowStride]),
      x,
      layout.left,
    ],
  };
}
