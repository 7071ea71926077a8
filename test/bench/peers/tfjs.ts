// TensorFlow.js on its WebGPU backend, layer by layer as the task lists them; N,H,W,C.

import { serve } from './serve.ts';
import { batchnormOf } from './batchnorm.ts';
import { BINDING_BYTES, pretendBrowser } from './browser.ts';
import { readTensors } from './safetensors.ts';
import { windowsOf } from './windows.ts';
import type { Layer } from '../task.ts';

interface Tensor {
  readonly shape: readonly number[];
  data(): Promise<Float32Array>;
  dispose(): void;
}

type Pads = readonly (readonly [number, number])[];

/** What of it is used here: its own types need its package, which a check of ours may lack. */
interface TensorFlow {
  setBackend(name: string): Promise<boolean>;
  tensor(values: Float32Array, shape: readonly number[]): Tensor;
  tidy<T>(work: () => T): T;
  add(a: Tensor, b: Tensor): Tensor;
  mul(a: Tensor, b: Tensor): Tensor;
  relu(x: Tensor): Tensor;
  conv2d(x: Tensor, filter: Tensor, strides: readonly number[], pad: 'valid', format: 'NHWC', dilations: readonly number[]): Tensor;
  maxPool(x: Tensor, size: readonly number[], strides: readonly number[], pad: 'valid'): Tensor;
  avgPool(x: Tensor, size: readonly number[], strides: readonly number[], pad: 'valid'): Tensor;
  pad(x: Tensor, pads: Pads, value?: number): Tensor;
  split(x: Tensor, parts: number, axis: number): Tensor[];
  concat(parts: readonly Tensor[], axis: number): Tensor;
  transpose(x: Tensor, axes: readonly number[]): Tensor;
  reshape(x: Tensor, shape: readonly number[]): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor;
  localResponseNormalization(x: Tensor, radius: number, bias: number, alpha: number, beta: number): Tensor;
  mean(x: Tensor, axes: readonly number[], keepDims: boolean): Tensor;
  softmax(x: Tensor): Tensor;
}

/** Weights as the layer wants them; those of a dense layer in parts that can be bound. */
type Params = readonly Tensor[];

const LOWEST = -3.4e38;

await serve(async ({ layers, safetensors, input, output, batch }) => {
  pretendBrowser();
  const tf = await load();
  const tensors = readTensors(safetensors);
  let halved = '';
  const shapes = new Map([[input.name, input.shape], ...layers.map(({ id, shape }) => [id, shape] as const)]);
  const params = new Map(layers.map((layer): [string, Params] => {
    if (layer.op === 'batchnorm') {
      const { scale, shift } = batchnormOf(layer, tensors);
      return [layer.id, [scale, shift].map((values) => tf.tensor(values, [values.length]))];
    }
    const [weight, bias] = layer.params.map(({ name }) => tensors.get(name));
    if (weight === undefined) return [layer.id, []];
    const rest = bias === undefined ? [] : [tf.tensor(bias.values, bias.shape)];
    if (layer.op === 'conv') return [layer.id, [tf.transpose(tf.tensor(weight.values, weight.shape), [2, 3, 1, 0]), ...rest]];
    if (layer.op !== 'dense') throw new Error(`weights of ${layer.op} are not written for this peer`);
    const values = channelsLast(weight.values, shapes.get(layer.inputs[0] ?? '') ?? []);
    const [rows = 1, columns = 1] = weight.shape;
    const parts = Math.ceil(values.byteLength / BINDING_BYTES);
    if (rows % parts > 0) throw new Error(`${layer.id} cannot be cut into ${parts} even parts`);
    if (parts > 1) halved += `; ${layer.id} given in ${parts} parts, since it is wrong in one`;
    const size = values.length / parts;
    const pieces = Array.from({ length: parts }, (_, part) => tf.tensor(values.slice(part * size, (part + 1) * size), [rows / parts, columns]));
    return [layer.id, [...rest, ...pieces]];
  }));
  return {
    order: 'N,H,W,C',
    note: `eager${halved}`,
    async run(images) {
      const result = tf.tidy(() => {
        const values = new Map([[input.name, tf.tensor(images, [batch, ...input.shape])]]);
        for (const layer of layers) {
          const inputs = layer.inputs.flatMap((name) => values.get(name) ?? []);
          values.set(layer.id, compute(tf, layer, inputs, params.get(layer.id) ?? []));
        }
        return values.get(output.name);
      });
      const data = await result?.data();
      result?.dispose();
      return data ?? [];
    },
  };
});

