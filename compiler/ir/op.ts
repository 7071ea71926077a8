// The contract of an operator: everything the compiler knows of `conv` or `lrn` is one object of this type, in one
// file of `ops/`. Passes ask it; none of them knows an operator's name.

import type { AttrTable, AttrValues } from '../spec/attr.ts';
import type { Report } from '../source/catalog.ts';
import type { Span } from '../source/source.ts';
import type { Expr } from './expr.ts';
import type { Shape, Tensor } from './tensor.ts';

/** An operator at one place of one network: what it was given, and how to say what is wrong with it. */
export interface Site<Values = Readonly<Record<string, unknown>>> {
  /** The layer's name. */
  readonly name: string;
  readonly attrs: Values;
  /** One shape for each input, in the order of `from`. */
  readonly inputs: readonly Shape[];
  /** The names of the inputs, for messages. */
  readonly from: readonly string[];
  /** Where an attribute is written; the operator's name where it is not. */
  readonly at: (attribute: string) => Span;
  /** Reports a mistake. The chain of layers that led to this one's inputs is added by the caller. */
  readonly report: Report;
}

/** A site whose output is known. */
export interface Placed<Values = Readonly<Record<string, unknown>>> extends Omit<Site<Values>, 'at' | 'report'> {
  readonly output: Shape;
}

/** What one might have meant to write: the operator's attributes with one of them changed. */
export interface Alternative<Values = Readonly<Record<string, unknown>>> {
  readonly attribute: string;
  /** As the spec would say it: `pad: 2`. */
  readonly text: string;
  readonly attrs: Values;
  /** True where the change leaves the weights as they are: padding and rounding, not kernels or filters. */
  readonly gentle: boolean;
}

/** A tensor that a weight file must hold. */
export interface Param {
  /** `<layer>.weight`. */
  readonly name: string;
  /** In the file's axis order: O,I,kH,kW for a convolution, O,I for a dense layer. */
  readonly shape: readonly number[];
  /** False for batchnorm's running statistics, which are no parameters in anybody's count. */
  readonly trained: boolean;
  /** What `synthetic:SEED` makes of the formula's value `v`, which lies within `bound`: `v`, `1 + v`, or `0.5 + v * v`. */
  readonly synthetic: { readonly bound: number; readonly shape: 'v' | '1 + v' | '0.5 + v * v' };
}

/** A window that slides over a picture. All pairs are `[vertical, horizontal]`. */
export interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** Padding above and to the left: where the first window starts, counted backwards from the first pixel. */
  readonly before: readonly [top: number, left: number];
  /** Padding below and to the right, which `avgpool` may count as cells. Windows may reach past it. */
  readonly after: readonly [bottom: number, right: number];
}

/** What an operator becomes on the GPU. Fusion and scheduling read only this. */
export type Lowering =
  /** `y[o] = bias[o] + sum over i, r, s of x[i] * weight[o, i, r, s]`, channels in `groups` that do not mix. */
  | { readonly kind: 'conv'; readonly window: Window; readonly groups: number; readonly weight: string; readonly bias?: string }
  /** `y[o] = bias[o] + sum over i of x[i] * weight[o, i]`, a picture read channel-major. */
  | { readonly kind: 'dense'; readonly weight: string; readonly bias?: string }
  /** The largest, or the mean, of each window, channel by channel; padding never wins, and counts as cells only if asked. */
  | { readonly kind: 'pool'; readonly window: Window; readonly combine: 'max' | 'mean'; readonly countPadding: boolean }
  /** `x / (k + alpha * sum of x² over size channels)^beta`; the operator has already divided alpha where it is a mean. */
  | { readonly kind: 'lrn'; readonly size: number; readonly alpha: number; readonly beta: number; readonly k: number }
  /** `exp(x - max) / sum` over the channels of each pixel. */
  | { readonly kind: 'softmax' }
  /** Channels one after the other, in the order of the inputs. */
  | { readonly kind: 'concat' }
  /** A scalar function of all inputs at one position: joins the kernel before it. */
  | { readonly kind: 'pointwise'; readonly expr: Expr }
  /** The same numbers in the same channel-major order: no code. */
  | { readonly kind: 'view' };

