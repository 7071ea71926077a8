// How each stored value lies in its buffer, chosen for the kernels that read it. A convolution gets a margin of zeros
// around its picture, so that no bounds check stands in its loops, and rows that begin at multiples of four values,
// which it loads four at a time. A dense layer gets its vector without gaps, and zeros after its end.

import type { Layout } from '../../runtime/plan.ts';
import { homeOf, type FusedKernel, type Program } from '../ir/kernel.ts';
import type { Window } from '../ir/op.ts';
import { asPicture, elements, type Shape } from '../ir/tensor.ts';

/** What the readers of a value ask of it together. */
interface Demand {
  top: number;
  right: number;
  bottom: number;
  left: number;
  /** Rows begin at multiples of four values. */
  alignedRows: boolean;
  /** Each image is a multiple of this many values; those past the end are zero. */
  multiple: number;
}

export type Layouts = ReadonlyMap<string, Layout>;

/** How a stored value lies. */
export function layoutOf(layouts: Layouts, id: string): Layout {
  const layout = layouts.get(id);
  if (!layout) throw new Error(`${id} has no layout`);
  return layout;
}

/** Values whose numbers somebody sees as a vector: no gap may be between them. */
function seenAsVectors({ graph, kernels, values, views }: Program): ReadonlySet<string> {
  const seen = [
    ...kernels.filter(({ core, reads, readsShape }) => core.kind === 'dense' || readsShape.join() !== values.get(reads)?.shape.join()).map(({ reads }) => reads),
    ...graph.nodes.flatMap(({ id, shape }) => {
      const value = views.get(id);
      return value === undefined || values.get(value)?.shape.join() === shape.join() ? [] : [value];
    }),
  ];
  return new Set(seen.map((id) => homeOf(values, id)));
}

/**
 * @param denseMultiple how many values past its end a dense kernel may read: four for each of its lanes
 * @param tileOf rows and columns of results that a convolution makes at once, beyond its picture too, from all phases of its stride
 * @param alignsRows whether a kernel that needs no margin is faster where rows begin at multiples of four values
 */
export function layOut(program: Program, denseMultiple: number, tileOf: (kernel: FusedKernel) => number, alignsRows: (kernel: FusedKernel) => boolean): Layouts {
  const vectors = seenAsVectors(program);
  const demands = new Map<string, Demand>();
  const demand = (id: string): Demand => {
    const at = homeOf(program.values, id);
    const known = demands.get(at) ?? { top: 0, right: 0, bottom: 0, left: 0, alignedRows: false, multiple: 1 };
    demands.set(at, known);
    return known;
  };
  for (const kernel of program.kernels) {
    if (kernel.core.kind === 'conv') {
      const asked = demand(kernel.reads);
      const margin = marginOf(kernel.core.window, kernel.readsShape, kernel.nodes[0]?.shape ?? kernel.readsShape, tileOf(kernel));
      asked.top = Math.max(asked.top, margin.top);
      asked.left = Math.max(asked.left, margin.left);
      asked.bottom = Math.max(asked.bottom, margin.bottom);
      asked.right = Math.max(asked.right, margin.right);
      asked.alignedRows = true;
    } else if (kernel.core.kind === 'dense') {
      demand(kernel.reads).multiple = denseMultiple;
    } else if (alignsRows(kernel) && !vectors.has(homeOf(program.values, kernel.reads))) {
      demand(kernel.reads).alignedRows = true;
    }
  }

  const layouts = new Map<string, Layout>();
  const lay = (id: string): Layout => {
    const done = layouts.get(id);
    if (done) return done;
    const value = program.values.get(id);
    if (!value) throw new Error(`${id} is read but not stored`);
    const layout = value.inside
      ? slice(lay(value.inside.value), value.inside.firstChannel, asPicture(value.shape)[2])
      : whole(value.shape, demand(id));
    layouts.set(id, layout);
    return layout;
  };
  for (const id of program.values.keys()) lay(id);
  return layouts;
}

/** Zeros a convolution reads around its picture: its padding, and what its last windows reach beyond that. */
export function marginOf(window: Window, reads: Shape, makes: Shape, tile = 1): Pick<Demand, 'top' | 'right' | 'bottom' | 'left'> {
  const input = asPicture(reads);
  const output = asPicture(makes);
  const beyond = (axis: 0 | 1): number => {
    const kernel = tile > 1 ? roundUp(window.kernel[axis], window.stride[axis]) : window.kernel[axis];
    const last = (roundUp(output[axis], tile) - 1) * window.stride[axis] + (kernel - 1) * window.dilation[axis] + 1;
    return Math.max(0, last - window.before[axis] - input[axis]);
  };
  return { top: window.before[0], left: window.before[1], bottom: beyond(0), right: beyond(1) };
}

function whole(shape: Shape, { top, right, bottom, left, alignedRows, multiple }: Demand): Layout {
  const [height, width, channels] = asPicture(shape);
  const rowStride = roundUp(left + width + right, alignedRows ? 4 : 1);
  const planeStride = (top + height + bottom) * rowStride;
  const imageStride = roundUp(channels * planeStride, Math.max(4, multiple));
  return { channels, height, width, top, left, rowStride, planeStride, imageStride, firstChannel: 0 };
}

function slice(layout: Layout, firstChannel: number, channels: number): Layout {
  return { ...layout, firstChannel: layout.firstChannel + firstChannel, channels };
}

/** The layout of a value seen in another shape of as many values: a picture without gaps is a vector, channel-major. */
export function viewAs(layout: Layout, shape: Shape): Layout {
  const [height, width, channels] = asPicture(shape);
  if (height === layout.height && width === layout.width && channels === layout.channels) return layout;
  if (!isTight(layout) || layout.channels * layout.height * layout.width !== elements(shape)) {
    throw new Error(`a layout with gaps cannot be seen as ${shape.join('x')}`);
  }
  return {
    channels,
    height,
    width,
    top: 0,
    left: 0,
    rowStride: width,
    planeStride: height * width,
    imageStride: layout.imageStride,
    firstChannel: layout.firstChannel * layout.planeStride,
  };
}

function isTight({ height, width, rowStride, planeStride }: Layout): boolean {
  return rowStride === width && planeStride === height * width;
}

/** Whether zeros stand in the buffer that no kernel writes and some kernel counts on. */
export function hasMargin(layout: Layout): boolean {
  return !isTight(layout) || layout.imageStride !== layout.channels * layout.planeStride;
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
