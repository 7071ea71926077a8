// One layer over one input: what it makes, what it computes, and what is said when it cannot.

import { interpret } from '../../compiler/interpret.ts';
import type { TypedNode } from '../../compiler/ir/graph.ts';
import { elements, Tensor } from '../../compiler/ir/tensor.ts';
import type { Shape } from '../../compiler/ir/tensor.ts';
import { infer } from '../../compiler/passes/infer.ts';
import { collect } from '../../compiler/source/catalog.ts';
import { network } from './network.ts';
import type { Layer } from './network.ts';

type Attributes = Omit<Layer, 'name'> & { readonly op: string };

/** The node that a layer called `layer` becomes over the input `x`; throws what is wrong with it. */
export function layer(input: Shape, attributes: Attributes): TypedNode {
  const node = typed(input, [{ name: 'layer', ...attributes }]).nodes.at(-1);
  if (node === undefined) throw new Error('no node');
  return node;
}

/** What `layer` makes of an input of these values (H,W,C order); parameters by suffix, in the file's order. */
export function evaluate(
  input: Shape,
  values: readonly number[],
  attributes: Attributes,
  parameters: Readonly<Record<string, readonly number[]>> = {},
): readonly number[] {
  return evaluateAll(input, values, [{ name: 'layer', ...attributes }], parameters);
}

/** The same for several layers; the last one's result. */
export function evaluateAll(
  input: Shape,
  values: readonly number[],
  layers: readonly Layer[],
  parameters: Readonly<Record<string, readonly number[]>> = {},
): readonly number[] {
  const graph = typed(input, layers);
  const tensors = (name: string): Tensor => {
    const given = parameters[name.slice(name.lastIndexOf('.') + 1)] ?? [];
    const shape = graph.nodes.flatMap(({ params }) => params).find((param) => param.name === name)?.shape ?? [];
    if (given.length !== elements(shape)) throw new Error(`${name} takes ${elements(shape)} values, not ${given.length}`);
    return new Tensor(shape, Float64Array.from(given));
  };
  const results = interpret(graph, tensors, new Tensor([1, ...input], Float64Array.from(values)));
  return [...(results.get(layers.at(-1)?.name ?? '')?.data ?? [])];
}

export interface Complaint {
  readonly code: string;
  readonly message: string;
  /** The text it points at. */
  readonly marked: string;
  readonly label: string;
  readonly help: string | undefined;
  readonly related: readonly string[];
}

/** What inference says of a network over the input `x`. */
export function complaints(input: Shape, layers: readonly Layer[]): readonly Complaint[] {
  const { report, diagnostics } = collect();
  infer(network({ x: input }, layers), report);
  return diagnostics.map(({ code, message, span, label, help, related }) => ({
    code,
    message,
    marked: span.source.text.slice(span.start, span.end),
    label,
    help,
    related: related.map(({ span, note }) => `${span.source.text.slice(span.start, span.end)}: ${note}`),
  }));
}

function typed(input: Shape, layers: readonly Layer[]) {
  const { report, diagnostics } = collect();
  const graph = infer(network({ x: input }, layers), report);
  if (graph === undefined) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  return graph;
}

/** The whole numbers from `first` on. */
export function counting(length: number, first = 1): readonly number[] {
  return Array.from({ length }, (_, i) => first + i);
}
