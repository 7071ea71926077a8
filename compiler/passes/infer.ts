// Graph to TypedGraph: asks each operator for its shape, weights, cost and lowering, in order, and holds every layer to
// its `expect`. A mistake is told with the layers that led to it and, where one change would mend it, that change.
//
// A layer whose shape cannot be known stays silent, and so do those that read it. Where a shape can be known in spite of
// a mistake (what `expect` says, or what an operator makes whatever arrives), the layers behind are judged by that.

import type { Graph, Node, TypedGraph, TypedNode } from '../ir/graph.ts';
import { elements, printShape } from '../ir/tensor.ts';
import type { Shape } from '../ir/tensor.ts';
import { catalog } from '../source/catalog.ts';
import type { Entry, More, Report } from '../source/catalog.ts';
import type { Span } from '../source/source.ts';
import { fits, printExpected } from './expect.ts';
import { repair } from './repair.ts';
import { layerOf, reasonFor, trace } from './trace.ts';
import type { History } from './trace.ts';

/** As far as a network is known: all of it, or up to its mistakes. */
export interface Inference {
  /** The layers that are right and stand on right layers only. */
  readonly known: TypedGraph;
  /** Whether that is every layer. */
  readonly complete: boolean;
}

/** A shader counts values in 32 bits; the largest of its numbers that is also a length. */
const mostValues = 2 ** 31;

/** The network with shapes; reports and returns undefined where it has none. */
export function infer(graph: Graph, report: Report): TypedGraph | undefined {
  const { known, complete } = inferPartial(graph, report);
  return complete ? known : undefined;
}

/** As much of the network as is right, for a table that shows how far it goes. */
export function inferPartial(graph: Graph, report: Report): Inference {
  const shapes = new Map<string, Shape>();
  const typed = new Map<string, TypedNode>();
  const history: History = { graph, nodes: new Map(graph.nodes.map((node) => [node.id, node])), shapes, typed };
  const { tell, finish } = warningsLast(report);
  const sound = new Set<string>();
  let complete = countable(graph.input.name, graph.input.shape, report, graph.document.input.shape.span);
  if (complete) {
    shapes.set(graph.input.name, graph.input.shape);
    sound.add(graph.input.name);
  }
  for (const node of graph.nodes) {
    const { shape, right } = inferNode(node, history, tell(node));
    if (shape !== undefined) shapes.set(node.id, shape);
    if (right && node.inputs.every((id) => sound.has(id))) sound.add(node.id);
    else {
      typed.delete(node.id);
      complete = false;
    }
  }
  finish();
  return { known: { ...graph, nodes: [...typed.values()] }, complete };
}

/** Keeps warnings back, and drops those about layers that an error already speaks of: their loss is part of its story. */
function warningsLast(report: Report): { readonly tell: (node: Node) => Report; readonly finish: () => void } {
  const told = new Set<Span>();
  const warnings: { readonly about: Span; readonly say: () => void }[] = [];
  return {
    tell: (node) => (law, span, holes, more = {}) => {
      const about = node.origin.name.span;
      if (law.severity === 'warning') {
        warnings.push({ about, say: () => { report(law, span, holes, more); } });
        return;
      }
      told.add(about);
      for (const { span } of more.related ?? []) told.add(span);
      report(law, span, holes, more);
    },
    finish: () => {
      for (const { about, say } of warnings) if (!told.has(about)) say();
    },
  };
}

