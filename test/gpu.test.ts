// The whole road: specs are read, compiled and run on the GPU, and every layer is held against what an independent
// framework gives (`golden/`, and more in `../shared/golden` where that is there).

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { compareGolden } from '../compiler/cli/compare.ts';
import { readGolden } from '../compiler/cli/golden.ts';
import { elements } from '../compiler/ir/tensor.ts';
import type { Precision } from '../runtime/plan.ts';
import { syntheticTensor } from '../runtime/synthetic.ts';
import { benches, everyLayer, networkOf, type Bench } from './support/gpu.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const shared = here('../../shared/golden/');
const found = existsSync(shared);
if (!found) console.warn('SKIPPED: ../shared/golden is not there: full-size and random networks');

interface Case {
  readonly name: string;
  readonly spec: string;
  readonly golden: string;
  readonly set?: Readonly<Record<string, string>>;
}

const small: readonly Case[] = [
  { name: 'alexnet at an eighth', spec: here('../specs/alexnet.yaml'), golden: here('golden/alexnet-eighth.json'), set: { width: '0.125', classes: '10' } },
  ...pairs(here('golden/')),
  ...(found ? pairs(`${shared}networks/`).filter(({ name }) => name.startsWith('random')) : []),
];

const large: readonly Case[] = (found ? ['paper', 'notebook', '227', 'torchvision'] : []).map((name) => ({
  name: `alexnet-${name}`,
  spec: here(`../specs/alexnet${name === 'paper' ? '' : `-${name}`}.yaml`),
  golden: `${shared}alexnet-${name}.json`,
}));

const all = await benches();

describe.each(all)('$target.name on $adapter', (bench) => {
  test.each(small)('$name', (network) => holds(bench, network));
});

// The portable kernels pass above; at full size a software GPU takes them many times as long.
describe.each(all.filter(({ target }) => target.subgroupSize !== undefined))('at full size, $target.name on $adapter', (bench) => {
  test.each(large)('$name', (network) => holds(bench, network), 300_000);
});

// The golden numbers are those of the exact weights.
describe.each(all.filter(({ target }) => target.subgroupSize !== undefined))('weights in f16, $target.name on $adapter', (bench) => {
  test.each([...small.slice(0, 1), ...large.slice(0, 1)])('$name', (network) => holds(bench, network, 'f16'), 300_000);
});

test.skipIf(all.length > 0)('SKIPPED: no GPU at all, not even in software', () => undefined);

afterAll(() => {
  for (const { device } of all) device.close();
});

async function holds({ target, device }: Bench, { spec, golden: path, set = {} }: Case, precision: Precision = 'f32'): Promise<void> {
  const golden = readGolden(path);
  const graph = networkOf(readFileSync(spec, 'utf8'), set, spec);
  const input = syntheticTensor(graph.input.name, golden.batch * elements(graph.input.shape), golden.seed, golden.imageBound);
  const layers = await everyLayer(graph, target, device, golden.seed, input, precision);
  for (const [layer, output] of Object.entries(golden.outputs)) {
    const got = layers.get(layer);
    const foldedAway = graph.nodes.some(({ op, inputs }) => op.name === 'batchnorm' && inputs[0] === layer);
    if (got === undefined && foldedAway) continue;
    const difference = compareGolden(output, got ?? new Float32Array());
    expect(difference.error, `${layer}: ${JSON.stringify(difference)}`).toBeLessThan(precision === 'f16' ? 2e-3 : 1e-4);
  }
}

function pairs(folder: string): readonly Case[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return names.map((name) => ({ name: name.replace('.yaml', ''), spec: `${folder}${name}`, golden: `${folder}${name.replace('.yaml', '.json')}` }));
}
