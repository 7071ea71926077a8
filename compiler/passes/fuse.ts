// TypedGraph to kernels. One question per node: does its result need memory of its own? A view lies where its input
// lies; a concat is where its inputs are written; a pointwise layer works on a result before it is stored; a batchnorm
// right after a convolution disappears into its weights; a max pool normalises while it looks for the largest.

import type { Expr } from '../ir/expr.ts';
import type { TypedGraph, TypedNode } from '../ir/graph.ts';
import { homeOf, type Core, type Folded, type FusedKernel, type Program, type StoredValue, type TailStep } from '../ir/kernel.ts';
import { asPicture, type Shape } from '../ir/tensor.ts';

export interface FuseSettings {
  /** Store the result of every layer, by the same kernels: what `verify` compares. */
  readonly storeAll: boolean;
  /** Storage buffers that a kernel may bind. Default 8, which every WebGPU device does. */
  readonly maxBuffers?: number;
}

/** What each loop needs to see of its input before it can begin. */
const sees = { conv: 'windows', pool: 'windows', lrn: 'neighbouring channels', dense: 'all', softmax: 'all channels' } as const;

/** A kernel that more may join. */
type Draft = {
  -readonly [Key in keyof FusedKernel]: Key extends 'readsShape' ? Shape : FusedKernel[Key] extends readonly (infer T)[] ? T[] : FusedKernel[Key];
};

