// How an ONNX model lies in a file: protobuf's encoding of the model, and the weights, which the writer streams into their
// places. Lengths come before what they measure, so all of them are worked out first. A protobuf message ends at 2 GiB; a
// larger model keeps its weights in a file beside it (ONNX's external data).

import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
} from 'onnx-buf';
import { elements } from '../ir/tensor.ts';
import type { OnnxModel } from './onnx.ts';

/** One after the other they are the file: bytes as they are, or all values of a weight, little endian. */
export type Piece = Uint8Array | { readonly weight: string; readonly elements: number };

export interface OnnxFile {
  readonly model: readonly Piece[];
  /** The file beside it; undefined where the model holds its weights itself. */
  readonly data: readonly Piece[] | undefined;
}

const mostBytes = 2 ** 31 - 1;
/** Weights in a file of their own begin at pages, so that they can be mapped into memory. */
const page = 4096;

/**
 * @param dataFile what the file beside the model would be called
 * @param external whether weights lie there even if the model could hold them
 */
export function layOut(exported: OnnxModel, dataFile: string, external: boolean): OnnxFile {
  const inside = modelPieces(exported, embed(exported));
  if (!external && bytesOf(inside) <= mostBytes) return { model: inside, data: undefined };
  const { tensors, data } = setApart(exported, dataFile);
  return { model: modelPieces(exported, tensors), data };
}

export function bytesOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + (piece instanceof Uint8Array ? piece.length : 4 * piece.elements), 0);
}

/** The model with these tensors as the last of its graph's initializers. */
function modelPieces({ model }: OnnxModel, tensors: readonly (readonly Piece[])[]): readonly Piece[] {
  const { graph, ...rest } = model;
  const initializers = tensors.flatMap((tensor) => field(GraphProtoSchema.field.initializer.number, tensor));
  const body = [toBinary(GraphProtoSchema, graph ?? create(GraphProtoSchema)), ...initializers];
  return [toBinary(ModelProtoSchema, create(ModelProtoSchema, rest)), ...field(ModelProtoSchema.field.graph.number, body)];
}

/** Each weight as a tensor that holds its values. */
function embed({ weights }: OnnxModel): readonly (readonly Piece[])[] {
  return weights.map(({ name, shape }) => {
    const head = create(TensorProtoSchema, { name, dataType: DataType.FLOAT, dims: shape.map(BigInt) });
    return [toBinary(TensorProtoSchema, head), ...field(TensorProtoSchema.field.rawData.number, [{ weight: name, elements: elements(shape) }])];
  });
}

/** Each weight as a tensor that says where in another file its values lie, and that file. */
function setApart({ weights }: OnnxModel, dataFile: string): { readonly tensors: readonly (readonly Piece[])[]; readonly data: readonly Piece[] } {
  const data: Piece[] = [];
  let offset = 0;
  const tensors = weights.map(({ name, shape }) => {
    const length = 4 * elements(shape);
    const place = { location: dataFile, offset: String(offset), length: String(length) };
    const gap = (page - (length % page)) % page;
    data.push({ weight: name, elements: elements(shape) }, new Uint8Array(gap));
    offset += length + gap;
    const tensor = create(TensorProtoSchema, {
      name,
      dataType: DataType.FLOAT,
      dims: shape.map(BigInt),
      dataLocation: DataLocation.EXTERNAL,
      externalData: Object.entries(place).map(([key, value]) => ({ key, value })),
    });
    return [toBinary(TensorProtoSchema, tensor)];
  });
  return { tensors, data };
}

/** A field of bytes or of a message: its number and its length before its content. */
function field(number: number, content: readonly Piece[]): readonly Piece[] {
  const head = new BinaryWriter().tag(number, WireType.LengthDelimited).uint64(BigInt(bytesOf(content))).finish();
  return [head, ...content];
}
