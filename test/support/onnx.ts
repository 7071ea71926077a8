// Networks as ONNX models, run by ONNX Runtime on the CPU: a judge that shares nothing with netloom. It is installed beside the
// benchmarks (`npm ci --prefix test/bench`), since it is large and no user needs it.

import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as OnnxRuntime from 'onnxruntime-common';
import { writeOnnx } from '../../compiler/cli/write-onnx.ts';
import { toOnnx } from '../../compiler/emit/onnx.ts';
import type { TypedGraph } from '../../compiler/ir/graph.ts';
import { asPicture, elements, type Shape } from '../../compiler/ir/tensor.ts';
import { openWeights } from '../../runtime/weights.ts';
import { moveChannels } from './move-channels.ts';

const peers = new URL('../bench/package.json', import.meta.url);

/** ONNX Runtime, where it is installed; its absence is said aloud. */
export const onnxRuntime: typeof OnnxRuntime | undefined = findOnnxRuntime();

function findOnnxRuntime(): typeof OnnxRuntime | undefined {
  if (existsSync(new URL('node_modules/onnxruntime-node', peers))) {
    return createRequire(fileURLToPath(peers))('onnxruntime-node') as typeof OnnxRuntime;
  }
  console.warn('SKIPPED: onnxruntime-node is not installed (npm ci --prefix test/bench): exported models are not run');
  return undefined;
}

/** Every layer as an output. */
export function withAllLayers(graph: TypedGraph): TypedGraph {
  return { ...graph, outputs: graph.nodes.map(({ id }) => id).filter((id) => !id.includes(':')) };
}

/** The outputs of an exported network by name, in N,H,W,C or N,C; so is `input`. */
export async function runOnnx(graph: TypedGraph, weights: string, input: Float32Array, external = false): Promise<ReadonlyMap<string, Float32Array>> {
  const folder = await mkdtemp(join(tmpdir(), 'netloom-onnx-'));
  try {
    const path = join(folder, 'model.onnx');
    const source = await openWeights(weights, graph.nodes.flatMap(({ params }) => params));
    await writeOnnx(path, toOnnx(graph), source, external, () => undefined);
    await source.close();
    return await runOnnxFile(path, graph, input);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The outputs of the model at `path`, which is that of `graph`. */
export async function runOnnxFile(path: string, graph: TypedGraph, input: Float32Array): Promise<ReadonlyMap<string, Float32Array>> {
  if (onnxRuntime === undefined) throw new Error('ONNX Runtime is not installed');
  const { InferenceSession, Tensor } = onnxRuntime;
  const session = await InferenceSession.create(path, { intraOpNumThreads: 2 });
  try {
    const [height, width, channels] = asPicture(graph.input.shape);
    const images = input.length / elements(graph.input.shape);
    const dims = graph.input.shape.length === 3 ? [images, channels, height, width] : [images, channels];
    const results = await session.run({ [graph.input.name]: new Tensor('float32', moveChannels(input, height * width, channels, 'first'), dims) });
    const shapes = new Map<string, Shape>(graph.nodes.map(({ id, shape }) => [id, shape]));
    return new Map(
      Object.entries(results).map(([name, { data, dims }]) => {
        const [height, width, channels] = asPicture(shapes.get(name) ?? [0]);
        const expected = shapes.get(name)?.length === 3 ? [images, channels, height, width] : [images, channels];
        if (dims.join() !== expected.join()) throw new Error(`${name} is [${dims.join()}] instead of [${expected.join()}]`);
        return [name, moveChannels(data as Float32Array, height * width, channels, 'last')];
      }),
    );
  } finally {
    await session.release();
  }
}
