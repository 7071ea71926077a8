// `netloom run`: a spec on an image, on the GPU.

import type { OutputTensor } from '../../runtime/model.ts';
import { table } from '../emit/table.ts';
import { elements } from '../ir/tensor.ts';
import { targets } from '../passes/targets.ts';
import { collect } from '../source/catalog.ts';
import type { Source } from '../source/source.ts';
import { readLabels } from '../spec/labels.ts';
import { exitCode, Fault } from './fault.ts';
import { readText } from './files.ts';
import { load, whereItRuns } from './gpu.ts';
import { readBatch } from './input.ts';
import { assignments, choice, number, text, words } from './option.ts';
import { openNetwork, tell } from './spec.ts';
import { openTargets } from './target.ts';
import type { Terminal } from './terminal.ts';
import { tunedOption, tunedSource } from './tuned.ts';
import { defineVerb } from './verb.ts';

export const run = defineVerb({
  name: 'run',
  about:
    'Runs a spec on an image and prints the highest scores of its first output, with their labels where the spec\n' +
    'names any. Images are resized, cropped and scaled as the spec\'s `preprocess` says.',
  operands: { name: 'FILE', min: 1, max: 1 },
  options: {
    weights: text('FILE', '.safetensors, or synthetic:SEED for weights from a formula'),
    input: text('FILE', 'an image, .f32 values (little endian, N,H,W,C), or synthetic:BOUND'),
    batch: number('N', 'how many times the image is repeated', 1, { whole: true, min: 1 }),
    labels: text('FILE', "names of the classes, one a line, or imagenet-1k (default: the spec's)"),
    top: number('N', 'how many scores are printed', 5, { whole: true, min: 1 }),
    adapter: text('NAME', "which GPU: part of an adapter's name, hardware, software or embedded"),
    target: words('NAME|FILE.json', 'what to compile for, as `netloom compile` takes it (default: the best that the GPU can run)'),
    precision: choice(['f32', 'f16'], 'in what the weights of convolutions and dense layers are stored'),
    tuned: tunedOption(),
    set: assignments('NAME=VALUE', 'gives a param of the spec another value'),
    format: choice(['text', 'json'], 'how to print it'),
  },
  examples: [
    'netloom run specs/alexnet.yaml --weights synthetic:2012 --input specs/demo.jpg',
    'netloom run specs/squeezenet-1.0.yaml --weights squeezenet.safetensors --input cat.jpg --top 3 --format json',
  ],
  async run([path = ''], { weights, input, batch, labels, top, adapter, target, precision, tuned, set, format }, terminal) {
    if (weights === undefined) throw new Fault('call', 'netloom run needs --weights FILE', '--weights synthetic:1 makes some from a formula');
    if (input === undefined) throw new Fault('call', 'netloom run needs --input FILE', '--input synthetic:100 makes one from a formula');
    const asked = openTargets(target, targets);
    const source = tunedSource(tuned, terminal);
    const graph = openNetwork(path, set, terminal);
    if (graph === undefined) return exitCode.input;
    const names = labels === undefined ? (graph.document.labels?.value.classes ?? []) : readNames(labels, terminal);
    if (names === undefined) return exitCode.input;
    const size = elements(graph.nodes.find(({ id }) => id === graph.outputs[0])?.shape ?? graph.input.shape);
    if (labels !== undefined && names.length !== size) {
      throw new Fault('input', `${labels} has ${names.length} names, and ${graph.outputs[0] ?? ''} has ${size} values`);
    }

    const start = performance.now();
    const values = await readBatch(graph, input, weights, { images: batch, distinct: false });
    const read = performance.now();
    const { model, passedOver, tunedBy, milliseconds, close } = await load(graph, { weights, adapter, targets: asked, precision, tuned: source, storeAll: false, batch: values.length / elements(graph.input.shape) }, terminal);
    const loaded = performance.now();
    const results = await model.run(values);
    const times = { compile: milliseconds.compile, load: milliseconds.load, image: read - start, run: performance.now() - loaded };

    const outputs = graph.outputs.flatMap((name) => {
      const output = results[name];
      return output === undefined ? [] : [{ name, shape: output.shape, scores: highest(output, top, names) }];
    });
    if (format === 'json') {
      const { device, variant } = model;
      const found = {
        version: 1,
        model: graph.document.name.value,
        adapter: { name: device.adapter.name, kind: device.adapter.kind, reason: device.reason },
        variant: variant.target,
        precision,
        tuned_by: tunedBy ?? null,
        passed_over: passedOver,
        batch,
        outputs,
        milliseconds: Object.fromEntries(Object.entries(times).map(([stage, time]) => [stage, Math.round(time * 10) / 10])),
      };
      terminal.out(`${JSON.stringify(found, null, 2)}\n`);
    } else {
      terminal.err(whereItRuns({ model, passedOver, tunedBy }));
      const [first] = outputs;
      if (first !== undefined) terminal.out(asText(first));
      if (weights.startsWith('synthetic:')) terminal.err('The weights come from a formula, not from training: the names mean nothing.\n');
      terminal.err(`${Object.entries(times).map(([stage, time]) => `${stage} ${time.toFixed(time < 10 ? 1 : 0)} ms`).join(', ')}${batch > 1 ? ` for ${batch} images` : ''}\n`);
    }
    close();
    return exitCode.fine;
  },
});

interface Score {
  /** Into the output of one image, flattened in H,W,C order: the class, where it is a vector. */
  readonly index: number;
  readonly label: string | null;
  readonly score: number;
}

/** The list that `--labels` names; undefined after telling what is wrong with it. */
function readNames(name: string, terminal: Terminal): readonly string[] | undefined {
  const { report, diagnostics } = collect();
  const source: Source = { path: '--labels', text: name, read: readText };
  const labels = readLabels({ value: name, span: { source, start: 0, end: name.length } }, report);
  terminal.err(tell(diagnostics, terminal.color.err));
  return labels?.value.classes;
}

/** Of the first image; ties in the order of classes. Labels are given where there is one for each value. */
function highest({ shape, data }: OutputTensor, count: number, labels: readonly string[]): readonly Score[] {
  const values = valuesOf(shape);
  const names = labels.length === values ? labels : [];
  const scores = Array.from(data.subarray(0, values), (score, index): Score => ({ index, label: names[index] ?? null, score }));
  return scores.sort((a, b) => b.score - a.score || a.index - b.index).slice(0, count);
}

const valuesOf = ([, ...one]: readonly number[]): number => one.reduce((product, size) => product * size, 1);

function asText({ name, scores }: { readonly name: string; readonly scores: readonly Score[] }): string {
  const rows = scores.map(({ index, label, score }, place) => [String(place + 1), Number(score.toPrecision(6)).toString(), label ?? `value ${index}`]);
  return table(['', name, ''], rows, ['right', 'left', 'left']);
}
