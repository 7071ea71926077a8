// A layer's lowering as ONNX operators: pictures lie N,C,H,W there, so that channels are axis 1 of pictures and vectors
// alike, and channel-major is what every flattening gives. ONNX knows other paddings and roundings than specs; here all are
// worked out to paddings in cells, of which every runtime understands the same.

import type { Lowering, Window } from '../ir/op.ts';
import { asPicture, elements, printShape, type Shape } from '../ir/tensor.ts';
import { float, floatTerm, int, ints, intsTerm, operator, value, type Attribute, type Term } from './onnx-term.ts';
import { termOfExpr } from './onnx-expr.ts';

/** What a node computes, and from what. */
export interface Place {
  readonly name: string;
  readonly lowering: Lowering;
  /** Names and shapes of its inputs. */
  readonly inputs: readonly { readonly name: string; readonly shape: Shape }[];
  readonly shape: Shape;
}

/** The node's result. */
export function termOfLowering(place: Place): Term {
  const { lowering, inputs, shape } = place;
  const from = inputs.map(({ name }) => value(name));
  const [x = value('')] = from;
  const [{ shape: given } = { shape }] = inputs;
  switch (lowering.kind) {
    case 'conv': {
      const parameters = [value(lowering.weight), ...(lowering.bias === undefined ? [] : [value(lowering.bias)])];
      const attributes = { ...windowOf(lowering.window, place), dilations: ints(lowering.window.dilation), group: int(lowering.groups) };
      return operator('Conv', [x, ...parameters], attributes);
    }
    case 'dense': {
      const vector = given.length === 1 ? x : operator('Flatten', [x], { axis: int(1) });
      const bias = lowering.bias === undefined ? [] : [value(lowering.bias)];
      return operator('Gemm', [vector, value(lowering.weight), ...bias], { transB: int(1) });
    }
    case 'pool':
      return lowering.combine === 'max' ? operator('MaxPool', [x], windowOf(lowering.window, place)) : mean(lowering, x, place);
    case 'lrn': {
      const { size, alpha, beta, k } = lowering;
      // ONNX divides alpha by size, as Caffe and PyTorch do.
      const attributes = { size: int(size), alpha: float(alpha * size), beta: float(beta), bias: float(k) };
      if (given.length === 3) return operator('LRN', [x], attributes);
      const picture = operator('Unsqueeze', [x, intsTerm([2, 3])]);
      return operator('Flatten', [operator('LRN', [picture], attributes)], { axis: int(1) });
    }
    case 'softmax':
      return operator('Softmax', [x], { axis: int(1) });
    case 'concat':
      return operator('Concat', from, { axis: int(1) });
    case 'pointwise':
      return termOfExpr(lowering.expr, from);
    case 'view':
      if (printShape(shape) === printShape(given)) return operator('Identity', [x]);
      if (shape.length === 1) return operator('Flatten', [x], { axis: int(1) });
      throw new Error(`${place.name} sees ${printShape(given)} as ${printShape(shape)}, which is no flattening`);
  }
}

/**
 * The mean of each window. Cells past input and padding never count. ONNX counts padding or not, like specs, but its
 * runtimes disagree on what lies past it: so where windows reach there, padding is made part of the input.
 */
function mean({ window, countPadding }: Extract<Lowering, { readonly kind: 'pool' }>, x: Term, place: Place): Term {
  const [height, width] = asPicture(place.inputs[0]?.shape ?? place.shape);
  const whole = window.kernel[0] === height && window.kernel[1] === width && elements(place.shape.slice(0, -1)) === 1;
  const padded = [...window.before, ...window.after].some((cells) => cells > 0);
  if (whole && !padded) return operator('GlobalAveragePool', [x]);
  const exclude = { count_include_pad: int(0) };
  if (!countPadding || !padded) return operator('AveragePool', [x], { ...windowOf(window, place), ...exclude });
  if (overhangs(window, place)) {
    const [top, left] = window.before;
    const [bottom, right] = window.after;
    const padding = operator('Pad', [x, intsTerm([0, 0, top, left, 0, 0, bottom, right]), floatTerm(0)]);
    const inside: Window = { ...window, before: [0, 0], after: [0, 0] };
    const seen: Place = { ...place, inputs: [{ name: '', shape: [height + top + bottom, width + left + right, place.shape.at(-1) ?? 0] }] };
    return operator('AveragePool', [padding], { ...windowOf(inside, seen), ...exclude });
  }
  return operator('AveragePool', [x], { ...windowOf(window, place), count_include_pad: int(1) });
}

/** Kernel, strides, and paddings with which rounding down gives as many windows as the layer has. */
function windowOf(window: Window, place: Place): Readonly<Record<string, Attribute>> {
  const after = ([0, 1] as const).map((axis) => {
    const { size, count, span, stride, before, written } = along(axis, window, place);
    const windows = (padding: number): number => Math.floor((size + before + padding - span) / stride) + 1;
    // As written where that comes out right; else up to where the last window ends.
    const padding = windows(written) === count ? written : Math.max(0, (count - 1) * stride + span - size - before);
    if (windows(padding) !== count) throw new Error(`${place.name} has ${count} windows along axis ${axis}, and no padding gives them`);
    return padding;
  });
  return { kernel_shape: ints(window.kernel), strides: ints(window.stride), pads: ints([...window.before, ...after]) };
}

/** Whether the last window reaches past the padding. */
function overhangs(window: Window, place: Place): boolean {
  return ([0, 1] as const).some((axis) => {
    const { size, count, span, stride, before, written } = along(axis, window, place);
    return (count - 1) * stride + span > size + before + written;
  });
}

function along(axis: 0 | 1, window: Window, { inputs, shape }: Place) {
  return {
    size: asPicture(inputs[0]?.shape ?? shape)[axis],
    count: asPicture(shape)[axis],
    span: window.dilation[axis] * (window.kernel[axis] - 1) + 1,
    stride: window.stride[axis],
    before: window.before[axis],
    written: window.after[axis],
  };
}
