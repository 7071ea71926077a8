// Exported models as ONNX Runtime's CPU provider runs them, layer by layer: against golden numbers where there are any, and
// for the other networks of specs/ against the interpreter.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { interpreted } from '../compiler/cli/interpreted.ts';
import { compareGolden, compareValues, type Difference } from '../compiler/cli/compare.ts';
import { readGolden } from '../compiler/cli/golden.ts';
import type { TypedGraph } from '../compiler/ir/graph.ts';
import { elements } from '../compiler/ir/tensor.ts';
import { syntheticTensor } from '../runtime/synthetic.ts';
import { networkOf } from './support/gpu.ts';
import { onnxRuntime, runOnnx, withAllLayers } from './support/onnx.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const shared = here('../../shared/golden/');
const found = existsSync(shared);
if (!found) console.warn('SKIPPED: ../shared/golden is not there: full-size and random networks');
const tolerance = 1e-4;

interface Case {
  readonly name: string;
  readonly spec: string;
  readonly golden: string;
  readonly set?: Readonly<Record<string, string>>;
}

const eighth = { width: '0.125', classes: '10' };

const cases: readonly Case[] = [
  { name: 'alexnet at an eighth', spec: here('../specs/alexnet.yaml'), golden: here('golden/alexnet-eighth.json'), set: eighth },
  ...pairs(here('golden/')),
  ...(found ? pairs(`${shared}networks/`).filter(({ name }) => name.startsWith('random')) : []),
  ...(found ? ['notebook', '227', 'torchvision'].map((name) => ({ name: `alexnet-${name}`, spec: here(`../specs/alexnet-${name}.yaml`), golden: `${shared}alexnet-${name}.json` })) : []),
  ...(found ? [{ name: 'alexnet', spec: here('../specs/alexnet.yaml'), golden: `${shared}alexnet-paper.json` }] : []),
];

describe.skipIf(onnxRuntime === undefined)('ONNX Runtime agrees', () => {
  test.each(cases)('with the golden numbers of $name', async ({ spec, golden: path, set }) => {
    const golden = readGolden(path);
    const graph = withAllLayers(networkOf(readFileSync(spec, 'utf8'), set, spec));
    const input = syntheticTensor(graph.input.name, golden.batch * elements(graph.input.shape), golden.seed, golden.imageBound);
    const layers = await runOnnx(graph, `synthetic:${golden.seed}`, input);
    for (const [layer, output] of Object.entries(golden.outputs)) judge(layer, compareGolden(output, layers.get(layer) ?? new Float32Array()));
  });

  const others = readdirSync(here('../specs/')).filter((name) => name.endsWith('.yaml') && !name.startsWith('alexnet'));
  test.each(others)('with the interpreter about %s', async (name) => {
    const path = here(`../specs/${name}`);
    const whole = networkOf(readFileSync(path, 'utf8'), {}, path);
    const macs = whole.nodes.reduce((sum, node) => sum + node.macs, 0);
    await agrees(macs > 5e9 ? smaller(whole) : whole, 1);
  }, 120_000);

  test('with the interpreter about what the golden networks have not', async () => {
    const corners = networkOf(`netloom: 1
name: corners
input: { photo: 11x7x6 }
layers:
  first:   { op: relu, from: photo }
  all:     { op: avgpool, from: photo, kernel: [11, 7] }
  even:    { op: avgpool, from: photo, kernel: 3, stride: 2, pad: 1 }
  hang:    { op: avgpool, from: photo, kernel: 4, stride: 3, pad: 1, rounding: ceil }
  bare:    { op: avgpool, from: photo, kernel: 4, stride: 3, pad: 1, rounding: ceil, count_padding: false }
  sides:   { op: maxpool, from: photo, kernel: 4, stride: 3, pad: [0, 1, 2, 1], rounding: caffe }
  conv:    { op: conv, from: photo, filters: 6, kernel: [3, 2], stride: 2, pad: same, groups: 3, bias: false, activation: leaky_relu }
  steep:   { op: leaky_relu, slope: 2.5 }
  down:    { op: leaky_relu, from: photo, slope: -0.5 }
  sum:     { op: add, from: [photo, photo, down] }
  norm:    { op: lrn, size: 3, alpha: 0.01, beta: 0.5, k: 2, reduce: mean }
  dense:   { op: dense, units: 7, bias: false, activation: tanh }
  vnorm:   { op: lrn, from: dense, size: 3, alpha: 0.5, beta: 0.75, k: 1, reduce: sum }
  vbatch:  { op: batchnorm, from: dense, activation: relu6 }
  both:    { op: concat, from: [vnorm, vbatch, vnorm] }
  flat:    { op: flatten }
  prob:    { op: softmax }
`);
    await agrees(corners, 3);
    await agrees(corners, 2, true);
  });
});

test.skipIf(onnxRuntime !== undefined)('SKIPPED: onnxruntime-node is not installed', () => undefined);

/** Every layer of `images` images, computed from the formula's weights. */
async function agrees(network: TypedGraph, images: number, external = false): Promise<void> {
  const graph = withAllLayers(network);
  const input = syntheticTensor(graph.input.name, images * elements(graph.input.shape), 7, 10);
  const layers = await runOnnx(graph, 'synthetic:7', input, external);
  const expected = await interpreted(graph, 'synthetic:7', input);
  for (const layer of graph.outputs) judge(layer, compareValues(expected.get(layer)?.data ?? new Float64Array(), layers.get(layer) ?? new Float32Array()));
}

/** The network for a picture of 64x64: what would take the interpreter a minute, and has the same operators. */
function smaller({ document: { source, input, layers } }: TypedGraph): TypedGraph {
  const pictures = layers.flatMap(({ expect }) => (expect?.value.length === 3 ? [{ span: expect.span, text: '?x?x?' }] : []));
  const edits = [...pictures, { span: input.shape.span, text: `64x64x${input.shape.value.at(-1) ?? 0}` }];
  const text = edits
    .toSorted((a, b) => b.span.start - a.span.start)
    .reduce((text, { span, text: shape }) => text.slice(0, span.start) + shape + text.slice(span.end), source.text);
  return networkOf(text, {}, source.path);
}

function judge(layer: string, difference: Difference): void {
  expect(difference.error, `${layer}: ${JSON.stringify(difference)}`).toBeLessThan(tolerance);
}

function pairs(folder: string): readonly Case[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml')).map((name) => basename(name, '.yaml'));
  return names.map((name) => ({ name, spec: `${folder}${name}.yaml`, golden: `${folder}${name}.json` }));
}
