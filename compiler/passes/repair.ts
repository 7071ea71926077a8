// Which single change would have made a layer right: another padding or rounding of a layer before it, another input.
// Nothing is guessed from the operators: every change is tried on the network, and only those that work are shown.

import type { Node } from '../ir/graph.ts';
import type { Alternative } from '../ir/op.ts';
import { elements, printShape } from '../ir/tensor.ts';
import type { Shape } from '../ir/tensor.ts';
import type { Report } from '../source/catalog.ts';
import { valuesOf } from './build.ts';
import { fits } from './expect.ts';
import { isRounded, layerOf } from './trace.ts';
import type { History } from './trace.ts';

/** What the layer should give. Without `wanted` it is enough that its operator accepts what arrives. */
export interface Goal {
  readonly wanted?: readonly (number | '?')[];
  /** How many channels are wanted, where that is known. */
  readonly channels?: number | undefined;
  /** True where height and width are as wanted, and only the channels can be to blame. */
  readonly planeIsRight?: boolean;
  /** True where it is the number of values that matters, and so is worth showing. */
  readonly counting?: boolean;
  /** Where only what a block is given may change: in the line that makes the target, or in one before it. */
  readonly argument?: 'own' | 'other';
}

/** A change, and the shapes of the layers it moved. */
interface Outcome {
  readonly shapes: ReadonlyMap<string, Shape>;
}

/** How many layers one search may look at: far more than a real network needs, and little enough not to be noticed. */
const patience = 20_000;

/** A sentence that says what to change, or undefined where no single change does it. */
export function repair(target: Node, history: History, goal: Goal): string | undefined {
  const lineage = lineageOf(target, history);
  const tried = { left: patience };
  const attempt = (changes: Changes): Outcome | undefined => simulate({ target, lineage, history, goal, tried }, changes);

  const mayChange = (node: Node): boolean =>
    (goal.wanted !== undefined || node !== target) && (goal.argument === undefined || (node.origin.use === target.origin.use) === (goal.argument === 'own'));
  const places = byLikelihood(lineage, history).filter(mayChange);
  const nearestFirst = lineage.toReversed().filter(mayChange);
  const find = (gentle: boolean): { readonly place: Node; readonly ways: readonly Way[] } | undefined => {
    for (const place of gentle ? places : nearestFirst) {
      if (tried.left <= 0) return undefined;
      const proposed = place.op.alternatives(place.attrs, goal.channels).filter((way) => way.gentle === gentle).map((way) => proposal(place, way, history));
      const ways = firstOfEachKind(proposed.filter(({ isArgument }) => isArgument || goal.argument === undefined), attempt);
      if (ways.length > 0) return { place, ways };
    }
    return undefined;
  };
  const gentle = goal.planeIsRight ? undefined : find(true);
  const input = goal.planeIsRight ? undefined : otherInput(history.graph.input.shape, (input) => attempt({ input }));
  const found = gentle ?? (input === undefined ? find(false) : undefined);
  const ways = [
    ...(found ? [writing(found.ways)] : []),
    ...(input ? [`give ${history.graph.input.name} as ${printShape(input.shape)}`] : []),
  ];
  if (ways.length === 0) return undefined;
  const outcomes = [...(found?.ways ?? []), ...(input ? [input] : [])];
  return `${ways.join(', or ')}: ${consequence(outcomes, found?.place ?? lineage[0] ?? target, target, history, goal)}`;
}

/** What is to be written, and in which line. */
interface Proposal extends Pick<Alternative, 'attribute' | 'text'> {
  readonly layer: string;
  readonly isArgument: boolean;
  readonly attrs: ReadonlyMap<string, Node['attrs']>;
}

type Way = Proposal & Outcome;

/** An alternative as one writes it: in the layer, or, where that takes the number from its block's param, in the line that uses the block. */
function proposal(place: Node, { attribute, text, attrs }: Alternative, history: History): Proposal {
  const written = place.origin.attributes.get(attribute)?.value.value;
  const [, param = ''] = /^=\s*(\S+)\s*$/.exec(typeof written === 'string' ? written : '') ?? [];
  const [, number] = /: (\d+)$/.exec(text) ?? [];
  const { use } = place.origin;
  if (number === undefined || use?.params.has(param) !== true) {
    return { attribute, text, layer: layerOf(place.id, history), isArgument: false, attrs: new Map([[place.id, attrs]]) };
  }
  const names = use.namesWith(param, Number(number));
  const changed = [...history.nodes.values()].filter(({ origin, op }) => origin.use === use && op.name === origin.op.value).flatMap((node) => {
    const values = valuesOf(node.origin, node.op, names, () => undefined);
    return values === undefined ? [] : [[node.id, values] as const];
  });
  return { attribute, text: `${param}: ${number}`, layer: use.instance, isArgument: true, attrs: new Map(changed) };
}

/** Of every attribute the nearest value that works. */
function firstOfEachKind(proposals: readonly Proposal[], attempt: (changes: Changes) => Outcome | undefined): readonly Way[] {
  const ways = new Map<string, Way>();
  for (const way of proposals) {
    if (ways.has(way.attribute)) continue;
    const outcome = attempt({ attrs: way.attrs });
    if (outcome !== undefined) ways.set(way.attribute, { ...outcome, ...way });
  }
  return [...ways.values()];
}

