// Graph to TypedGraph: asks each operator for its shape, weights, cost and lowering, in order, and holds every layer to
// its `expect`. A mistake is told with the layers that led to it and, where one change would mend it, that change.
//
// A layer whose shape cannot be known stays silent, and so do those that read it. Behind an `expect` that fails either the
// layer or the `expect` may be meant: a mistake there is told only if it is one in both cases.

import type { Graph, Node, TypedGraph, TypedNode } from '../ir/graph.ts';
import { elements, printShape } from '../ir/tensor.ts';
import type { Shape } from '../ir/tensor.ts';
import { catalog } from '../source/catalog.ts';
import type { Entry, More, Report } from '../source/catalog.ts';
import type { Related } from '../source/diagnostic.ts';
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
  const state: State = { graph, nodes: new Map(graph.nodes.map((node) => [node.id, node])), shapes: new Map(), wished: new Map(), typed: new Map(), failed: new Map() };
  const { tell, finish } = warningsLast(report);
  const sound = new Set<string>();
  if (countable(graph.input.name, graph.input.shape, report, graph.document.input.shape.span)) {
    state.shapes.set(graph.input.name, graph.input.shape);
    sound.add(graph.input.name);
  }
  for (const node of graph.nodes) {
    inferNode(node, state, tell(node));
    if (state.typed.has(node.id) && node.inputs.every((id) => sound.has(id))) sound.add(node.id);
  }
  for (const { say } of state.failed.values()) say();
  finish();
  const nodes = [...state.typed.values()].filter(({ id }) => sound.has(id));
  return { known: { ...graph, nodes }, complete: nodes.length === graph.nodes.length && sound.has(graph.input.name) };
}

interface State extends History {
  readonly shapes: Map<string, Shape>;
  /** What a value would be if a failed `expect` before it held; only where that is another shape. */
  readonly wished: Map<string, Shape>;
  /** The nodes that nothing is wrong with, whatever is wrong before them. */
  readonly typed: Map<string, TypedNode>;
  /** Failed `expect`s of the uses of a block, by its last layer: what they have in common is told once. */
  readonly failed: Map<string, { readonly others: Related[]; readonly say: () => void }>;
}

/** Of the other uses of a block that fail, as many are shown. */
const mostUses = 4;

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

/** Works out one node, and writes down what is known of it. */
function inferNode(node: Node, state: State, report: Report): void {
  const inputs = node.inputs.map((id) => state.shapes.get(id));
  if (!inputs.every((shape) => shape !== undefined)) return;
  const wish = inferWished(node, inputs, state);
  const verdict = { right: true };
  const tell: Report = (law, span, holes, more = {}) => {
    if (law.severity === 'error') verdict.right = false;
    if (wish?.broken.has(law) !== false) report(law, span, holes, explained(law, node, state, more));
  };
  const name = node.origin.name.value;
  const from = node.inputs.map((id) => layerOf(id, state));
  const shape = node.op.infer({ name, attrs: node.attrs, inputs, from, at: node.at, report: tell });
  const known = shape ?? wish?.shape;
  if (known === undefined || !countable(name, known, tell, node.at('op'))) return;

  const place = { name, attrs: node.attrs, inputs, from, output: known };
  const params = node.op.params(place);
  const heavy = params.find((param) => elements(param.shape) > mostValues);
  if (heavy !== undefined) {
    const holes = { layer: name, tensor: heavy.name, shape: printShape(heavy.shape), count: elements(heavy.shape), limit: mostValues };
    tell(catalog.tooManyWeights, node.at('op'), holes);
    return;
  }
  state.shapes.set(node.id, known);
  if (wish?.shape !== undefined && printShape(wish.shape) !== printShape(known)) state.wished.set(node.id, wish.shape);
  if (verdict.right) {
    const macs = node.op.macs(place);
    const flops = 2 * macs + node.op.otherFlops(place);
    const { id, op, attrs, inputs: read, origin, at } = node;
    // Spelled out: to spread a node takes V8 longer than all the rest of this function.
    state.typed.set(id, { id, op, attrs, inputs: read, origin, at, shape: known, params, macs, flops, lowering: op.lower(place) });
  }
  judgeExpect(node, known, state, report);
}

/** What the operator makes of the inputs if every failed `expect` held, and the laws that it breaks even then; undefined where nothing is in doubt. */
function inferWished(
  node: Node,
  actual: readonly Shape[],
  state: State,
): { readonly shape: Shape | undefined; readonly broken: ReadonlySet<Entry> } | undefined {
  if (!node.inputs.some((id) => state.wished.has(id))) return undefined;
  const inputs = actual.map((shape, i) => state.wished.get(node.inputs[i] ?? '') ?? shape);
  const broken = new Set<Entry>();
  const report: Report = (law) => {
    broken.add(law);
  };
  const from = node.inputs.map((id) => layerOf(id, state));
  return { shape: node.op.infer({ name: node.origin.name.value, attrs: node.attrs, inputs, from, at: node.at, report }), broken };
}

