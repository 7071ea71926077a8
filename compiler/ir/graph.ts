// A network as nodes and the values between them. `build` makes a Graph from what was written; `infer` adds what
// follows from it. They are different types, so that no pass can run too early.

import type { SpecDocument, LayerSpec } from '../spec/document.ts';
import type { Span } from '../source/source.ts';
import type { Lowering, Op, Param } from './op.ts';
import type { Shape } from './tensor.ts';

export interface Node {
  /**
   * Unique. The layer's name where the node's result is the layer's; `conv1: {op: conv, activation: relu}` makes two nodes,
   * `conv1:conv`, whose result no user can name (no name holds a colon), and `conv1`, the relu.
   */
  readonly id: string;
  readonly op: Op;
  readonly attrs: Readonly<Record<string, unknown>>;
  /** Ids of nodes, or the input's name. */
  readonly inputs: readonly string[];
  readonly origin: LayerSpec;
  /** Where an attribute is written; the operator's name where it is not. */
  readonly at: (attribute: string) => Span;
}

export interface Graph {
  readonly document: SpecDocument;
  readonly input: { readonly name: string; readonly shape: Shape };
  /** In topological order. */
  readonly nodes: readonly Node[];
  /** Node ids, in the spec's order; at least one, but where a mistake has been reported. */
  readonly outputs: readonly string[];
}

export interface TypedNode extends Node {
  readonly shape: Shape;
  readonly params: readonly Param[];
  /** Multiply-adds of convolutions and dense layers, for one image. */
  readonly macs: number;
  /** Two per multiply-add, plus one per other arithmetic operation, for one image. */
  readonly flops: number;
  readonly lowering: Lowering;
}

export interface TypedGraph extends Omit<Graph, 'nodes'> {
  readonly nodes: readonly TypedNode[];
}
