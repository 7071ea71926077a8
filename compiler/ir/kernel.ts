// What fusion makes: kernels, each a loop (its core) and what is done to every result while it is still in a register
// (its tail), and the values that lie in memory between them.

import type { Expr } from './expr.ts';
import type { TypedGraph, TypedNode } from './graph.ts';
import type { Lowering } from './op.ts';
import type { Shape } from './tensor.ts';

/** The loop of a kernel. */
export type Core =
  | Extract<Lowering, { readonly kind: 'conv' | 'dense' | 'pool' | 'lrn' | 'softmax' }>
  /** The largest of each window of normalised values, in one sweep over the channels. */
  | { readonly kind: 'lrn-pool'; readonly lrn: Extract<Lowering, { kind: 'lrn' }>; readonly pool: Extract<Lowering, { kind: 'pool' }> }
  /** Each value of the input as it is: a copy, or a pointwise layer with no kernel to join. */
  | { readonly kind: 'map' };

/** One pointwise node of a tail. */
export interface TailStep {
  readonly node: TypedNode;
  readonly expr: Expr;
  /** What the expression's inputs are: the result of the step before, or a value in memory. */
  readonly inputs: readonly ('previous' | { readonly value: string })[];
}

/** A batch normalisation that is multiplied into the weights before it when they are loaded. */
export interface Folded {
  readonly layer: string;
  readonly epsilon: number;
}

export interface FusedKernel {
  /** `conv1+relu`. */
  readonly name: string;
  /** The nodes it computes, in order; empty for a copy. */
  readonly nodes: readonly TypedNode[];
  readonly core: Core;
  /** The id of the node whose result the core is, before any tail; the copied value's for a copy. */
  readonly coreResult: string;
  /** The value that the core reads. */
  readonly reads: string;
  /** Its shape as the core sees it: a picture that was flattened is a vector here. */
  readonly readsShape: Shape;
  readonly folded: readonly Folded[];
  readonly tail: readonly TailStep[];
  /** The value that its last result becomes. */
  readonly result: string;
  /** Results before the last that somebody else needs: stored as well. */
  readonly keeps: readonly string[];
  /** For `summary --plan`: what joined and why, and why it begins here. */
  readonly reasons: readonly string[];
}

/** A value that lies in memory. */
export interface StoredValue {
  readonly id: string;
  readonly shape: Shape;
  /** Lies in this other value, from this channel on: what makes concat free. */
  readonly inside?: { readonly value: string; readonly firstChannel: number };
}

export interface Program {
  readonly graph: TypedGraph;
  readonly kernels: readonly FusedKernel[];
  readonly values: ReadonlyMap<string, StoredValue>;
  /** Nodes without code of their own (views), and the stored value that is theirs in the same channel-major order. */
  readonly views: ReadonlyMap<string, string>;
  /** Nodes that cost nothing, and why. */
  readonly free: ReadonlyMap<string, string>;
  /** Nodes whose values folding removed. */
  readonly foldedAway: ReadonlySet<string>;
}

/** The value in whose buffer this one lies: itself, or the concat that it is a part of. */
export function homeOf(values: ReadonlyMap<string, StoredValue>, id: string): string {
  const inside = values.get(id)?.inside;
  return inside ? homeOf(values, inside.value) : id;
}
