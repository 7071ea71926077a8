// Run by same-bits.test.ts as a process of its own: runs a small AlexNet that stores every layer, twice for each size of batch
// and then all at once, and prints a digest of every output of every run.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile } from '../compiler/compile.ts';
import { targets } from '../compiler/passes/targets.ts';
import { loadModel, type OutputTensor } from '../runtime/model.ts';
import { syntheticTensor } from '../runtime/synthetic.ts';
import { networkOf } from './support/gpu.ts';

const path = fileURLToPath(new URL('../specs/alexnet.yaml', import.meta.url));
const graph = networkOf(readFileSync(path, 'utf8'), { width: '0.125', classes: '10' }, path);
const { plan, shaders } = compile(graph, { targets, storeAll: true });
const model = await loadModel({ plan, shaders: (name) => shaders.get(name) ?? '', weights: 'synthetic:1', adapter: process.argv[2] ?? '' });
const size = graph.input.shape.reduce((product, extent) => product * extent, 1);
const digest = (results: Readonly<Record<string, OutputTensor>>) =>
  Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, createHash('sha256').update(data).digest('hex')]));
const run = async (batch: number) => digest(await model.run(syntheticTensor(graph.input.name, batch * size, 1, 1)));

const alone = { 1: [await run(1), await run(1)], 8: [await run(8), await run(8)] };
const [one, eight, oneMore, eightMore] = await Promise.all([run(1), run(8), run(1), run(8)]);
console.log(JSON.stringify({ 1: [...alone[1], one, oneMore], 8: [...alone[8], eight, eightMore] }));
model.close();
