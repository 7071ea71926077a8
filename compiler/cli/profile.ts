// `netloom profile`: where the time of a run goes, step by step, and how much of the device that is.

import { writeFileSync } from 'node:fs';
import { findForProfile, openTimed, profileModel } from '../../runtime/profile.ts';
import { stepCosts } from '../emit/step-costs.ts';
import { targets } from '../passes/targets.ts';
import { chromeTrace } from './chrome-trace.ts';
import { exitCode, Fault } from './fault.ts';
import { reasonOf } from './files.ts';
import { load, whereItRuns } from './gpu.ts';
import { readBatch } from './input.ts';
import { assignments, choice, number, text, words } from './option.ts';
import { profileJson, profileText } from './print-profile.ts';
import { openNetwork } from './spec.ts';
import { openTargets } from './target.ts';
import { tunedOption, tunedSource } from './tuned.ts';
import { defineVerb } from './verb.ts';

export const profile = defineVerb({
  name: 'profile',
  about:
    'Runs a spec again and again and prints, for each step, its time by the GPU\'s clock, the gap before it, and how\n' +
    'much of the device\'s peak it reaches. Steps have passes of their own here; `run` puts them all into one, and each\n' +
    'round times that too. The peak is measured in the same rounds: multiply-adds that wait for nothing, and reads of\n' +
    'a buffer larger than caches. GFLOP/s, GB/s and the share of the peak are those of the fastest round; bytes are\n' +
    'the weights and values that must be touched once, so what lies in a cache may come faster than the peak.\n' +
    'Where the device cannot tell the time of steps, whole runs are printed.',
  operands: { name: 'FILE', min: 1, max: 1 },
  options: {
    weights: text('FILE', '.safetensors, or synthetic:SEED (default synthetic:1)'),
    input: text('FILE', 'an image, .f32 values, or synthetic:BOUND (default synthetic:100)'),
    batch: number('N', 'how many images are run at once', 1, { whole: true, min: 1 }),
    rounds: number('R', 'how often everything is measured', 20, { whole: true, min: 1 }),
    adapter: text('NAME', "which GPU: part of an adapter's name, hardware, software or embedded"),
    target: words('NAME|FILE.json', 'what to compile for, as `netloom compile` takes it (default: the best that the GPU can run)'),
    precision: choice(['f32', 'f16'], 'in what the weights of convolutions and dense layers are stored'),
    tuned: tunedOption(),
    set: assignments('NAME=VALUE', 'gives a param of the spec another value'),
    format: choice(['text', 'json', 'trace'], 'how to print it; trace is a file for ui.perfetto.dev'),
    output: text('FILE', 'where to write it (default: standard output)', 'o'),
  },
  examples: [
    'netloom profile specs/alexnet.yaml',
    'netloom profile specs/alexnet.yaml --weights alexnet.safetensors --input cat.jpg --batch 8',
    'netloom profile specs/alexnet.yaml --rounds 3 --format trace -o trace.json',
  ],
  async run([path = ''], { weights = 'synthetic:1', input = 'synthetic:100', batch, rounds, adapter, target, precision, tuned, set, format, output }, terminal) {
    const asked = openTargets(target, targets);
    const source = tunedSource(tuned, terminal);
    const graph = openNetwork(path, set, terminal);
    if (graph === undefined) return exitCode.input;
    const values = await readBatch(graph, input, weights, { images: batch, distinct: true });
    const loaded = await load(graph, { weights, adapter, targets: asked, precision, tuned: source, storeAll: false, batch, find: findForProfile, open: openTimed }, terminal);
    const { model, schedule } = loaded;
    try {
      terminal.progress('compiling machine code');
      const onProgress = (done: number, total: number): void => {
        terminal.progress(`round ${done} of ${total}`);
      };
      const found = await profileModel(model, values, { rounds, onProgress });
      terminal.progress('');
      const costs = stepCosts(schedule, model.variant, batch);
      const printed = {
        text: () => profileText(found, costs),
        json: () => `${JSON.stringify(profileJson(found, costs, loaded), null, 2)}\n`,
        trace: () => `${JSON.stringify(chromeTrace(found, costs, `${model.plan.model} on ${model.device.adapter.name}`))}\n`,
      }[format]();
      if (format !== 'json') terminal.err(whereItRuns(loaded));
      if (output === undefined) terminal.out(printed);
      else write(output, printed);
    } finally {
      loaded.close();
    }
    return exitCode.fine;
  },
});

function write(path: string, content: string): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw new Fault('input', `${path} ${reasonOf(error)}`);
  }
}