/** Reports a value of more numbers than can be counted. */
function countable(layer: string, shape: Shape, report: Report, span: Span): boolean {
  const count = elements(shape);
  if (count <= mostValues) return true;
  report(catalog.tooManyValues, span, { layer, shape: printShape(shape), count, limit: mostValues });
  return false;
}

/** Reports an `expect` that does not hold; where it settles a doubt, it does. */
function judgeExpect(node: Node, shape: Shape, state: State, report: Report): void {
  const { expect, name } = node.origin;
  if (expect === undefined || node.id !== name.value) return;
  const wanted = expect.value;
  const wish = state.wished.get(node.id);
  if (fits(shape, wanted)) {
    state.wished.delete(node.id);
    return;
  }
  if (wish !== undefined && fits(wish, wanted)) {
    state.typed.delete(node.id);
    state.shapes.set(node.id, wish);
    state.wished.delete(node.id);
    return;
  }
  tellExpect(node, shape, wanted, state, report);
  state.typed.delete(node.id);
  const hoped = asExpected(shape, wanted);
  if (hoped !== undefined) state.wished.set(node.id, hoped);
}

/** Says that a layer does not give what it should, or keeps it, of the last layer of a block, until all of its uses are known. */
function tellExpect(node: Node, shape: Shape, wanted: readonly (number | '?')[], state: State, report: Report): void {
  const { expect, name } = node.origin;
  if (expect === undefined) return;
  const { span } = name;
  const place = `${span.source.path} ${span.start}`;
  const told = state.failed.get(place);
  if (told) {
    if (told.others.length < mostUses) told.others.push({ span: expect.span, note: `${name.value} gives ${printShape(shape)}` });
    return;
  }
  const sameRank = wanted.length === shape.length;
  const planeIsRight = sameRank && fits(shape.slice(0, -1), wanted.slice(0, -1));
  const channels = sameRank ? wanted.at(-1) : undefined;
  const elsewhere = repair(node, state, { wanted, planeIsRight, channels: typeof channels === 'number' ? channels : undefined });
  const help = [...(elsewhere === undefined ? [] : [elsewhere]), `write \`expect: ${printShape(shape)}\``].join('; otherwise ');
  const because = (planeIsRight ? undefined : reasonFor(node.id, state)) ?? `it is ${printShape(shape)}`;
  const holes = { layer: name.value, actual: printShape(shape), expected: printExpected(wanted), because };
  const related = behind(node, shape, sameRank && !planeIsRight, state);
  if (span.beside?.uses !== true) {
    report(catalog.expectFails, expect.span, holes, { related, help });
    return;
  }
  const others: Related[] = [];
  state.failed.set(place, { others, say: () => { report(catalog.expectFails, expect.span, holes, { related: [...related, ...others], help }); } });
}

/** The layers behind a failed `expect`; none where the layer makes its channels itself and they alone are wrong. */
function behind(node: Node, shape: Shape, planeIsWrong: boolean, state: State): readonly Related[] {
  if (planeIsWrong) return trace(node, state, 'plane');
  const ownChannels = state.shapes.get(node.inputs[0] ?? '')?.at(-1) !== shape.at(-1);
  return ownChannels ? [] : trace(node, state, 'channels');
}

/** The expected shape with its unknown sizes filled in; undefined where a picture was expected of a vector, or the reverse. */
function asExpected(shape: Shape, wanted: readonly (number | '?')[]): Shape | undefined {
  const size = (axis: number, actual: number): number => {
    const expected = wanted[axis];
    return typeof expected === 'number' ? expected : actual;
  };
  if (wanted.length !== shape.length) return undefined;
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
  const argument = law === catalog.addUnequal ? otherArgument(node, history) : undefined;
  const elsewhere = argument ?? (question === 'plane' ? repair(node, history, { counting: law === catalog.inFeatures }) : undefined);
  const help = [elsewhere, argument === undefined ? more.help : undefined].filter((text) => text !== undefined);
  return {
    related: [...(more.related ?? []), ...trace(node, history, question)],
    ...(help.length === 0 ? {} : { help: help.join('; otherwise ') }),
  };
}

/** What a block should have been given for its sum to add as many channels: its own line first, then those before it. */
function otherArgument(node: Node, history: History): string | undefined {
  const shapes = node.inputs.map((id) => history.shapes.get(id));
  const planes = new Set(shapes.map((shape) => shape?.slice(0, -1).join('x')));
  if (planes.size !== 1) return undefined;
  const channels = new Set(shapes.map((shape) => shape?.at(-1)));
  const { expect } = node.origin;
  for (const argument of ['own', 'other'] as const) {
    for (const count of channels) {
      const found = repair(node, history, { planeIsRight: true, channels: count, argument, ...(expect === undefined ? {} : { wanted: expect.value }) });
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
