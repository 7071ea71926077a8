// The judge judged: what an independent framework (PyTorch, in float64) gives for networks whose weights come from a formula.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { check } from '../compiler/check.ts';
import { interpret } from '../compiler/interpret.ts';
import { elements, Tensor } from '../compiler/ir/tensor.ts';
import { syntheticTensor } from '../runtime/synthetic.ts';

interface Golden {
  readonly seed: number;
  readonly batch: number;
  readonly imageBound: number;
  readonly parameters: number;
  readonly outputs: Readonly<Record<string, Output>>;
}

interface Output {
  readonly shape: readonly number[];
  readonly mean: number;
  readonly max: number;
  readonly maxAbs: number;
  readonly sampleIndex: readonly number[];
  readonly sample: readonly number[];
}

const folder = fileURLToPath(new URL('golden/', import.meta.url));
const shared = fileURLToPath(new URL('../../shared/golden/networks/', import.meta.url));
const specs = fileURLToPath(new URL('../specs/', import.meta.url));
const tolerance = 1e-6;

const namesIn = (path: string): string[] =>
  readdirSync(path).filter((name) => name.endsWith('.yaml')).map((name) => `${path}${basename(name, '.yaml')}`);

test('alexnet at an eighth of its width', () => {
  judge(`${specs}alexnet.yaml`, `${folder}alexnet-eighth.json`, new Map([['width', '0.125'], ['classes', '10']]));
});

test.each(namesIn(folder))('%s', (path) => {
  judge(`${path}.yaml`, `${path}.json`);
});

describe.skipIf(!existsSync(shared))(`networks made at random (${existsSync(shared) ? 'found' : 'SKIPPED: not there'}: ../shared/golden/networks)`, () => {
  test.each(existsSync(shared) ? namesIn(shared).filter((path) => basename(path).startsWith('random')) : [])('%s', (path) => {
    judge(`${path}.yaml`, `${path}.json`);
  });
});

function judge(specPath: string, goldenPath: string, overrides: ReadonlyMap<string, string> = new Map()): void {
  const golden = JSON.parse(readFileSync(goldenPath, 'utf8')) as Golden;
  const { graph, diagnostics } = check({ path: specPath, text: readFileSync(specPath, 'utf8') }, overrides);
  if (graph === undefined) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  const params = new Map(graph.nodes.flatMap((node) => node.params).map((param) => [param.name, param]));
  const trained = [...params.values()].filter((param) => param.trained).map(({ shape }) => elements(shape));
  expect(trained.reduce((sum, count) => sum + count, 0)).toBe(golden.parameters);

  const tensors = (name: string): Tensor => {
    const param = params.get(name);
    if (param === undefined) throw new Error(`no tensor ${name}`);
    const { bound, shape: form } = param.synthetic;
    const values = new Float64Array(syntheticTensor(name, elements(param.shape), golden.seed, bound));
    return new Tensor(param.shape, values.map((v) => (form === 'v' ? v : form === '1 + v' ? 1 + v : 0.5 + v * v)));
  };
  const shape = [golden.batch, ...graph.input.shape];
  const image = new Tensor(shape, new Float64Array(syntheticTensor(graph.input.name, elements(shape), golden.seed, golden.imageBound)));
  const results = interpret(graph, tensors, image);

  for (const [layer, output] of Object.entries(golden.outputs)) {
    const { shape, data = new Float64Array() } = results.get(layer) ?? { shape: [] };
    expect(shape.slice(1), layer).toEqual(output.shape);
    const largest = data.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    const near = (actual: number, expected: number, what: string): void => {
      expect(Math.abs(actual - expected) / output.maxAbs, `${layer}, ${what}: ${actual} against ${expected}`).toBeLessThanOrEqual(tolerance);
    };
    output.sampleIndex.forEach((index, i) => { near(data[index] ?? NaN, output.sample[i] ?? NaN, `value ${index}`); });
    near(data.reduce((sum, value) => sum + value, 0) / data.length, output.mean, 'mean');
    near(data.reduce((max, value) => Math.max(max, value), -Infinity), output.max, 'largest value');
    near(largest, output.maxAbs, 'largest absolute value');
  }
}
