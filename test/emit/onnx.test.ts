import { fromBinary } from '@bufbuild/protobuf';
import { AttributeProto_AttributeType as AttributeType, ModelProtoSchema, type NodeProto, type ValueInfoProto } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { layOut, bytesOf, type Piece } from '../../compiler/emit/onnx-file.ts';
import { opset, toOnnx } from '../../compiler/emit/onnx.ts';
import { networkOf } from '../support/gpu.ts';

/** One line a node: what it is called and is, its attributes, what it reads and makes. */
function nodesOf(layers: string, input = 'image: 9x9x4'): readonly string[] {
  const { model } = toOnnx(networkOf(`netloom: 1\nname: little\ninput: { ${input} }\nlayers:\n${layers}\n`));
  return (model.graph?.node ?? []).map(({ name, opType, input, output, attribute }) => {
    const attributes = attribute.map((given) => `${given.name} ${valueOf(given)}`).join(', ');
    return `${name}: ${opType}(${[input.join(', '), attributes].filter((part) => part !== '').join('; ')}) = ${output.join(', ')}`;
  });
}

function valueOf({ type, i, f, ints }: NodeProto['attribute'][number]): string {
  if (type === AttributeType.INTS) return `[${ints.join()}]`;
  return String(type === AttributeType.INT ? i : Number(f.toPrecision(6)));
}

describe('nodes are called as the layers are', () => {
  test('and so are the tensors they make', () => {
    expect(
      nodesOf(`  conv1: { op: conv, filters: 8, kernel: 3, pad: 1, groups: 2, activation: relu }
  norm1: { op: lrn, size: 5, alpha: 0.0001, beta: 0.75, k: 2, reduce: sum }
  pool1: { op: maxpool, kernel: 3, stride: 2 }
  fc:    { op: dense, units: 10 }
  drop:  { op: dropout }
  prob:  { op: softmax }`),
    ).toEqual([
      'conv1: Conv(image, conv1.weight, conv1.bias; kernel_shape [3,3], strides [1,1], pads [1,1,1,1], dilations [1,1], group 2) = conv1:conv',
      'conv1:relu: Relu(conv1:conv) = conv1',
      'norm1: LRN(conv1; size 5, alpha 0.0005, beta 0.75, bias 2) = norm1',
      'pool1: MaxPool(norm1; kernel_shape [3,3], strides [2,2], pads [0,0,0,0]) = pool1',
      'fc:flatten: Flatten(pool1; axis 1) = fc:flatten',
      'fc: Gemm(fc:flatten, fc.weight, fc.bias; transB 1) = fc',
      'drop: Identity(fc) = drop',
      'prob: Softmax(drop; axis 1) = prob',
    ]);
  });

  test.each([
    ['lrn, size: 5, alpha: 0.0005, beta: 0.75, k: 2, reduce: mean', 'LRN(image; size 5, alpha 0.0005, beta 0.75, bias 2)'],
    ['relu', 'Relu(image)'],
    ['relu6', 'Clip(image, y:constant, y:constant2)'],
    ['leaky_relu', 'LeakyRelu(image; alpha 0.01)'],
    ['leaky_relu, slope: 3', 'LeakyRelu(image; alpha 3)'],
    ['sigmoid', 'Sigmoid(image)'],
    ['tanh', 'Tanh(image)'],
    ['batchnorm, epsilon: 0.001', 'BatchNormalization(image, y.weight, y.bias, y.running_mean, y.running_var; epsilon 0.001)'],
    ['global_avgpool', 'GlobalAveragePool(image)'],
    ['concat, from: [image, image]', 'Concat(image, image; axis 1)'],
    ['add, from: [image, image]', 'Add(image, image)'],
    ['flatten', 'Flatten(image; axis 1)'],
  ])('%s', (layer, expected) => {
    expect(nodesOf(`  y: { op: ${layer} }`)).toEqual([`y: ${expected} = y`]);
  });

  test('what ONNX has no operator for is spelled out', () => {
    expect(nodesOf('  y: { op: gelu }')).toEqual([
      'y:mul: Mul(image, y:constant) = y:mul',
      'y:mul2: Mul(image, y:constant3) = y:mul2',
      'y:erf: Erf(y:mul2) = y:erf',
      'y:add: Add(y:constant2, y:erf) = y:add',
      'y: Mul(y:mul, y:add) = y',
    ]);
    expect(nodesOf('  y: { op: add, from: [image, image, image] }')).toEqual(['y:add: Add(image, image) = y:add', 'y: Add(y:add, image) = y']);
  });
});

describe('windows', () => {
  const pads = (layer: string): string | undefined => /pads (\[[\d,]+\])/.exec(nodesOf(`  y: { op: ${layer} }`, 'image: 8x9x4').at(-1) ?? '')?.[1];

  test.each([
    ['as written where rounding down gives them', 'maxpool, kernel: 3, stride: 2, pad: 1', '[1,1,1,1]'],
    ['up to the last one where rounding up gives one more', 'maxpool, kernel: 3, stride: 2, rounding: ceil', '[0,0,1,0]'],
    ["with Caffe's rounding", 'maxpool, kernel: 2, stride: 2, pad: 1, rounding: caffe', '[1,1,1,1]'],
    ['on one side only', 'conv, filters: 2, kernel: 3, pad: [0, 1, 2, 1]', '[0,1,2,1]'],
    ['the same, of an even kernel', 'conv, filters: 2, kernel: 2, pad: same', '[0,0,1,1]'],
  ])('%s', (_, layer, expected) => {
    expect(pads(layer)).toBe(expected);
  });

  test('a mean counts padding, and never what lies past it', () => {
    const of = (pool: string): readonly string[] => nodesOf(`  y: { op: avgpool, ${pool} }`, 'image: 8x8x4');
    expect(of('kernel: 3, stride: 1, pad: 1')).toEqual(['y: AveragePool(image; kernel_shape [3,3], strides [1,1], pads [1,1,1,1], count_include_pad 1) = y']);
    expect(of('kernel: 3, stride: 1, pad: 1, count_padding: false')).toEqual([
      'y: AveragePool(image; kernel_shape [3,3], strides [1,1], pads [1,1,1,1], count_include_pad 0) = y',
    ]);
    expect(of('kernel: 3, stride: 2, pad: 1, rounding: ceil')).toEqual([
      'y:pad: Pad(image, y:constant, y:constant2) = y:pad',
      'y: AveragePool(y:pad; kernel_shape [3,3], strides [2,2], pads [0,0,1,1], count_include_pad 0) = y',
    ]);
  });
});

