// `netloom verify`: every layer as the GPU computes it, against numbers that were made without it: a golden file from
// another framework, or our own interpreter in float64.

import { syntheticTensor } from '../../runtime/synthetic.ts';
import { table } from '../emit/table.ts';
import type { TypedGraph } from '../ir/graph.ts';
import { elements, printShape } from '../ir/tensor.ts';
import { targets } from '../passes/targets.ts';
import { compareGolden, compareValues, type Difference } from './compare.ts';
import { exitCode, Fault } from './fault.ts';
import { readGolden, type Golden } from './golden.ts';
import { load, whereItRuns, type Loaded } from './gpu.ts';
import { readBatch } from './input.ts';
import { interpreted } from './interpreted.ts';
import { assignments, choice, number, text, words } from './option.ts';
import { openNetwork } from './spec.ts';
import { openTargets } from './target.ts';
import type { Terminal } from './terminal.ts';
import { tunedOption, tunedSource } from './tuned.ts';
import { defineVerb } from './verb.ts';

export const verify = defineVerb({
  name: 'verify',
  about:
    'Runs a spec on the GPU with every layer stored, and compares each layer: with --golden against the samples and\n' +
    'statistics of a golden file, whose weights and images come from a formula; else against our interpreter in\n' +
    'float64, every value. Errors relate to the largest absolute value of the layer. Ends with 1 where a layer is\n' +
    'beyond the tolerance, and names the first one. In f16 what is right is still what the weights of the file make, and\n' +
    'probabilities may be off by what the tolerance of their logits makes of them.',
  operands: { name: 'FILE', min: 1, max: 1 },
  options: {
    golden: text('FILE', 'a golden file: seed, batch, and for each layer its shape, statistics and samples'),
    weights: text('FILE', '.safetensors, or synthetic:SEED (default synthetic:1)'),
    input: text('FILE', 'an image, .f32 values, or synthetic:BOUND (default synthetic:100)'),
    batch: number('N', 'how many images: a file is repeated, synthetic: makes as many', 1, { whole: true, min: 1 }),
    tolerance: number('T', 'the largest error that passes, relative to the largest value (default: 1e-4 in f32, 2e-3 in f16)', undefined, { whole: false, min: 0 }),
    adapter: text('NAME', "which GPU: part of an adapter's name, hardware, software or embedded"),
    target: words('NAME|FILE.json', 'what to compile for, as `netloom compile` takes it (default: the best that the GPU can run)'),
    precision: choice(['f32', 'f16'], 'in what the weights of convolutions and dense layers are stored'),
    tuned: tunedOption(),
    set: assignments('NAME=VALUE', 'gives a param of the spec another value'),
    format: choice(['text', 'json'], 'how to print it'),
  },
  examples: [
    'netloom verify specs/alexnet.yaml',
    'netloom verify specs/alexnet.yaml --set width=0.125 --set classes=10 --golden test/golden/alexnet-eighth.json',
    'netloom verify specs/alexnet.yaml --weights alexnet.safetensors --input cat.jpg',
  ],
  async run([path = ''], { golden: goldenPath, weights, input, batch, precision, tolerance = tolerances[precision], adapter, target, tuned, set, format }, terminal) {
    if (goldenPath !== undefined && (weights !== undefined || input !== undefined || batch !== 1)) {
      throw new Fault('call', '--golden brings its own weights, input and batch: leave out --weights, --input and --batch');
    }
    const asked = openTargets(target, targets);
    const ways = tunedSource(tuned, terminal);
    const golden = goldenPath === undefined ? undefined : readGolden(goldenPath);
    const graph = openNetwork(path, set, terminal);
    if (graph === undefined) return exitCode.input;
    if (golden !== undefined) assertSameNetwork(graph, golden, goldenPath ?? '');

    const source = golden === undefined ? (weights ?? 'synthetic:1') : `synthetic:${golden.seed}`;
    const values = golden === undefined ? await readBatch(graph, input ?? 'synthetic:100', source, { images: batch, distinct: true }) : goldenInput(graph, golden);
    const loaded = await load(graph, { weights: source, adapter, targets: asked, precision, tuned: ways, storeAll: true, batch: values.length / elements(graph.input.shape) }, terminal);
    const { model } = loaded;
    const results = await model.run(values);
    const judge = golden === undefined ? await interpretAll(graph, source, values, terminal) : judgeGolden(golden);
    const differences = new Map(layersOf(graph).map((name) => [name, results[name] && judge(name, results[name].data)]));
    const layers = Array.from(differences, ([name, difference]): Layer => {
      const logits = precision === 'f16' ? differences.get(logitsOf(graph, name) ?? '') : undefined;
      const allowed = logits === undefined ? tolerance : Math.max(tolerance, softmaxTolerance(tolerance, logits.largest));
      // Not `>`: a NaN is beyond any tolerance.
      return { name, difference, allowed, beyond: difference !== undefined && !(difference.error <= allowed) };
    });
    if (format === 'json') terminal.out(`${JSON.stringify(asJson(layers, tolerance, loaded), null, 2)}\n`);
    else {
      terminal.err(whereItRuns(loaded));
      terminal.out(asText(layers, tolerance));
    }
    loaded.close();
    return layers.some(({ beyond }) => beyond) ? exitCode.input : exitCode.fine;
  },
});

