// Where the windows of convolutions and pools lie, told apart from a layer's attributes.

import type { Layer } from '../task.ts';

export interface Windows {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** Rows above and below, columns left and right. Below and right it is what the windows of the output reach: negative where they leave some out. */
  readonly rows: readonly [number, number];
  readonly columns: readonly [number, number];
}

export function windowsOf({ attrs, shape }: Layer, [height = 1, width = 1]: readonly number[]): Windows {
  const pair = (name: string): readonly [number, number] => (attrs[name] ?? [1, 1]) as [number, number];
  const [kernel, stride, dilation] = [pair('kernel'), pair('stride'), pair('dilation')];
  const { pad } = attrs;
  if (!Array.isArray(pad)) throw new Error(`padding '${String(pad)}' is not written for this peer`);
  const [top, , , left] = pad as number[];
  const reach = (axis: 0 | 1, before: number, size: number): readonly [number, number] =>
    [before, ((shape[axis] ?? 1) - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1 - size - before];
  return { kernel, stride, dilation, rows: reach(0, top ?? 0, height), columns: reach(1, left ?? 0, width) };
}
