// What a run of AlexNet costs the CPU, apart from the GPU's work: the input laid out, commands written down and given to the
// device, results read. On the null adapter, which computes nothing, so that nothing else is in these times.

import { readFileSync } from 'node:fs';
import { compile } from '../../compiler/index.ts';
import { openDevice } from '../../runtime/device.ts';
import { loadModel } from '../../runtime/model.ts';
import type { Stage } from '../../runtime/program.ts';

/** The goal for one encoding. */
const GOAL_US = 100;

/** Microseconds of each stage, the median of `rounds`. */
async function stagesOf(rounds: number): Promise<ReadonlyMap<Stage, number>> {
  const { plan, shaders } = compile(readFileSync(new URL('../../specs/alexnet.yaml', import.meta.url), 'utf8'));
  const device = await openDevice({ adapter: 'null', quiet: true });
  const model = await loadModel({ plan, shaders, weights: 'synthetic:1', device });
  const image = new Float32Array(plan.input.shape.reduce((product, extent) => product * extent, 1));
  const { prob } = await model.run(image);
  const into = { prob: prob?.data ?? new Float32Array(0) };
  const stages = ['upload', 'encode', 'submit', 'prepare', 'wait', 'results'] as const satisfies readonly Stage[];
  const times = new Map<Stage, number[]>(stages.map((stage) => [stage, []]));
  // What V8 has not compiled yet is not counted.
  for (let round = -100; round < rounds; round++) {
    let last = performance.now();
    const done = (stage: Stage): void => {
      const now = performance.now();
      if (round >= 0) times.get(stage)?.push(1000 * (now - last));
      last = now;
    };
    await model.run(image, { into, watch: { done } });
  }
  model.close();
  device.close();
  return new Map(Array.from(times, ([stage, each]) => [stage, each.toSorted((a, b) => a - b)[Math.floor(each.length / 2)] ?? NaN]));
}

export async function benchEncoding(rounds: number): Promise<void> {
  const stages = await stagesOf(rounds);
  const row = (what: string, stage: Stage, note = ''): void => {
    console.log(`${what.padEnd(48)} ${(stages.get(stage) ?? NaN).toFixed(0).padStart(5)} µs${note}`);
  };
  row('input laid out and written', 'upload');
  row('submitted, commands having been written down before', 'submit');
  row('commands of the next run written down, meanwhile', 'prepare', `   goal: ${GOAL_US} at most`);
  row('results read', 'results');
}
