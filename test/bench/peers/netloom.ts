// netloom as users have it: the built package compiles the spec, for weights in the precision that the argument says, and
// loads it.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compile } from 'netloom';
import { loadModel } from 'netloom/runtime';
import { serve } from './serve.ts';

const precision = process.argv[3] === 'f16' ? 'f16' : 'f32';

await serve(async ({ spec, safetensors, adapter, batch, output }) => {
  const beside = (name: string): string | undefined => {
    const path = join(dirname(spec), name);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  };
  const { plan, shaders } = compile(readFileSync(spec, 'utf8'), { path: spec, read: beside, precision, batch });
  const model = await loadModel({ plan, shaders, weights: safetensors, adapter, batch, quiet: true });
  return {
    order: 'N,H,W,C',
    note: `${model.device.adapter.name}, variant ${model.variant.target}`,
    async run(input) {
      const { [output.name]: result } = await model.run(input);
      return result?.data ?? [];
    },
  };
});
