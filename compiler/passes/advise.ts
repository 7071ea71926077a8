// What is no mistake, and yet hardly meant: work that nobody uses, and layers that undo each other. All of it are warnings,
// and one that is meant to be there is silenced where it stands.

import type { Graph, Node, TypedGraph } from '../ir/graph.ts';
import { elements, printShape } from '../ir/tensor.ts';
import { catalog } from '../source/catalog.ts';
import type { Report } from '../source/catalog.ts';

/**
 * Advice on a network whose names are right.
 * @param known the same with shapes; undefined where not all of them are right
 */
export function advise(graph: Graph, known: TypedGraph | undefined, report: Report): void {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  adviseOnInput(graph, report);
  const { layers, outputs } = graph.document;
  // Of a network with holes nobody can say what is used.
  if (!layers.every(({ name }) => nodes.has(name.value)) || graph.outputs.length !== Math.max(1, outputs.length)) return;
  adviseOnReaders(graph, report);
  adviseOnActivations(graph, nodes, report);
  if (!known) return;
  adviseOnOutputs(known, report);
  adviseOnDropout(known, report);
  adviseOnBias(known, report);
}

/** Params and blocks that nobody uses; for a spec without a mistake, since what is wrong may use them. */
export function adviseOnUnused({ document }: TypedGraph, report: Report): void {
  for (const { kind, name } of document.unused) report(kind === 'param' ? catalog.unusedParam : catalog.unusedBlock, name.span, { name: name.value });
}

/** Rows and columns that a picture has at least. */
const fewest = 16;

/** Three rows of many channels, and a window that slides over them, are a picture whose channels were written first. */
function adviseOnInput({ nodes, input: { name, shape }, document }: Graph, report: Report): void {
  const [height, width = 0, channels = 0] = shape;
  // What images become of it was judged with `preprocess`.
  if (document.preprocess !== undefined || ![1, 3, 4].includes(height) || Math.min(width, channels) < fewest) return;
  const slides = ({ inputs, attrs: { kernel } }: Node): boolean => inputs.includes(name) && Array.isArray(kernel) && kernel[0] > 1;
  if (nodes.some(slides)) report(catalog.channelsFirst, document.input.shape.span, { input: name, height, width, channels, turned: `${width}x${channels}x${height}` });
}

function adviseOnReaders({ nodes, outputs, document }: Graph, report: Report): void {
  const read = new Set([...outputs, ...nodes.flatMap(({ inputs }) => inputs)]);
  for (const { name } of document.layers) {
    if (!read.has(name.value)) report(catalog.unreadLayer, name.span, { layer: name.value });
  }
}

function adviseOnActivations(graph: Graph, nodes: ReadonlyMap<string, Node>, report: Report): void {
  for (const node of graph.nodes) {
    const before = nodes.get(node.inputs[0] ?? '');
    if (node.op.nature !== 'activation' || before?.op !== node.op) continue;
    report(catalog.activationTwice, node.at('op'), { layer: node.origin.name.value, op: node.op.name }, { related: [{ span: before.at('op'), note: 'the first' }] });
  }
}

function adviseOnOutputs({ nodes, outputs }: TypedGraph, report: Report): void {
  const chosen = new Set(outputs);
  for (const { id, origin, shape } of nodes) {
    if (chosen.has(id) && origin.expect === undefined && origin.expectIsFlawed !== true) report(catalog.outputWithoutExpect, origin.name.span, { layer: id, shape: printShape(shape) });
  }
}

function adviseOnDropout({ nodes }: TypedGraph, report: Report): void {
  const weighed = new Set<string>();
  for (const { id, op, params, inputs, origin, at } of nodes.toReversed()) {
    if (params.length > 0 || weighed.has(id)) for (const input of inputs) weighed.add(input);
    if (op.nature === 'drops' && !weighed.has(id)) report(catalog.lateDropout, at('op'), { layer: origin.name.value });
  }
}

function adviseOnBias({ nodes, outputs }: TypedGraph, report: Report): void {
  const readers = new Map<string, Node[]>();
  for (const node of nodes) {
    for (const input of node.inputs) {
      const others = readers.get(input);
      if (others) others.push(node);
      else readers.set(input, [node]);
    }
  }
  const chosen = new Set(outputs);
  for (const { id, lowering, params, origin, at } of nodes) {
    const [reader, another] = readers.get(id) ?? [];
    if (reader?.op.nature !== 'centres' || another || chosen.has(id) || (lowering.kind !== 'conv' && lowering.kind !== 'dense')) continue;
    const bias = params.find(({ name }) => name === lowering.bias);
    if (bias === undefined) continue;
    const norm = reader.origin.name;
    const holes = { layer: origin.name.value, norm: norm.value, count: elements(bias.shape) };
    report(catalog.biasBeforeNorm, at('bias'), holes, { related: [{ span: norm.span, note: 'subtracts the mean of each channel' }] });
  }
}