async function load(): Promise<TensorFlow> {
  const [core, backend] = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-webgpu'];
  const tf = await import(core) as TensorFlow;
  await import(backend);
  if (!await tf.setBackend('webgpu')) throw new Error('its WebGPU backend does not start');
  return tf;
}

function compute(tf: TensorFlow, layer: Layer, inputs: readonly Tensor[], params: Params): Tensor {
  const { op, attrs, shape } = layer;
  const [x] = inputs;
  if (x === undefined) throw new Error(`${layer.id} reads nothing`);
  const number = (name: string): number => Number(attrs[name]);
  switch (op) {
    case 'conv': {
      const { stride, dilation, rows, columns } = windowsOf(layer, x.shape.slice(1));
      const [filter, bias] = params;
      if (filter === undefined) break;
      const groups = number('groups');
      const padded = reached(tf, x, rows, columns, 0);
      const one = (each: Tensor, weights: Tensor): Tensor => tf.conv2d(each, weights, stride, 'valid', 'NHWC', dilation);
      const filters = groups === 1 ? [filter] : tf.split(filter, groups, 3);
      const sums = (groups === 1 ? [padded] : tf.split(padded, groups, 3)).flatMap((each, group) => {
        const weights = filters[group];
        return weights === undefined ? [] : [one(each, weights)];
      });
      const sum = groups === 1 ? sums[0] ?? x : tf.concat(sums, 3);
      return bias === undefined ? sum : tf.add(sum, bias);
    }
    case 'dense': {
      const [bias, ...pieces] = params;
      const flat = tf.reshape(x, [x.shape[0] ?? 1, x.shape.slice(1).reduce((product, size) => product * size, 1)]);
      const products = pieces.map((piece) => tf.matMul(flat, piece, false, true));
      const [first = x] = products;
      const product = products.length === 1 ? first : tf.concat(products, 1);
      return bias === undefined ? product : tf.add(product, bias);
    }
    case 'maxpool':
    case 'avgpool': {
      const { kernel, stride, rows, columns } = windowsOf(layer, x.shape.slice(1));
      if (op === 'maxpool') return tf.maxPool(reached(tf, x, rows, columns, LOWEST), kernel, stride, 'valid');
      if ([...rows, ...columns].every((pad) => pad <= 0)) return tf.avgPool(x, kernel, stride, 'valid');
      break;
    }
    case 'lrn':
      return tf.localResponseNormalization(x, (number('size') - 1) / 2, number('k'), attrs['reduce'] === 'sum' ? number('alpha') : number('alpha') / number('size'), number('beta'));
    case 'relu':
      return tf.relu(x);
    case 'add':
      return inputs.slice(1).reduce((sum, other) => tf.add(sum, other), x);
    case 'batchnorm': {
      const [scale, shift] = params;
      if (scale === undefined || shift === undefined) break;
      return tf.add(tf.mul(x, scale), shift);
    }
    case 'global_avgpool':
      return tf.mean(x, [1, 2], true);
    case 'concat':
      return tf.concat(inputs, -1);
    case 'dropout':
      return x;
    case 'flatten':
      return tf.reshape(x.shape.length === 4 ? tf.transpose(x, [0, 3, 1, 2]) : x, [x.shape[0] ?? 1, ...shape]);
    case 'softmax':
      return tf.softmax(x);
  }
  throw new Error(`${op} as ${layer.id} has it is not written for this peer`);
}

/** `x` with what its windows reach around it. */
function reached(tf: TensorFlow, x: Tensor, rows: readonly [number, number], columns: readonly [number, number], value: number): Tensor {
  const [above, below, left, right] = [...rows, ...columns].map((pad) => Math.max(pad, 0)) as [number, number, number, number];
  return above + below + left + right === 0 ? x : tf.pad(x, [[0, 0], [above, below], [left, right], [0, 0]], value);
}

/** The columns of a dense layer that reads a picture, from C,H,W to H,W,C: then the picture is flat as it is. */
function channelsLast(values: Float32Array<ArrayBuffer>, [height, width, channels]: readonly number[]): Float32Array<ArrayBuffer> {
  if (height === undefined || width === undefined || channels === undefined) return values;
  const [pixels, size] = [height * width, height * width * channels];
  return values.map((_, at) => {
    const [row, column] = [at - (at % size), at % size];
    return values[row + (column % channels) * pixels + Math.floor(column / channels)] ?? 0;
  });
}
