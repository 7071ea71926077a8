// Which single change would have made a layer right: another padding or rounding of a layer before it, another input.
// Nothing is guessed from the operators: every change is tried on the network, and only those that work are shown.

import type { Node } from '../ir/graph.ts';
import type { Alternative } from '../ir/op.ts';
import { elements, printShape } from '../ir/tensor.ts';
import type { Shape } from '../ir/tensor.ts';
import type { Report } from '../source/catalog.ts';
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
  const attempt = (id: string, attrs: Node['attrs'] | undefined, input?: Shape): Outcome | undefined =>
    simulate({ target, lineage, history, goal, tried }, id, attrs, input);

  const mayChange = (node: Node): boolean => goal.wanted !== undefined || node !== target;
  const places = byLikelihood(lineage, history).filter(mayChange);
  const nearestFirst = lineage.toReversed().filter(mayChange);
  const find = (gentle: boolean): { readonly place: Node; readonly ways: readonly Way[] } | undefined => {
    for (const place of gentle ? places : nearestFirst) {
      if (tried.left <= 0) return undefined;
      const ways = firstOfEachKind(place.op.alternatives(place.attrs, goal.channels).filter((way) => way.gentle === gentle), (way) =>
        attempt(place.id, way.attrs),
      );
      if (ways.length > 0) return { place, ways };
    }
    return undefined;
  };
  const gentle = goal.planeIsRight ? undefined : find(true);
  const input = goal.planeIsRight ? undefined : otherInput(history.graph.input.shape, (shape) => attempt(history.graph.input.name, undefined, shape));
  const found = gentle ?? (input === undefined ? find(false) : undefined);
  const layer = found && layerOf(found.place.id, history);
  const ways = [
    ...(found ? [`write ${found.ways.map(({ text }) => `\`${text}\``).join(' or ')} in ${layer ?? ''}`] : []),
    ...(input ? [`give ${history.graph.input.name} as ${printShape(input.shape)}`] : []),
  ];
  if (ways.length === 0) return undefined;
  const outcomes = [...(found?.ways ?? []), ...(input ? [input] : [])];
  return `${ways.join(', or ')}: ${consequence(outcomes, found?.place ?? lineage[0] ?? target, target, history, goal)}`;
}

interface Way extends Outcome {
  readonly text: string;
}

/** Of every attribute the nearest value that works. */
function firstOfEachKind(alternatives: readonly Alternative[], attempt: (way: Alternative) => Outcome | undefined): readonly Way[] {
  const ways = new Map<string, Way>();
  for (const way of alternatives) {
    if (ways.has(way.attribute)) continue;
    const outcome = attempt(way);
    if (outcome !== undefined) ways.set(way.attribute, { ...outcome, text: way.text });
  }
  return [...ways.values()];
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

/** The network with one node's attributes, or the input, changed; undefined where the target is still not right, or another layer no longer is. */
function simulate({ target, lineage, history, goal, tried }: Trial, changed: string, attrs: Node['attrs'] | undefined, input?: Shape): Outcome | undefined {
  const shapes = new Map<string, Shape>(input === undefined ? [] : [[changed, input]]);
  const first = input === undefined ? lineage.findIndex(({ id }) => id === changed) : 0;
  for (const node of lineage.slice(first)) {
    if (tried.left-- <= 0) return undefined;
    if (node !== target && node.id !== changed && !node.inputs.some((id) => shapes.has(id))) continue;
    const shape = quietly(node, node.id === changed && attrs !== undefined ? attrs : node.attrs, shapes, history);
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