/** ``write `pad: 2` or `rounding: ceil` in conv1``. */
function writing(ways: readonly Way[]): string {
  const layers = [...new Set(ways.map(({ layer }) => layer))];
  const within = (layer: string): string => ways.filter((way) => way.layer === layer).map(({ text }) => `\`${text}\``).join(' or ');
  return layers.map((layer) => `write ${within(layer)} in ${layer}`).join(', or ');
}

/** What the changed layer and the last one before the target then give, where all ways agree. */
function consequence(outcomes: readonly Outcome[], place: Node, target: Node, history: History, goal: Goal): string {
  const end = goal.wanted === undefined ? (target.inputs[0] ?? target.id) : target.id;
  const shown = [...(place === target ? [] : [place.id]), ...(history.nodes.has(end) ? [end] : [])];
  const parts = [...new Map(shown.map((id) => [layerOf(id, history), id]))].flatMap(([layer, id]) => {
    const shapes = new Map(outcomes.flatMap(({ shapes }) => [shapes.get(id) ?? []]).map((shape) => [printShape(shape), shape]));
    const [only] = shapes.values();
    if (shapes.size !== 1 || only === undefined || only.length === 0) return [];
    const count = goal.counting === true && id === end && only.length === 3 ? ` = ${elements(only)} values` : '';
    return [`${layer} gives ${printShape(only)}${count}`];
  });
  return parts.length === 0 ? 'then it fits' : `then ${parts.join(', and ')}`;
}

/** A node and all that it is made from, in order. */
function lineageOf(target: Node, { graph }: History): readonly Node[] {
  const wanted = new Set([target.id]);
  const lineage: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!wanted.has(node.id)) continue;
    lineage.push(node);
    for (const id of node.inputs) wanted.add(id);
  }
  return lineage.reverse();
}

/**
 * Where the mistake most likely is: first the layers that lose their edges at stride 1 for want of padding, then those
 * where part of a window was rounded away, from the input on; then the others, the nearest first.
 */
function byLikelihood(lineage: readonly Node[], { typed, shapes }: History): readonly Node[] {
  const rank = (node: Node): number => {
    const at = typed.get(node.id);
    const before = shapes.get(node.inputs[0] ?? '');
    if (at === undefined || before === undefined) return 2;
    if (at.lowering.kind === 'conv' && at.lowering.window.stride.every((step) => step === 1) && (at.shape[0] < before[0])) return 0;
    return isRounded(at, before) ? 1 : 2;
  };
  const ranked = lineage.map((node) => ({ node, rank: rank(node) }));
  const of = (wanted: number): readonly Node[] => ranked.filter((entry) => entry.rank === wanted).map(({ node }) => node);
  return [...of(0), ...of(1), ...of(2).toReversed()];
}

interface Trial {
  readonly target: Node;
  readonly lineage: readonly Node[];
  readonly history: History;
  readonly goal: Goal;
  readonly tried: { left: number };
}

/** Nodes with other attributes, or another input. */
interface Changes {
  readonly attrs?: ReadonlyMap<string, Node['attrs']>;
  readonly input?: Shape;
}

/** The network with something changed; undefined where the target is still not right, or another layer no longer is. */
function simulate({ target, lineage, history, goal, tried }: Trial, { attrs = new Map(), input }: Changes): Outcome | undefined {
  const shapes = new Map<string, Shape>(input === undefined ? [] : [[history.graph.input.name, input]]);
  const first = input === undefined ? lineage.findIndex(({ id }) => attrs.has(id)) : 0;
  for (const node of lineage.slice(first)) {
    if (tried.left-- <= 0) return undefined;
    if (node !== target && !attrs.has(node.id) && !node.inputs.some((id) => shapes.has(id))) continue;
    const shape = quietly(node, attrs.get(node.id) ?? node.attrs, shapes, history);
    if (shape === undefined) return undefined;
    if (node === target) {
      shapes.set(node.id, shape);
      return goal.wanted === undefined || fits(shape, goal.wanted) ? { shapes } : undefined;
    }
    const { expect, name } = node.origin;
    if (expect !== undefined && node.id === name.value && !fits(shape, expect.value)) return undefined;
    if (printShape(shape) !== printShape(history.shapes.get(node.id) ?? [])) shapes.set(node.id, shape);
  }
  return undefined;
}

/** A node's shape, or undefined where its operator objects. */
function quietly(node: Node, attrs: Node['attrs'], changed: ReadonlyMap<string, Shape>, history: History): Shape | undefined {
  const inputs = node.inputs.map((id) => changed.get(id) ?? history.shapes.get(id));
  if (!inputs.every((shape) => shape !== undefined)) return undefined;
  const errors: string[] = [];
  const report: Report = (law) => {
    if (law.severity === 'error') errors.push(law.code);
  };
  const from = node.inputs.map((id) => layerOf(id, history));
  const shape = node.op.infer({ name: node.origin.name.value, attrs, inputs, from, at: node.at, report });
  return errors.length === 0 ? shape : undefined;
}

/** The nearest input that works, up to this many pixels larger or smaller on both sides. */
const farthest = 64;

function otherInput(shape: Shape, attempt: (input: Shape) => Outcome | undefined): (Outcome & { readonly shape: Shape }) | undefined {
  if (shape.length !== 3) return undefined;
  const [height, width, channels] = shape;
  for (let distance = 1; distance <= farthest; distance++) {
    for (const by of [distance, -distance]) {
      const input: Shape = [height + by, width + by, channels];
      const outcome = Math.min(height, width) + by >= 1 ? attempt(input) : undefined;
      if (outcome !== undefined) return { ...outcome, shape: input };
    }
  }
  return undefined;
}
