// How a shape came about: the layers behind it that made it smaller, each with its arithmetic. It is what stands beside a
// message about a layer that is right in itself and was given the wrong thing.

import type { Graph, Node, TypedGraph, TypedNode } from '../ir/graph.ts';
import type { Window } from '../ir/op.ts';
import { asPicture, printShape } from '../ir/tensor.ts';
import type { Shape } from '../ir/tensor.ts';
import { arithmetic, tersely } from '../ops/sliding.ts';
import type { Related } from '../source/diagnostic.ts';
import type { Span } from '../source/source.ts';

/** What is known when a mistake is found. */
export interface History {
  readonly graph: Graph;
  readonly nodes: ReadonlyMap<string, Node>;
  /** Of the input too. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** The nodes without a mistake of their own. */
  readonly typed: ReadonlyMap<string, TypedNode>;
}

/** The history of a network whose shapes are known. */
export function historyOf(graph: TypedGraph): History {
  const typed = new Map(graph.nodes.map((node) => [node.id, node]));
  const shapes = new Map<string, Shape>([[graph.input.name, graph.input.shape], ...graph.nodes.map(({ id, shape }) => [id, shape] as const)]);
  return { graph, nodes: typed, shapes, typed };
}

/** More layers than this are no explanation. */
const mostNotes = 6;

/** The name people know a value by. */
export function layerOf(id: string, { nodes }: History): string {
  return nodes.get(id)?.origin.name.value ?? id;
}

/**
 * The layers behind a node's inputs that changed height and width, first to last; where none did, or only the channels are
 * in question, the last one that changed those.
 */
export function trace(node: Node, history: History, question: 'plane' | 'channels' = 'plane'): readonly Related[] {
  const inputs = [...new Set(node.inputs)];
  const most = question === 'plane' ? Math.max(2, Math.floor(mostNotes / inputs.length)) : 0;
  const traces = inputs.map((id) => traceInput(id, node, history, most));
  // What all branches have in common does not explain why they differ.
  const shared = (span: Span): boolean => inputs.length > 1 && traces.every((notes) => notes.some((note) => note.span === span));
  const notes = new Map(traces.flat().filter(({ span }) => !shared(span)).map((note) => [note.span, note]));
  return [...notes.values()];
}

function traceInput(id: string, reader: Node, history: History, most: number): readonly Related[] {
  const notes: Related[] = [];
  let channels: Related | undefined;
  for (let node = history.nodes.get(id); node !== undefined; node = history.nodes.get(node.inputs[0] ?? '')) {
    const [first = ''] = node.inputs;
    const before = history.shapes.get(first);
    const after = history.shapes.get(node.id);
    if (before === undefined || after === undefined) break;
    if (node.origin === reader.origin) {
      // The reader's own layer makes the channels: no other is to blame.
      if (most === 0 && before.at(-1) !== after.at(-1)) return [];
      continue;
    }
    const note = (): Related => {
      const why = arithmeticOf(history.typed.get(node.id), before);
      // A block's line is one for all its instances.
      const whose = node.origin.instance === undefined ? '' : `${node.origin.name.value}: `;
      return { span: node.origin.name.span, note: `${whose}${printShape(before)} becomes ${printShape(after)}${why === undefined ? '' : `: ${why}`}` };
    };
    if (before.at(-1) !== after.at(-1)) channels ??= note();
    if (notes.length < most && !samePlane(before, after)) notes.unshift(note());
    if (notes.length === most && channels !== undefined) break;
  }
  if (notes.length > 0) return notes;
  if (channels !== undefined) return [channels];
  const { input } = history.graph.document;
  const reachesInput = id === input.name.value;
  return reachesInput ? [{ span: input.shape.span, note: `${printShape(history.graph.input.shape)} goes in` }] : [];
}

function samePlane(a: Shape, b: Shape): boolean {
  return a.length === b.length && (a.length === 1 || (a[0] === b[0] && a[1] === b[1]));
}

/** The arithmetic behind a layer's height and width: of its last node that has any. */
export function reasonFor(id: string, history: History): string | undefined {
  const origin = history.nodes.get(id)?.origin;
  for (let node = history.nodes.get(id); node?.origin === origin && node !== undefined; node = history.nodes.get(node.inputs[0] ?? '')) {
    const input = history.shapes.get(node.inputs[0] ?? '');
    const why = input === undefined ? undefined : arithmeticOf(history.typed.get(node.id), input);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** `(224 - 11) / 4 + 1 = 54.25, rounded down to 54`, or in short; undefined for a layer without windows that slide. */
export function arithmeticOf(node: TypedNode | undefined, input: Shape, inShort = false): string | undefined {
  const window = windowOf(node);
  if (node === undefined || window === undefined) return undefined;
  const [rows, columns] = ([0, 1] as const).map((axis) => alongAxis(window, axis, input, node.shape, inShort));
  if (rows === undefined || columns === undefined || rows.whole) return undefined;
  return rows.text === columns.text ? rows.text : `${rows.text} high, ${columns.text} wide`;
}

/** Whether a part of a window was rounded away or added. */
export function isRounded(node: TypedNode | undefined, input: Shape): boolean {
  const window = windowOf(node);
  return node !== undefined && window !== undefined && ([0, 1] as const).some((axis) => alongAxis(window, axis, input, node.shape).rounded);
}

function windowOf(node: TypedNode | undefined): Window | undefined {
  return node?.lowering.kind === 'conv' || node?.lowering.kind === 'pool' ? node.lowering.window : undefined;
}

function alongAxis(window: Window, axis: 0 | 1, input: Shape, output: Shape, inShort = false): { text: string; rounded: boolean; whole: boolean } {
  const size = asPicture(input)[axis];
  const stride = window.stride[axis];
  const span = window.dilation[axis] * (window.kernel[axis] - 1) + 1;
  const sizes = { size, span, stride, before: window.before[axis], after: window.after[axis], count: asPicture(output)[axis] };
  return {
    text: (inShort ? tersely : arithmetic)(sizes),
    rounded: (size + sizes.before + sizes.after - span) % stride !== 0,
    whole: span === size && sizes.count === 1 && sizes.before + sizes.after === 0,
  };
}
