// A network with made-up weights is often certain of every image, and a probability of 1 hides what is wrong with the others.
// So the last weights before the softmax are made smaller, by a power of two, which leaves all other bits as they are.

import type { TypedGraph, TypedNode } from '../../compiler/ir/graph.ts';
import type { Weights } from '../../runtime/weights.ts';

const MOST_CERTAIN = 0.5;

/** Multiples of what they read, however small: what stands before them may be scaled instead of what comes out. */
const homogeneous = new Set(['relu', 'leaky_relu', 'dropout', 'flatten', 'maxpool', 'avgpool', 'global_avgpool']);
/** Multiples of their weight and bias. */
const linear = new Set(['conv', 'dense', 'batchnorm']);

export interface Softening {
  readonly factor: number;
  /** The params to be scaled by it. */
  readonly params: ReadonlySet<string>;
}

export const asTheyAre: Softening = { factor: 1, params: new Set() };

/** What a network's output becomes, and by which weights. `logits` holds what the softmax reads, image after image. */
export function soften(graph: TypedGraph, softmax: TypedNode, logits: Float64Array): { readonly softening: Softening; readonly probabilities: Float64Array } {
  for (let factor = 1; factor > 2 ** -20; factor /= 2) {
    const probabilities = softmaxOf(logits, softmax.shape.at(-1) ?? 1, factor);
    if (probabilities.some((value) => value > MOST_CERTAIN)) continue;
    return { softening: factor === 1 ? asTheyAre : { factor, params: lastWeights(graph, softmax) }, probabilities };
  }
  throw new Error(`${graph.document.name.value} is certain whatever its weights are`);
}

function lastWeights(graph: TypedGraph, softmax: TypedNode): ReadonlySet<string> {
  let node = softmax;
  do {
    const [before] = node.inputs;
    const found = graph.nodes.find(({ id }) => id === before);
    if (found === undefined || !(homogeneous.has(found.op.name) || linear.has(found.op.name))) {
      throw new Error(`${graph.document.name.value} is too certain to be judged by its probabilities, and no weights stand right before ${softmax.id}`);
    }
    node = found;
  } while (!linear.has(node.op.name));
  return new Set(node.params.map(({ name }) => name).filter((name) => /\.(?:weight|bias)$/.test(name)));
}

function softmaxOf(logits: Float64Array, classes: number, factor: number): Float64Array {
  const values = new Float64Array(logits.length);
  for (let first = 0; first < logits.length; first += classes) {
    const own = logits.subarray(first, first + classes).map((value) => factor * value);
    const largest = own.reduce((most, value) => Math.max(most, value), -Infinity);
    const powers = own.map((value) => Math.exp(value - largest));
    const sum = powers.reduce((total, value) => total + value, 0);
    values.set(powers.map((value) => value / sum), first);
  }
  return values;
}

/** The same weights, but for those that are softened. */
export function softened(weights: Weights, { factor, params }: Softening): Weights {
  return {
    ...weights,
    async read(tensor, first, into) {
      await weights.read(tensor, first, into);
      if (params.has(tensor)) for (let i = 0; i < into.length; i++) into[i] = factor * (into[i] ?? 0);
    },
  };
}
