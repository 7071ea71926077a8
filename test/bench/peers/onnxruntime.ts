// ONNX Runtime on the CPU, in as many threads as every peer gets, or through its WebGPU provider: what the argument says.

import { createRequire } from 'node:module';
import type * as OnnxRuntime from 'onnxruntime-common';
import { serve } from './serve.ts';

const [, , , provider = 'cpu'] = process.argv;
const { InferenceSession, Tensor } = createRequire(import.meta.url)('onnxruntime-node') as typeof OnnxRuntime;

await serve(async ({ onnx, threads, batch, input: { name, shape }, output }) => {
  // Errors only: it warns of what it does on purpose.
  const session = await InferenceSession.create(onnx, { executionProviders: [provider], intraOpNumThreads: threads, logSeverityLevel: 3 });
  const [height, width, channels] = shape;
  const dims = channels === undefined ? [batch, ...shape] : [batch, channels, height ?? 1, width ?? 1];
  return {
    order: 'N,C,H,W',
    async run(input) {
      const { [output.name]: result } = await session.run({ [name]: new Tensor('float32', input, dims) });
      return result === undefined ? [] : await result.getData() as Float32Array;
    },
  };
});
