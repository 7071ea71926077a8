// jax-js on WebGPU: the network as one jitted function of the images and the weights; N,C,H,W.

import { batchnormOf } from './batchnorm.ts';
import { BINDING_BYTES, pretendBrowser } from './browser.ts';
import { readTensors } from './safetensors.ts';
import { serve } from './serve.ts';
import { windowsOf } from './windows.ts';
import type { Layer } from '../task.ts';

/** Each use of one consumes it; `ref` is one more to use. */
interface Value {
  readonly ref: Value;
  readonly shape: readonly number[];
  add(other: Value | number): Value;
  mul(other: Value | number): Value;
  div(other: Value): Value;
  sum(axis?: number): Value;
  max(axis?: number): Value;
  mean(axis: readonly number[], options: { keepdims: boolean }): Value;
  transpose(axes: readonly number[]): Value;
  reshape(shape: readonly number[]): Value;
  data(): Promise<Float32Array>;
}

type Pads = readonly (readonly [number, number])[];
type Compute = (images: Value, params: readonly Value[]) => Value;

/** What of it is used here: its own types need its package, which a check of ours may lack. */
interface Jax {
  init(device: string): Promise<readonly string[]>;
  defaultDevice(device: string): string;
  jit(compute: Compute): Compute;
  blockUntilReady(values: readonly Value[]): Promise<unknown>;
  readonly numpy: {
    array(values: Float32Array, options: { shape: readonly number[] }): Value;
    pad(x: Value, pads: Pads): Value;
    matmul(a: Value, b: Value): Value;
    power(x: Value, exponent: number): Value;
    concatenate(values: readonly Value[], axis: number): Value;
  };
  readonly nn: { relu(x: Value): Value; softmax(x: Value, axis: number): Value };
  readonly lax: {
    convGeneralDilated(x: Value, filter: Value, strides: readonly number[], pads: Pads, options: { rhsDilation: readonly number[]; featureGroupCount: number }): Value;
    reduceWindow(x: Value, reduce: (window: Value) => Value, size: readonly number[], strides: readonly number[]): Value;
  };
}

await serve(async ({ layers, safetensors, input, output, batch }) => {
  pretendBrowser();
  const name = '@jax-js/jax';
  const jax = await import(name) as Jax;
  if (!(await jax.init('webgpu')).includes('webgpu')) throw new Error('its WebGPU backend does not start');
  jax.defaultDevice('webgpu');
  const tensors = readTensors(safetensors);
  let halved = '';
  const params: Value[] = [];
  /** Where the weights of a layer stand in `params`. */
  const places = new Map<string, readonly number[]>();
  for (const layer of layers) {
    const { id, op, params: named } = layer;
    if (op === 'batchnorm') {
      const { scale, shift } = batchnormOf(layer, tensors);
      places.set(id, [params.length, params.length + 1]);
      params.push(...[scale, shift].map((values) => jax.numpy.array(values, { shape: [1, values.length, 1, 1] })));
      continue;
    }
    const pieces = named.flatMap((param) => {
      const { values, shape } = tensors.get(param.name) ?? { values: new Float32Array(0), shape: [0] };
      const parts = op === 'dense' ? Math.ceil(values.byteLength / BINDING_BYTES) : 1;
      const [rows = 1, ...rest] = shape;
      if (rows % parts > 0) throw new Error(`${id} cannot be cut into ${parts} even parts`);
      if (parts > 1) halved += `; ${id} given in ${parts} parts, since it is wrong in one`;
      const size = values.length / parts;
      return Array.from({ length: parts }, (_, part) => jax.numpy.array(values.slice(part * size, (part + 1) * size), { shape: [rows / parts, ...rest] }));
    });
    places.set(id, pieces.map((_, index) => params.length + index));
    params.push(...pieces);
  }
  const forward = jax.jit((images, weights) => {
    const values = new Map([[input.name, images]]);
    const left = new Map<string, number>([[output.name, 1]]);
    for (const id of layers.flatMap(({ inputs }) => inputs)) left.set(id, (left.get(id) ?? 0) + 1);
    const use = (id: string): Value => {
      const value = values.get(id);
      if (value === undefined) throw new Error(`${id} is read before it is there`);
      const uses = (left.get(id) ?? 1) - 1;
      left.set(id, uses);
      return uses > 0 ? value.ref : value;
    };
    for (const layer of layers) {
      const own = (places.get(layer.id) ?? []).flatMap((place) => weights[place] ?? []);
      values.set(layer.id, compute(jax, layer, layer.inputs.map(use), own));
    }
    return use(output.name);
  });
  await jax.blockUntilReady(params);
  const [height = 1, width = 1, channels] = input.shape;
  const shape = channels === undefined ? [batch, height] : [batch, channels, height, width];
  return {
    order: 'N,C,H,W',
    note: `jit${halved}`,
    run: (images) => forward(jax.numpy.array(images, { shape }), params.map(({ ref }) => ref)).data(),
  };
});