export function fuse(graph: TypedGraph, settings: FuseSettings): Program {
  const { maxBuffers = 8 } = settings;
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const shapeOf = (id: string): Shape => nodes.get(id)?.shape ?? graph.input.shape;
  const { rootOf, readersOf } = trace(graph);
  const outputs = new Set(graph.outputs.map((id) => rootOf.get(id) ?? id));

  const kernels: Draft[] = [];
  const makerOf = new Map<string, Draft>();
  const values = new Map<string, StoredValue>([[graph.input.name, { id: graph.input.name, shape: graph.input.shape }]]);
  const views = new Map<string, string>();
  const foldedAway = new Set<string>();
  const free = new Map<string, string>();

  const stored = (id: string): string => views.get(id) ?? id;
  const home = (id: string): string => homeOf(values, id);
  const begin = (draft: Draft): void => {
    kernels.push(draft);
    makerOf.set(draft.result, draft);
  };
  const onlyReader = (id: string): boolean => (readersOf.get(id)?.length ?? 0) === 1 && !outputs.has(id);
  const copy = (from: string, to: string, shape: Shape, reason: string): void => {
    values.set(to, { id: to, shape });
    begin({ ...blank(to, { kind: 'map' }, from, shape), name: to.replace(':', '+'), reasons: [reason] });
  };
  /** Where a value lies so that its numbers follow each other channel-major, as a vector's do. */
  const tight = (id: string, readBy: string): string => {
    const value = stored(id);
    const [height, width] = asPicture(shapeOf(rootOf.get(id) ?? id));
    if (height * width === 1 && shapeOf(id).length === 1) return value;
    const other = (readersOf.get(rootOf.get(id) ?? id) ?? []).find(({ lowering: { kind } }) => kind === 'conv' || kind === 'concat');
    if (!other) return value;
    const to = `${readBy}:copy`;
    copy(value, to, shapeOf(rootOf.get(id) ?? id), `${other.id} wants ${id} with a margin, ${readBy} without: a copy serves the second`);
    return to;
  };

  for (const node of graph.nodes) {
    const [first = graph.input.name] = node.inputs;
    const lowering = node.lowering;
    switch (lowering.kind) {
      case 'view':
        free.set(node.id, `shows ${first} as it is: no code`);
        views.set(node.id, rootOf.get(node.id) === node.id ? tight(first, node.id) : stored(first));
        break;
      case 'concat':
        place(node);
        break;
      case 'pointwise':
        if (!fold(node, lowering.expr) && !join(node, lowering.expr)) standAlone(node, lowering.expr);
        break;
      case 'pool':
        if (!poolWhileNormalising(node)) standFirst(node, lowering, stored(first));
        break;
      case 'dense':
        standFirst(node, lowering, tight(first, node.id));
        break;
      default:
        standFirst(node, lowering, stored(first));
    }
  }

  for (const kernel of kernels) {
    for (const id of [kernel.result, ...kernel.keeps]) if (!values.has(id)) values.set(id, { id, shape: shapeOf(id) });
  }
  return { graph, kernels, values, views, foldedAway, free };

  function standFirst(node: TypedNode, core: Extract<Core, { readonly kind: keyof typeof sees }>, reads: string): void {
    const reasons = reads === graph.input.name ? [] : [`reads ${sees[core.kind]} of ${reads}, which must be in memory first`];
    begin({ ...blank(node.id, core, reads, shapeOf(node.inputs[0] ?? '')), name: nameOf(node), nodes: [node], reasons });
  }

  function standAlone(node: TypedNode, expr: Expr): void {
    const [first = graph.input.name] = node.inputs;
    const reads = stored(first);
    const tail: TailStep = { node, expr, inputs: node.inputs.map((id) => (id === first ? 'previous' : { value: stored(id) })) };
    const maker = makerOf.get(reads);
    const reason = maker === undefined ? `${reads} comes from no kernel it could join` : `${maker.name} cannot take it: ${reads} is not its last result, or its ${maxBuffers} buffers are taken`;
    begin({ ...blank(node.id, { kind: 'map' }, reads, node.shape), coreResult: reads, name: nameOf(node), nodes: [node], tail: [tail], reasons: [reason] });
  }

  /** Joins the latest kernel whose last result it reads. */
  function join(node: TypedNode, expr: Expr): boolean {
    const reads = node.inputs.map(stored);
    const maker = kernels.findLast((kernel) => reads.includes(kernel.result));
    if (!maker || maker.nodes.length === 0 || !sameShape(node, maker)) return false;
    const before = new Set(kernels.slice(kernels.indexOf(maker)).flatMap(({ result, keeps }) => [result, ...keeps]));
    if (reads.some((id) => id !== maker.result && before.has(id))) return false;
    const operands = new Set(reads.filter((id) => id !== maker.result));
    if ([maker.result, ...maker.keeps].some((id) => [...operands].some((operand) => home(operand) === home(id)))) return false;
    if (buffersOf(maker) + operands.size + channelVectors(expr) + 1 > maxBuffers) return false;

    const previous = maker.result;
    keep(maker, previous, node);
    maker.tail.push({ node, expr, inputs: reads.map((id) => (id === previous ? 'previous' : { value: id })) });
    maker.nodes.push(node);
    maker.reasons.push(
      maker.keeps.includes(previous)
        ? `${shown(node)} is worked out while ${previous} is in a register; ${previous} is stored too, for its other readers`
        : `${shown(node)} works on each result before it is stored: one pass over memory less`,
    );
    rename(maker, node);
    return true;
  }

  /** `conv(x) * scale + shift` is `conv` with other weights, where nobody else sees the convolution's own result. */
  function fold(node: TypedNode, expr: Expr): boolean {
    const affine = asBatchnorm(expr);
    const reads = stored(node.inputs[0] ?? '');
    const maker = makerOf.get(reads);
    if (!affine || !maker || (maker.core.kind !== 'conv' && maker.core.kind !== 'dense')) return false;
    if (maker.tail.length > 0 || maker.result !== reads || !onlyReader(reads) || !sameShape(node, maker)) return false;
    maker.folded.push(affine);
    maker.nodes.push(node);
    maker.reasons.push(`${node.id} is multiplied into the weights of ${maker.nodes[0]?.origin.name.value ?? ''} when they are loaded`);
    foldedAway.add(reads);
    rename(maker, node);
    maker.coreResult = node.id;
    return true;
  }

  /** Each pooled value looks at its window of normalised values, which are never stored. */
  function poolWhileNormalising(node: TypedNode): boolean {
    const reads = stored(node.inputs[0] ?? '');
    const maker = makerOf.get(reads);
    if (!maker || node.lowering.kind !== 'pool' || maker.core.kind !== 'lrn') return false;
    const { window, combine } = node.lowering;
    const refuse = (reason: string): boolean => {
      maker.reasons.push(`${node.id} does not join: ${reason}`);
      return false;
    };
    if (combine !== 'max') return refuse('only a max pool normalises while it looks for the largest');
    if (maker.tail.length > 0 || maker.result !== reads) return refuse(`${maker.result} comes between`);
    if (!onlyReader(reads)) return refuse(`others read ${reads} too`);
    const input = asPicture(shapeOf(reads));
    const output = asPicture(node.shape);
    const covers = [0, 1].every((axis) => {
      const [kernel, stride, count] = [window.kernel[axis] ?? 0, window.stride[axis] ?? 0, output[axis] ?? 0];
      return stride <= kernel && window.before[axis] === 0 && window.dilation[axis] === 1 && (count - 1) * stride + kernel === input[axis];
    });
    if (!covers) return refuse('its windows do not tile the picture exactly');
    if (window.kernel[0] * window.kernel[1] > 9 || maker.core.size > 7) return refuse('its window does not fit in registers');

    maker.core = { kind: 'lrn-pool', lrn: maker.core, pool: node.lowering };
    maker.coreResult = node.id;
    maker.nodes.push(node);
    keep(maker, reads, node);
    maker.reasons.push(`${node.id} looks for the largest while ${reads} is worked out, which needs no memory`);
    rename(maker, node);
    return true;
  }

  /** Producers write into their slice; what cannot lie in two places is copied. */
  function place(node: TypedNode): void {
    values.set(node.id, { id: node.id, shape: node.shape });
    free.set(node.id, `is where ${node.inputs.join(', ')} ${node.inputs.length > 1 ? 'lie' : 'lies'}: each is written into its slice`);
    let firstChannel = 0;
    node.inputs.forEach((id, index) => {
      const value = stored(id);
      const shape = shapeOf(id);
      const inside = { value: node.id, firstChannel };
      firstChannel += asPicture(shape)[2];
      const others = node.inputs.filter((_, other) => other !== index).map((other) => home(stored(other)));
      const reason = others.includes(value) ? 'it comes twice' : whyNotInside(id, value, node.id);
      if (reason === undefined) {
        values.set(value, { id: value, shape, inside });
      } else {
        const to = `${node.id}:${index}`;
        copy(value, to, shape, `${node.id} needs a copy of ${id}: ${reason}`);
        values.set(to, { id: to, shape, inside });
      }
    });
  }

  function whyNotInside(id: string, value: string, concat: string): string | undefined {
    if (value === graph.input.name) return 'it is the input';
    if (values.get(value)?.inside) return 'it already lies in another one';
    const lies = values.get(value)?.shape ?? shapeOf(value);
    if (asPicture(shapeOf(id)).join() !== asPicture(lies).join()) return 'it lies in memory as a picture';
    const together = (other: string): boolean => home(other) === concat || home(other) === value;
    const clash = kernels.find((kernel) => [kernel.result, ...kernel.keeps].some(together) && readsOf(kernel).some(together));
    return clash && `${clash.name} would read and write one buffer`;
  }

  function keep(maker: Draft, id: string, next: TypedNode): void {
    const visible = !id.includes(':');
    const needed = outputs.has(id) || (readersOf.get(id) ?? []).some((reader) => reader !== next);
    if (needed || (settings.storeAll && visible)) maker.keeps.push(id);
  }

  /** A layer's activation by its own name, any other node by the layer's. */
  function shown(node: TypedNode): string {
    const { name, activation } = node.origin;
    return activation !== undefined && node.op.name === activation.value && node.id === name.value ? node.op.name : name.value;
  }

  function rename(maker: Draft, node: TypedNode): void {
    makerOf.delete(maker.result);
    maker.result = node.id;
    makerOf.set(node.id, maker);
    maker.name += `+${shown(node)}`;
  }

  function sameShape(node: TypedNode, maker: Draft): boolean {
    return node.shape.join() === shapeOf(maker.result).join();
  }
}

