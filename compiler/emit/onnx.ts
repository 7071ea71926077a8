// A network as an ONNX model (onnx.ai, `onnx.proto`), all but the values of its weights, which no one wants in memory twice.
// Operators are of opset 17: the oldest that every runtime of these years reads.
//
// Tensors carry the names of layers and weights. So do nodes: `conv1` is the convolution, and where the spec gives it an
// activation, `conv1:relu` is that one and its result the tensor `conv1`.

import { create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
  ValueInfoProtoSchema,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from 'onnx-buf';
import type { TypedGraph, TypedNode } from '../ir/graph.ts';
import type { Shape } from '../ir/tensor.ts';
import { operator, type Attribute, type OnnxOperator, type Term } from './onnx-term.ts';
import { termOfLowering } from './onnx-lowering.ts';

export interface OnnxModel {
  /** Whole, but for the weights among the graph's initializers. */
  readonly model: ModelProto;
  /** The tensors that belong there, in this order; f32 in the weight file's axis order. */
  readonly weights: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** The IR version that came with opset 17 (ONNX 1.12). */
const irVersion = 8n;
export const opset = 17;

/** Pictures are N,C,H,W in ONNX, vectors N,C; N is the name of a size that is chosen at run time. */
export function toOnnx(graph: TypedGraph): OnnxModel {
  const { document, input } = graph;
  const shapes = new Map<string, Shape>([[input.name, input.shape], ...graph.nodes.map(({ id, shape }) => [id, shape] as const)]);
  const shapeOf = (id: string): Shape => shapes.get(id) ?? unknown(id);
  const weights = graph.nodes.flatMap(({ params }) => params.map(({ name, shape }) => ({ name, shape })));
  const pen = penBeside(new Set([...shapes.keys(), ...weights.map(({ name }) => name)]));
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => ({ name, shape: shapeOf(name) }));
    pen.write(termOfLowering({ name: node.id, lowering: node.lowering, inputs, shape: node.shape }), labelOf(node, shapes), node.id);
  }
  const info = (name: string): ValueInfoProto => valueInfo(name, shapeOf(name));
  const model = create(ModelProtoSchema, {
    irVersion,
    opsetImport: [{ domain: '', version: BigInt(opset) }],
    producerName: 'netloom',
    ...(document.summary === undefined ? {} : { docString: document.summary }),
    graph: {
      name: document.name.value,
      node: [...pen.nodes],
      initializer: [...pen.constants],
      input: [info(input.name)],
      output: graph.outputs.map(info),
      valueInfo: graph.nodes.filter(({ id }) => !graph.outputs.includes(id)).map(({ id }) => info(id)),
    },
    metadataProps: document.preprocess === undefined ? [] : [{ key: 'preprocess', value: JSON.stringify(document.preprocess) }],
  });
  return { model, weights };
}

/** What to call a node: its layer, or for an activation that the layer brings along, `layer:relu`. */
function labelOf({ id, op, origin }: TypedNode, values: ReadonlyMap<string, unknown>): string {
  const layer = origin.name.value;
  return id === layer && values.has(`${layer}:${origin.op.value}`) ? `${layer}:${op.name}` : layer;
}

interface Pen {
  readonly nodes: readonly NodeProto[];
  readonly constants: readonly TensorProto[];
  /** Makes `term` the value called `result`, computed by a node called `label`. */
  write(term: Term, label: string, result: string): void;
}

/** Writes terms down as nodes and constants, and names what has no name yet by the node that needs it: none of `taken`. */
function penBeside(taken: Set<string>): Pen {
  const nodes: NodeProto[] = [];
  const constants: TensorProto[] = [];
  const free = (wanted: string): string => {
    let name = wanted;
    for (let count = 2; taken.has(name); count++) name = `${wanted}${count}`;
    taken.add(name);
    return name;
  };
  const nameOf = (term: Term, label: string): string => {
    if (term.kind === 'value') return term.name;
    const name = free(`${label}:${term.kind === 'operator' ? term.op.toLowerCase() : 'constant'}`);
    if (term.kind === 'operator') add(term, { label, node: name, result: name });
    else constants.push(create(TensorProtoSchema, { name, ...constantFields(term) }));
    return name;
  };
  const add = ({ op, inputs, attributes }: OnnxOperator, { label, node, result }: { readonly label: string; readonly node: string; readonly result: string }): void => {
    const input = inputs.map((part) => nameOf(part, label));
    const attribute = Object.entries(attributes).map(([key, value]) => ({ name: key, ...attributeFields(value) }));
    nodes.push(create(NodeProtoSchema, { name: node, opType: op, input, output: [result], attribute }));
  };
  const write: Pen['write'] = (term, label, result) => {
    add(term.kind === 'operator' ? term : operator('Identity', [term]), { label, node: label, result });
  };
  return { nodes, constants, write };
}

function constantFields(constant: Exclude<Term, { readonly kind: 'value' | 'operator' }>) {
  if (constant.kind === 'float') return { dataType: DataType.FLOAT, floatData: [constant.value] };
  const { values } = constant;
  return { dataType: DataType.INT64, dims: [BigInt(values.length)], int64Data: values.map(BigInt) };
}

function attributeFields(attribute: Attribute) {
  switch (attribute.type) {
    case 'int':
      return { type: AttributeType.INT, i: BigInt(attribute.value) };
    case 'float':
      return { type: AttributeType.FLOAT, f: attribute.value };
    case 'ints':
      return { type: AttributeType.INTS, ints: attribute.values.map(BigInt) };
  }
}

function valueInfo(name: string, shape: Shape): ValueInfoProto {
  const sizes = (shape.length === 3 ? [shape[2], shape[0], shape[1]] : shape).map((size) => ({ value: { case: 'dimValue', value: BigInt(size) } }) as const);
  const dim = [{ value: { case: 'dimParam', value: 'N' } } as const, ...sizes];
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: DataType.FLOAT, shape: { dim } } } },
  });
}

function unknown(id: string): never {
  throw new Error(`${id} is read, and has no shape`);
}