describe('the model', () => {
  const graph = networkOf(`netloom: 1
name: two
summary: Two ways out
input: { image: 4x6x3 }
preprocess: { mean: [1, 2, 3] }
layers:
  a: { op: conv, filters: 5, kernel: 3, activation: relu6 }
  b: { op: global_avgpool }
  c: { op: dense, from: a, units: 7 }
outputs: [c, b]
`);
  const exported = toOnnx(graph);

  test('says what it is, and leaves the batch open', () => {
    const { model } = exported;
    expect(model.irVersion).toBe(8n);
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([['', BigInt(opset)]]);
    expect([model.graph?.name, model.docString]).toEqual(['two', 'Two ways out']);
    expect(JSON.parse(model.metadataProps.find(({ key }) => key === 'preprocess')?.value ?? '')).toMatchObject({ mean: [1, 2, 3], channels: 'RGB' });
    expect(model.graph?.input.map(dimsOf)).toEqual(['image N,3,4,6']);
    expect(model.graph?.output.map(dimsOf)).toEqual(['c N,7', 'b N,5,1,1']);
    expect(model.graph?.valueInfo.map(dimsOf)).toEqual(['a:conv N,5,2,4', 'a N,5,2,4']);
    expect(exported.weights.map(({ name, shape }) => `${name} ${shape.join()}`)).toEqual(['a.weight 5,3,3,3', 'a.bias 5', 'c.weight 7,40', 'c.bias 7']);
  });

  test('the same spec gives the same bytes', () => {
    expect(bytes(layOut(toOnnx(graph), 'x', false).model)).toEqual(bytes(layOut(exported, 'x', false).model));
  });

  test('holds its weights', () => {
    const { model, data } = layOut(exported, 'x', false);
    expect(data).toBeUndefined();
    expect(bytesOf(model)).toBe(bytes(model).length);
    const { graph: read } = fromBinary(ModelProtoSchema, bytes(model));
    expect(read?.node).toEqual(exported.model.graph?.node);
    expect(read?.initializer.map(({ name, dims, rawData }) => [name, dims.join(), rawData.length / 4])).toEqual([
      ['a:relu6:constant', '', 0],
      ['a:relu6:constant2', '', 0],
      ['a.weight', '5,3,3,3', 135],
      ['a.bias', '5', 5],
      ['c.weight', '7,40', 280],
      ['c.bias', '7', 7],
    ]);
    expect(read?.initializer.slice(0, 2).map(({ floatData }) => floatData)).toEqual([[0], [6]]);
    expect(new Set(read?.initializer.at(2)?.rawData)).toEqual(new Set([1]));
    expect(new Set(read?.initializer.at(5)?.rawData)).toEqual(new Set([4]));
  });

  test('or says where they lie, each at a page', () => {
    const { model, data = [] } = layOut(exported, 'two.onnx.data', true);
    const { graph: read } = fromBinary(ModelProtoSchema, bytes(model));
    const places = read?.initializer.slice(2).map(({ name, rawData, externalData }) => [name, rawData.length, ...externalData.map(({ value }) => value)]);
    expect(places).toEqual([
      ['a.weight', 0, 'two.onnx.data', '0', '540'],
      ['a.bias', 0, 'two.onnx.data', '4096', '20'],
      ['c.weight', 0, 'two.onnx.data', '8192', '1120'],
      ['c.bias', 0, 'two.onnx.data', '12288', '28'],
    ]);
    expect([0, 4096, 8192, 12288].map((offset) => bytes(data)[offset])).toEqual([1, 2, 3, 4]);
  });

  test('a model that protobuf cannot hold sets its weights apart unasked', () => {
    const sized = (gigabytes: number) => layOut({ ...exported, weights: [{ name: 'c.weight', shape: [2 ** 18 * gigabytes, 2 ** 10] }] }, 'big.data', false);
    expect(sized(1).data).toBeUndefined();
    const { model, data = [] } = sized(2);
    expect([bytesOf(model) < 4000, bytesOf(data)]).toEqual([true, 2 ** 31]);
  });
});

/** The file, where each value of the nth weight is four bytes of n. */
function bytes(pieces: readonly Piece[]): Uint8Array {
  let weight = 0;
  return Buffer.concat(pieces.map((piece) => (piece instanceof Uint8Array ? piece : Buffer.alloc(4 * piece.elements, ++weight))));
}

function dimsOf({ name, type }: ValueInfoProto): string {
  const tensor = type?.value.case === 'tensorType' ? type.value.value : undefined;
  return `${name} ${(tensor?.shape?.dim ?? []).map(({ value: { value = '' } }) => String(value)).join()}`;
}