function blank(result: string, core: Core, reads: string, readsShape: Shape): Draft {
  return { name: result, nodes: [], core, coreResult: result, reads, readsShape, folded: [], tail: [], result, keeps: [], reasons: [] };
}

const nameOf = (node: TypedNode): string => node.origin.name.value;

/** For each node the one whose numbers it shows unchanged and in the same shape (itself, if none), and who reads each of those. */
function trace(graph: TypedGraph): { readonly rootOf: ReadonlyMap<string, string>; readonly readersOf: ReadonlyMap<string, readonly TypedNode[]> } {
  const rootOf = new Map<string, string>([[graph.input.name, graph.input.name]]);
  const shapes = new Map<string, Shape>([[graph.input.name, graph.input.shape]]);
  const readersOf = new Map<string, TypedNode[]>();
  for (const node of graph.nodes) {
    const [first = ''] = node.inputs;
    shapes.set(node.id, node.shape);
    const passes = node.lowering.kind === 'view' && shapes.get(first)?.join() === node.shape.join();
    rootOf.set(node.id, passes ? (rootOf.get(first) ?? first) : node.id);
    if (passes) continue;
    for (const id of new Set(node.inputs.map((input) => rootOf.get(input) ?? input))) {
      readersOf.set(id, [...(readersOf.get(id) ?? []), node]);
    }
  }
  return { rootOf, readersOf };
}

/** The layer of `x * scale + shift`, if the expression is that. */
function asBatchnorm(expr: Expr): Folded | undefined {
  if (expr.kind !== 'call' || expr.fn !== 'add') return undefined;
  const [product, shift] = expr.args;
  if (product?.kind !== 'call' || product.fn !== 'multiply' || shift?.kind !== 'channel') return undefined;
  const [x, scale] = product.args;
  if (x?.kind !== 'input' || scale?.kind !== 'channel' || scale.vector.batchnorm !== shift.vector.batchnorm) return undefined;
  return { layer: shift.vector.batchnorm, epsilon: shift.vector.epsilon };
}

/** All values that a kernel reads. */
export function readsOf(kernel: Pick<FusedKernel, 'reads' | 'tail'>): readonly string[] {
  const operands = kernel.tail.flatMap(({ inputs }) => inputs.flatMap((input) => (input === 'previous' ? [] : [input.value])));
  return [kernel.reads, ...operands];
}

/** How many buffers a kernel binds when every result that a user can name is stored. */
function buffersOf(kernel: Draft): number {
  const weights = kernel.core.kind === 'conv' || kernel.core.kind === 'dense' ? 2 : 0;
  const operands = kernel.tail.flatMap(({ inputs }) => inputs.filter((input) => input !== 'previous')).length;
  const vectors = kernel.tail.reduce((count, { expr }) => count + channelVectors(expr), 0);
  return 1 + weights + operands + vectors + kernel.nodes.length;
}

function channelVectors(expr: Expr): number {
  if (expr.kind === 'channel') return 1;
  return expr.kind === 'call' ? expr.args.reduce((count, arg) => count + channelVectors(arg), 0) : 0;
}