/** Consumes `inputs` and `params`. */
function compute({ numpy, nn, lax }: Jax, layer: Layer, inputs: readonly Value[], params: readonly Value[]): Value {
  const { op, attrs } = layer;
  const [x] = inputs;
  if (x === undefined) throw new Error(`${layer.id} reads nothing`);
  const number = (name: string): number => Number(attrs[name]);
  const [images = 1] = x.shape;
  switch (op) {
    case 'conv': {
      const { stride, dilation, rows, columns } = windowsOf(layer, x.shape.slice(2));
      const [filter, bias] = params;
      if (filter === undefined) break;
      const pads = [rows, columns].map(([before, after]) => [before, Math.max(after, 0)] as const);
      const sum = lax.convGeneralDilated(x, filter, stride, pads, { rhsDilation: dilation, featureGroupCount: number('groups') });
      return bias === undefined ? sum : sum.add(bias.reshape([1, number('filters'), 1, 1]));
    }
    case 'dense': {
      const bias = attrs['bias'] === false ? undefined : params.at(-1);
      const pieces = bias === undefined ? params : params.slice(0, -1);
      const flat = x.reshape([images, x.shape.slice(1).reduce((product, size) => product * size, 1)]);
      const products = pieces.map((piece, index) => numpy.matmul(index === pieces.length - 1 ? flat : flat.ref, piece.transpose([1, 0])));
      const [first = flat] = products;
      const product = products.length === 1 ? first : numpy.concatenate(products, 1);
      return bias === undefined ? product : product.add(bias);
    }
    case 'maxpool': {
      const { kernel, stride, rows, columns } = windowsOf(layer, x.shape.slice(2));
      // It pads with zeros only, which never win over what a relu gives; where they do, the result is found to be wrong.
      const pads = [[0, 0], [0, 0], ...[rows, columns].map((pad) => pad.map((size) => Math.max(size, 0)) as [number, number])] as const;
      const padded = pads.flat().some((size) => size > 0) ? numpy.pad(x, pads) : x;
      return lax.reduceWindow(padded, (window) => window.max(), [1, 1, ...kernel], [1, 1, ...stride]);
    }
    case 'lrn': {
      const size = number('size');
      const around = (size - 1) / 2;
      const squares = numpy.pad(x.ref.mul(x.ref), [[0, 0], [around, around], [0, 0], [0, 0]]);
      const sums = lax.reduceWindow(squares, (window) => window.sum(), [1, size, 1, 1], [1, 1, 1, 1]);
      const scale = attrs['reduce'] === 'sum' ? number('alpha') : number('alpha') / size;
      return x.div(numpy.power(sums.mul(scale).add(number('k')), number('beta')));
    }
    case 'relu':
      return nn.relu(x);
    case 'add':
      return inputs.slice(1).reduce((sum, other) => sum.add(other), x);
    case 'batchnorm': {
      const [scale, shift] = params;
      if (scale === undefined || shift === undefined) break;
      return x.mul(scale).add(shift);
    }
    case 'global_avgpool':
      return x.mean([2, 3], { keepdims: true });
    case 'concat':
      return numpy.concatenate(inputs, 1);
    case 'dropout':
      return x;
    case 'flatten':
      return x.reshape([images, ...layer.shape]);
    case 'softmax':
      return nn.softmax(x, 1);
  }
  throw new Error(`${op} as ${layer.id} has it is not written for this peer`);
}