/**
 * Relative to a layer's largest value. A weight in 16 bits is off by at most 2^-11 of itself. The errors of a sum's products
 * have any sign, as the products do, so the sum is off by about as much of the largest sum; and so are those of layers one
 * after the other, whose errors add up as their squares: sixteen layers make 4 * 2^-11, which is 2e-3.
 */
const tolerances = { f32: 1e-4, f16: 2e-3 } as const;

/** The layer whose values a softmax turns into probabilities; undefined for any other layer. */
function logitsOf(graph: TypedGraph, layer: string): string | undefined {
  const node = graph.nodes.find(({ id }) => id === layer);
  return node?.lowering.kind === 'softmax' ? node.inputs[0] : undefined;
}

/**
 * How far probabilities may be off where logits of up to `largest` are off by `tolerance` of that: each probability is
 * multiplied by a factor between e^-2d and e^2d, with d the error of a logit. It is the logits that are judged.
 */
const softmaxTolerance = (tolerance: number, largest: number): number => Math.expm1(2 * tolerance * largest);

interface Layer {
  readonly name: string;
  /** Absent for a layer whose weights carry the batchnorm after it: it has no values of its own. */
  readonly difference: Difference | undefined;
  /** The largest error that passes. */
  readonly allowed: number;
  readonly beyond: boolean;
}

type Judge = (layer: string, got: Float32Array) => Difference | undefined;

/** Layers in the order of the spec. */
function layersOf(graph: TypedGraph): readonly string[] {
  return graph.document.layers.map(({ name }) => name.value);
}

/** A golden file of another network says so by its shapes, before any number is compared. */
function assertSameNetwork(graph: TypedGraph, golden: Golden, path: string): void {
  const shapes = new Map(graph.nodes.map(({ id, shape }) => [id, shape]));
  for (const [layer, { shape }] of Object.entries(golden.outputs)) {
    const here = shapes.get(layer);
    const there = printShape(shape);
    if (here === undefined) throw new Fault('input', `${path} has a layer ${layer}, and ${graph.document.source.path} has not`);
    if (printShape(here) !== there) {
      throw new Fault('input', `${layer} is ${there} in ${path} and ${printShape(here)} in ${graph.document.source.path}`, 'does it want other params? --set gives them');
    }
  }
  const left = layersOf(graph).filter((layer) => golden.outputs[layer] === undefined);
  if (left.length > 0) throw new Fault('input', `${path} has nothing for the layer${left.length > 1 ? 's' : ''} ${left.join(', ')}`);
}

function goldenInput({ input }: TypedGraph, { batch, seed, imageBound }: Golden): Float32Array {
  return syntheticTensor(input.name, batch * elements(input.shape), seed, imageBound);
}

function judgeGolden(golden: Golden): Judge {
  return (layer, got) => {
    const output = golden.outputs[layer];
    return output && compareGolden(output, got);
  };
}

/** The interpreter's values for the same weights and images. */
async function interpretAll(graph: TypedGraph, source: string, values: Float32Array, terminal: Terminal): Promise<Judge> {
  terminal.progress('interpreting in float64');
  const expected = await interpreted(graph, source, values);
  terminal.progress('');
  return (layer, got) => {
    const reference = expected.get(layer);
    return reference && compareValues(reference.data, got);
  };
}

function asText(layers: readonly Layer[], tolerance: number): string {
  const rows = layers.map(({ name, difference, allowed, beyond }) => {
    if (difference === undefined) return [name, '', '', 'folded into the layer after it'];
    const fine = difference.error <= tolerance ? 'ok' : `ok: logits within ${tolerance} leave it within ${scientific(allowed)}`;
    return [name, scientific(difference.error), significant(difference.largest), beyond ? `beyond: ${explain(difference)}` : fine];
  });
  const beyond = layers.filter((layer) => layer.beyond);
  const verdict =
    beyond[0] === undefined
      ? `all layers are within ${tolerance}`
      : `${beyond[0].name} is the first layer beyond ${tolerance}; ${beyond.length} of ${layers.length} are`;
  return `${table(['layer', 'largest error', 'largest value', ''], rows, ['left', 'right', 'right', 'left'])}${verdict}\n`;
}

function asJson(layers: readonly Layer[], tolerance: number, { model: { device, plan, variant }, passedOver, tunedBy }: Loaded): unknown {
  const first = layers.find(({ beyond }) => beyond);
  return {
    version: 1,
    ok: first === undefined,
    tolerance,
    adapter: { name: device.adapter.name, kind: device.adapter.kind, reason: device.reason },
    variant: variant.target,
    precision: plan.precision ?? 'f32',
    tuned_by: tunedBy ?? null,
    passed_over: passedOver,
    first_beyond: first?.name ?? null,
    layers: layers.map(({ name, difference, allowed, beyond }) => ({
      name,
      // JSON has no NaN and no infinity.
      error: difference !== undefined && Number.isFinite(difference.error) ? difference.error : null,
      max_abs: difference?.largest ?? null,
      tolerance: allowed,
      ok: difference === undefined ? null : !beyond,
    })),
  };
}

const explain = ({ error, where, expected, got }: Difference): string =>
  `${scientific(error)} at ${where}, ${significant(got)} where ${significant(expected)} is right`;

const scientific = (value: number): string => (value === 0 ? '0' : value.toExponential(1));

const significant = (value: number): string => String(Number(value.toPrecision(6)));
