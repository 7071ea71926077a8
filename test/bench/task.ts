// What every peer is given: a network, its weights and a batch of images as files, and what a judge says must come out.

import { mkdirSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeOnnx } from '../../compiler/cli/write-onnx.ts';
import { toOnnx } from '../../compiler/emit/onnx.ts';
import type { TypedGraph } from '../../compiler/ir/graph.ts';
import type { Param } from '../../compiler/ir/op.ts';
import { elements } from '../../compiler/ir/tensor.ts';
import { syntheticTensor } from '../../runtime/synthetic.ts';
import { openWeights, type Weights } from '../../runtime/weights.ts';
import { interpreted } from '../../compiler/cli/interpreted.ts';
import { graphOf } from './load-network.ts';
import { asTheyAre, soften, softened, type Softening } from './soften.ts';

const SEED = 1;
/** Different images in a batch, which repeats them: the judge takes seconds for each. */
const IMAGES = 2;
const BOUND = 1;

/** A layer as a peer without a reader of ONNX builds it: see `compiler/ops/` for what the attributes mean. */
export interface Layer {
  readonly id: string;
  readonly op: string;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly inputs: readonly string[];
  /** H,W,C or C, without the batch. */
  readonly shape: readonly number[];
  readonly params: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** Read by a peer's process from a JSON file. Shapes are without the batch. */
export interface Task {
  readonly spec: string;
  readonly onnx: string;
  readonly safetensors: string;
  /** f32, N,H,W,C. */
  readonly images: string;
  readonly batch: number;
  readonly input: { readonly name: string; readonly shape: readonly number[] };
  readonly output: { readonly name: string; readonly shape: readonly number[] };
  readonly layers: readonly Layer[];
  readonly adapter: string;
  readonly threads: number;
}

/** A network prepared for batches of any size. */
export interface Network {
  readonly name: string;
  readonly task: Omit<Task, 'batch' | 'images' | 'adapter' | 'threads'>;
  /** Writes a batch of images; returns the file. */
  readonly writeBatch: (batch: number) => string;
  /** What must come out for a batch, N,H,W,C or N,C: our interpreter's float64. */
  readonly judge: (batch: number) => Float64Array;
}

/** Checks the spec at `path`, writes its weights and its ONNX model into `folder`, and interprets it. No batch may be larger than `most`. */
export async function prepare(path: string, folder: string, most: number): Promise<Network> {
  const graph = graphOf(path);
  const { images, expected, softening } = await judged(graph, Math.min(most, IMAGES));
  const { name, task } = await write(path, folder, softening);
  const outputSize = elements(task.output.shape);
  return {
    name,
    task,
    writeBatch(batch) {
      const file = join(folder, `${name}-${batch}.f32`);
      writeFileSync(file, repeated(images, elements(graph.input.shape), batch, new Float32Array(batch * elements(graph.input.shape))));
      return file;
    },
    judge: (batch) => repeated(expected, outputSize, batch, new Float64Array(batch * outputSize)),
  };
}

/** The same without images and without a judge. */
export async function write(path: string, folder: string, softening = asTheyAre): Promise<Pick<Network, 'name' | 'task'> & { readonly graph: TypedGraph }> {
  const graph = graphOf(path);
  mkdirSync(folder, { recursive: true });
  const name = basename(path, '.yaml');
  const onnx = join(folder, `${name}.onnx`);
  const safetensors = join(folder, `${name}.safetensors`);
  const exported = toOnnx(graph);
  const params = graph.nodes.flatMap((node) => node.params);
  const weights = softened(await openWeights(`synthetic:${SEED}`, params), softening);
  await writeOnnx(onnx, exported, weights, false, () => undefined);
  await writeSafetensors(safetensors, params, weights);
  const [output = ''] = graph.outputs;
  const outputShape = graph.nodes.find(({ id }) => id === output)?.shape ?? [];
  return {
    name,
    graph,
    task: {
      spec: path, onnx, safetensors, input: graph.input, output: { name: output, shape: outputShape },
      layers: graph.nodes.map(({ id, op, attrs, inputs, shape, params: own }) => ({
        id, op: op.name, attrs: { ...attrs }, inputs, shape, params: own.map((param) => ({ name: param.name, shape: param.shape })),
      })),
    },
  };
}

async function judged(graph: TypedGraph, count: number): Promise<{ readonly images: Float32Array; readonly expected: Float64Array; readonly softening: Softening }> {
  const images = syntheticTensor(graph.input.name, count * elements(graph.input.shape), SEED, BOUND);
  const values = await interpreted(graph, `synthetic:${SEED}`, images);
  const of = (id = ''): Float64Array => values.get(id)?.data ?? new Float64Array(0);
  const [output = ''] = graph.outputs;
  const last = graph.nodes.find(({ id }) => id === output);
  if (last?.op.name !== 'softmax') return { images, expected: of(output), softening: asTheyAre };
  const { probabilities, softening } = soften(graph, last, of(last.inputs[0]));
  return { images, expected: probabilities, softening };
}

/** The first `batch` of items of `size` values, from the start again where there are no more. */
function repeated<T extends Float32Array | Float64Array>(items: T, size: number, batch: number, into: T): T {
  for (let n = 0; n < batch; n++) {
    const first = (n * size) % items.length;
    into.set(items.subarray(first, first + size), n * size);
  }
  return into;
}

async function writeSafetensors(path: string, params: readonly Param[], weights: Weights): Promise<void> {
  let end = 0;
  const entries = params.map(({ name, shape }) => {
    const begin = end;
    end += 4 * elements(shape);
    return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }] as const;
  });
  const text = JSON.stringify(Object.fromEntries(entries));
  // Data begin at a multiple of 8.
  const header = Buffer.from(text.padEnd(8 * Math.ceil(text.length / 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = await open(path, 'w');
  try {
    await file.writeFile(length);
    await file.writeFile(header);
    for (const { name, shape } of params) {
      const values = new Float32Array(elements(shape));
      await weights.read(name, 0, values);
      await file.writeFile(new Uint8Array(values.buffer));
    }
  } finally {
    await file.close();
  }
}
