// Compiles shaders in a process whose only GPU is a fake one: pipelines in the order of the shaders, so that the layer's
// numbers are theirs. Reads a file of `Job`, writes one of `Answer`.

import { readFileSync, writeFileSync } from 'node:fs';
import { openDevice, type AdapterReport } from '../../runtime/device.ts';

export interface Job {
  readonly shaders: readonly { readonly code: string; readonly entryPoint: string }[];
}

export interface Answer {
  readonly adapter: AdapterReport;
  /** What is wrong with a shader, by its place. */
  readonly faults: readonly { readonly shader: number; readonly message: string }[];
}

const [, , jobFile = '', answerFile = ''] = process.argv;
const { shaders } = JSON.parse(readFileSync(jobFile, 'utf8')) as Job;
const { gpu, adapter } = await openDevice({ quiet: true, experimental: true });
const faults: { shader: number; message: string }[] = [];
for (const [shader, { code, entryPoint }] of shaders.entries()) {
  gpu.pushErrorScope('validation');
  gpu.createComputePipeline({ layout: 'auto', compute: { module: gpu.createShaderModule({ code }), entryPoint } });
  const fault = await gpu.popErrorScope();
  if (fault !== null) faults.push({ shader, message: fault.message });
}
const answer: Answer = { adapter, faults };
writeFileSync(answerFile, JSON.stringify(answer));
process.exit();