/**
 * What advice about a network has to know: a function of single values, of which one in a row is enough; one that `drops`
 * values while training; one that `centres` each channel, so that a constant added before it is lost.
 */
export type Nature = 'activation' | 'drops' | 'centres';

export interface OpDef<Table extends AttrTable = AttrTable> {
  readonly name: string;
  /** One sentence for `explain`, the schema and the editor; then its formula and its source (paper section, PyTorch function). */
  readonly summary: string;
  readonly arity: 1 | 'many';
  readonly nature?: Nature;
  /** The keys one may write beside the common ones. */
  readonly attrs: Table;
  /**
   * The output's shape; reports what is wrong, and returns undefined where that leaves no shape. A shape in spite of a mistake
   * (too few features arrive, and still 4096 values leave) lets the layers behind it be judged in the same run.
   */
  infer(site: Site<AttrValues<Table>>): Shape | undefined;
  /**
   * What else might have been meant, the nearest first, for a message to propose where it gives the shape that somebody
   * wants; `channels` of them, where that is known. Default none.
   */
  alternatives?(attrs: AttrValues<Table>, channels: number | undefined): readonly Alternative<AttrValues<Table>>[];
  /** The tensors it needs, in the order they are counted and stored. */
  params?(place: Placed<AttrValues<Table>>): readonly Param[];
  /** Multiply-adds of convolutions and dense layers. Default 0. */
  macs?(place: Placed<AttrValues<Table>>): number;
  /** Arithmetic operations beside those multiply-adds. Default 0. */
  otherFlops?(place: Placed<AttrValues<Table>>): number;
  lower(place: Placed<AttrValues<Table>>): Lowering;
  /** What it means: plain loops in float64, sharing nothing with `lower`. Tensors carry the batch: N,H,W,C or N,C. */
  reference(evaluation: Evaluation<AttrValues<Table>>): Tensor;
}

export interface Evaluation<Values> {
  readonly attrs: Values;
  readonly inputs: readonly Tensor[];
  /** The parameter whose name ends in `.suffix`, in the file's axis order; undefined where the operator declared none. */
  readonly param: (suffix: string) => Tensor | undefined;
  /** N,H,W,C or N,C. */
  readonly output: readonly number[];
}

/** Any operator, its attribute types forgotten: what the register of operators and the passes hold. */
export interface Op {
  readonly name: string;
  readonly summary: string;
  readonly arity: 1 | 'many';
  readonly nature?: Nature;
  readonly attrs: AttrTable;
  infer(site: Site): Shape | undefined;
  alternatives(attrs: Readonly<Record<string, unknown>>, channels: number | undefined): readonly Alternative[];
  params(place: Placed): readonly Param[];
  macs(place: Placed): number;
  otherFlops(place: Placed): number;
  lower(place: Placed): Lowering;
  reference(evaluation: Evaluation<Readonly<Record<string, unknown>>>): Tensor;
}

/** Types an operator's functions by its attribute table, and forgets those types for the register. */
export function defineOp<const Table extends AttrTable>(def: OpDef<Table>): Op {
  const place = (place: Placed): Placed<AttrValues<Table>> => place as Placed<AttrValues<Table>>;
  return {
    name: def.name,
    summary: def.summary,
    arity: def.arity,
    ...(def.nature === undefined ? {} : { nature: def.nature }),
    attrs: def.attrs,
    infer: (site) => def.infer(site as Site<AttrValues<Table>>),
    alternatives: (attrs, channels) => def.alternatives?.(attrs as AttrValues<Table>, channels) ?? [],
    params: (at) => def.params?.(place(at)) ?? [],
    macs: (at) => def.macs?.(place(at)) ?? 0,
    otherFlops: (at) => def.otherFlops?.(place(at)) ?? 0,
    lower: (at) => def.lower(place(at)),
    reference: (evaluation) => def.reference(evaluation as Evaluation<AttrValues<Table>>),
  };
}
