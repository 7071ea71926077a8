// Who takes part, and how each is started.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';

export type PeerName = 'netloom' | 'netloom-f16' | 'onnxruntime-webgpu' | 'onnxruntime-cpu' | 'jax-js' | 'tfjs' | 'torch';

export interface PeerCommand {
  /** The package whose version a table names; it must be installed. */
  readonly package: string;
  readonly usesGpu: boolean;
  /** Largest deviation at which its result is right, where that is not everybody's. */
  readonly tolerance?: number;
  /** The program and its arguments, for the task in a file. */
  readonly command: (task: string) => readonly string[];
}

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Beside the peers' packages, so that Node finds those from there; and no tool looks in there for our own code. */
const bundled = join(here, '../node_modules/.netloom-bench');

const script = (name: string, ...rest: readonly string[]) => (task: string): readonly string[] =>
  [process.execPath, join(bundled, `${name}.mjs`), task, ...rest];

export const peers: Readonly<Record<PeerName, PeerCommand>> = {
  netloom: { package: 'netloom', usesGpu: true, command: script('netloom') },
  // Probabilities: logits may be off by 2e-3 of the largest, which `netloom verify` judges.
  'netloom-f16': { package: 'netloom', usesGpu: true, command: script('netloom', 'f16'), tolerance: 0.05 },
  'onnxruntime-cpu': { package: 'onnxruntime-node', usesGpu: false, command: script('onnxruntime', 'cpu') },
  'onnxruntime-webgpu': { package: 'onnxruntime-node', usesGpu: true, command: script('onnxruntime', 'webgpu') },
  torch: { package: 'torch', usesGpu: false, command: (task) => [pythonWithTorch(), join(here, 'pytorch.py'), task] },
  'jax-js': { package: '@jax-js/jax', usesGpu: true, command: script('jax') },
  tfjs: { package: '@tensorflow/tfjs-backend-webgpu', usesGpu: true, command: script('tfjs') },
};

let python: string | undefined;

/** The first `python3` that has PyTorch; the first one where none has. A distribution's own may stand behind another. */
function pythonWithTorch(): string {
  const programs = ['python3', '/usr/bin/python3'];
  python ??= programs.find((program) => spawnSync(program, ['-c', 'import torch']).status === 0) ?? 'python3';
  return python;
}

/** Makes plain JavaScript of the peers' programs: nobody's start shall wait for a compiler. Needs the built package. */
export function bundlePeers(): void {
  if (!existsSync(join(root, 'dist/index.js'))) throw new Error('there is no dist/: run npm run build');
  buildSync({
    entryPoints: ['netloom', 'onnxruntime', 'jax', 'tfjs'].map((name) => join(here, `${name}.ts`)),
    outdir: bundled,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    alias: { netloom: pathToFileURL(join(root, 'dist/index.js')).href, 'netloom/runtime': pathToFileURL(join(root, 'dist/runtime.js')).href },
    external: ['file:*'],
    outExtension: { '.js': '.mjs' },
    // Without it, the paths in there would lead to the sources.
    tsconfigRaw: {},
  });
}
