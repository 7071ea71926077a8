// Whether what a network needs fits the buffers of a target. Batches are run in parts and dense weights are split without
// anybody noticing; what is left is one image's value, a dense layer's row of weights, and a convolution's weights.

import type { TypedGraph, TypedNode } from '../ir/graph.ts';
import type { Target } from '../ir/target.ts';
import { elements, printShape } from '../ir/tensor.ts';
import { catalog, type Report } from '../source/catalog.ts';

/** Reports every layer that does not fit. */
export function fitsDevice(graph: TypedGraph, target: Target, report: Report): void {
  const limit = target.limits.maxStorageBufferBindingSize;
  for (const node of graph.nodes) {
    const layer = node.origin.name.value;
    const place = node.at('op');
    const bytes = 4 * elements(node.shape);
    const about = { layer, target: target.name, limit };
    if (bytes > limit) {
      report(catalog.valueTooLarge, place, { ...about, bytes, shape: printShape(node.shape) });
      continue;
    }
    const weight = 4 * largestWeight(node);
    if (node.lowering.kind === 'conv' && weight > limit) report(catalog.weightTooLarge, place, { ...about, bytes: weight });
    if (node.lowering.kind === 'dense') {
      const inputs = node.params[0]?.shape[1] ?? 0;
      if (64 * 4 * inputs > limit) report(catalog.rowTooLarge, place, { ...about, bytes: 64 * 4 * inputs, inputs });
    }
  }
}

const largestWeight = ({ params }: TypedNode): number => Math.max(0, ...params.map(({ shape }) => elements(shape)));