/** One node's shape; the node joins the history's typed ones where its operator has nothing against it. */
function inferNode(node: Node, history: History, report: Report): { readonly shape: Shape | undefined; readonly right: boolean } {
  const inputs = node.inputs.map((id) => history.shapes.get(id));
  if (!inputs.every((shape) => shape !== undefined)) return { shape: undefined, right: false };
  const verdict = { right: true };
  const tell: Report = (law, span, holes, more = {}) => {
    if (law.severity === 'error') verdict.right = false;
    report(law, span, holes, explained(law, node, history, more));
  };
  const name = node.origin.name.value;
  const from = node.inputs.map((id) => layerOf(id, history));
  const shape = node.op.infer({ name, attrs: node.attrs, inputs, from, at: node.at, report: tell });
  if (shape === undefined || !countable(name, shape, tell, node.at('op'))) return { shape: undefined, right: false };

  const place = { name, attrs: node.attrs, inputs, from, output: shape };
  const params = node.op.params(place);
  const heavy = params.find((param) => elements(param.shape) > mostValues);
  if (heavy !== undefined) {
    const holes = { layer: name, tensor: heavy.name, shape: printShape(heavy.shape), count: elements(heavy.shape), limit: mostValues };
    tell(catalog.tooManyWeights, node.at('op'), holes);
  }
  if (!verdict.right) return { shape, right: false };
  const macs = node.op.macs(place);
  const flops = 2 * macs + node.op.otherFlops(place);
  history.typed.set(node.id, { ...node, shape, params, macs, flops, lowering: node.op.lower(place) });
  return judgeExpect(node, shape, history, report) ?? { shape, right: true };
}

/** Reports a value of more numbers than can be counted. */
function countable(layer: string, shape: Shape, report: Report, span: Span): boolean {
  const count = elements(shape);
  if (count <= mostValues) return true;
  report(catalog.tooManyValues, span, { layer, shape: printShape(shape), count, limit: mostValues });
  return false;
}

/** Reports an `expect` that does not hold, and says what to believe instead: what the author wrote. */
function judgeExpect(
  node: Node,
  shape: Shape,
  history: History,
  report: Report,
): { readonly shape: Shape; readonly right: boolean } | undefined {
  const { expect, name } = node.origin;
  if (expect === undefined || node.id !== name.value || fits(shape, expect.value)) return undefined;
  const wanted = expect.value;
  const last = wanted.length === shape.length ? wanted.at(-1) : undefined;
  const planeIsRight = wanted.length === shape.length && fits(shape.slice(0, -1), wanted.slice(0, -1));
  const help = repair(node, history, { wanted, planeIsRight, channels: typeof last === 'number' ? last : undefined });
  const because = (planeIsRight ? undefined : reasonFor(node.id, history)) ?? `it is ${printShape(shape)}`;
  const holes = { layer: name.value, actual: printShape(shape), expected: printExpected(wanted), because };
  const ownChannels = planeIsRight && history.shapes.get(node.inputs[0] ?? '')?.at(-1) !== shape.at(-1);
  const related = ownChannels ? [] : trace(node, history, planeIsRight ? 'channels' : 'plane');
  report(catalog.expectFails, expect.span, holes, { related, help });
  return { shape: believed(shape, wanted), right: false };
}

/** The expected shape with its unknown sizes filled in; the actual one where a picture was expected of a vector, or the reverse. */
function believed(shape: Shape, wanted: readonly (number | '?')[]): Shape {
  const size = (axis: number, actual: number): number => {
    const expected = wanted[axis];
    return typeof expected === 'number' ? expected : actual;
  };
  if (wanted.length !== shape.length) return shape;
  return shape.length === 1 ? [size(0, shape[0])] : [size(0, shape[0]), size(1, shape[1]), size(2, shape[2])];
}

/** The laws that speak of what arrives, and so want the layers that made it; of its height and width, or of its channels. */
const tracedLaws: ReadonlyMap<Entry, 'plane' | 'channels'> = new Map<Entry, 'plane' | 'channels'>([
  [catalog.windowTooLarge, 'plane'],
  [catalog.notWhole, 'plane'],
  [catalog.inChannels, 'channels'],
  [catalog.inFeatures, 'plane'],
  [catalog.needsPicture, 'channels'],
  [catalog.addUnequal, 'plane'],
  [catalog.concatUnequal, 'plane'],
  [catalog.concatMixed, 'channels'],
]);

/** What an operator said, with the layers behind its inputs and what would mend them. */
function explained(law: Entry, node: Node, history: History, more: More): More {
  const question = tracedLaws.get(law);
  if (question === undefined) return more;
  const elsewhere = question === 'plane' ? repair(node, history, { counting: law === catalog.inFeatures }) : undefined;
  const help = [elsewhere, more.help].filter((text) => text !== undefined);
  return {
    related: [...(more.related ?? []), ...trace(node, history, question)],
    ...(help.length === 0 ? {} : { help: help.join('; otherwise ') }),
  };
}
