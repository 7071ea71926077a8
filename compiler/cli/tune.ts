// `netloom tune`: measures ways to do the work of each kernel on the GPU in use, and keeps the fastest for `run` and `compile`.

import { existsSync } from 'node:fs';
import { openAdapter, type Device } from '../../runtime/device.ts';
import { findForProfile } from '../../runtime/profile.ts';
import { targets } from '../passes/targets.ts';
import type { TunedFile, TunedWay } from '../passes/tuned.ts';
import { exitCode, Fault } from './fault.ts';
import { compileFor } from './gpu.ts';
import { candidatesFor, measureWork, worksOf, type MeasureSettings, type Work } from './measure-ways.ts';
import { assignments, choice, number, text, words } from './option.ts';
import { tuneJson, tuneText, type TunedWork } from './print-tune.ts';
import { openNetwork } from './spec.ts';
import { openTargets } from './target.ts';
import type { Terminal } from './terminal.ts';
import { cachedPath, openTuned, whyNotFor, writeTuned } from './tuned.ts';
import { defineVerb } from './verb.ts';

export const tune = defineVerb({
  name: 'tune',
  about:
    'Measures, for each convolution and dense layer of a spec, the ways to do its work that are estimated to be good, on\n' +
    'the GPU in use: alone, with weights from a formula, taking turns. A way wins that is clearly faster (by 3 %) than\n' +
    'the one that is estimated to be the best. Winners are kept in the user\'s cache folder, for this GPU and its driver,\n' +
    'where `run`, `profile` and `verify` find them, or in a file that these and `compile` take with --tuned. They go\n' +
    'before those that ship with netloom, which are of lavapipe and SwiftShader, and are measured among the others. They are\n' +
    'kept by the work, not by the layer, so other specs gain too. Ctrl-C ends it early and keeps what is known.',
  operands: { name: 'FILE', min: 1, max: 1 },
  options: {
    output: text('FILE', "where to keep the winners, besides those that it holds (default: the user's cache)", 'o'),
    batch: number('N', 'for how many images at once', 1, { whole: true, min: 1 }),
    time: number('SECONDS', 'about how long it may take', 120, { whole: false, min: 0 }),
    candidates: number('N', 'how many ways of each kernel are measured at the most', 12, { whole: true, min: 1 }),
    adapter: text('NAME', "which GPU: part of an adapter's name, hardware, software or embedded"),
    target: words('NAME|FILE.json', 'what to compile for, as `netloom compile` takes it (default: the best that the GPU can run)'),
    precision: choice(['f32', 'f16'], 'in what the weights of convolutions and dense layers are stored'),
    set: assignments('NAME=VALUE', 'gives a param of the spec another value'),
    format: choice(['text', 'json'], 'how to print it'),
  },
  examples: [
    'netloom tune specs/alexnet.yaml',
    'netloom tune specs/alexnet.yaml --batch 8 --time 60 -o lavapipe.json && netloom compile specs/alexnet.yaml --tuned lavapipe.json',
  ],
  async run([path = ''], { output, batch, time, candidates, adapter, target: wanted, precision, set, format }, terminal) {
    const asked = openTargets(wanted, targets);
    const graph = openNetwork(path, set, terminal);
    if (graph === undefined) return exitCode.input;
    const found = await findForProfile({ quiet: true, ...(adapter === undefined ? {} : { adapter }) });
    const { report, reason } = found;
    const { compiled: { program }, schedule: { target } } = compileFor(report, graph, { targets: asked, precision, storeAll: false, batch });
    const file = output ?? cachedPath(terminal.env, target.name, report);
    if (file === undefined) throw new Fault('call', 'netloom tune finds no folder to keep the winners in', '-o FILE says where; or set XDG_CACHE_HOME');
    const head = { version: 1, target: target.name, adapter: report.name, driver: report.description } as const;
    const known = knownWays(file, output !== undefined, head);

    if (format === 'text') terminal.err(`${report.name} (${reason}), variant ${target.name}${precision === 'f16' ? ', weights in f16' : ''}, ${batch === 1 ? '1 image' : `${batch} images`} at once\n`);
    const device = await openAdapter(found);
    const patience = new Patience(time);
    try {
      const works = await measureAll(device, worksOf(program, target, precision, batch), { batch, most: candidates }, patience, terminal);
      terminal.progress('');
      const ways = Object.fromEntries(works.map(({ work, way, before, after }): [string, TunedWay] => [work, { way, batch, milliseconds: { before: rounded(before), after: rounded(after) } }]));
      writeTuned(file, { ...head, ways: { ...known, ...ways } });
      terminal.out(format === 'json' ? `${JSON.stringify(tuneJson(works, { ...head, precision, batch, file }), null, 2)}\n` : tuneText(works));
      if (format === 'text') {
        terminal.err(`Kept in ${file}${patience.cut ? '; the time was up before everything was measured' : ''}.\n`);
      }
    } finally {
      patience.end();
      device.close();
    }
    return exitCode.fine;
  },
});

/** Shares the time out evenly among the works that are left. */
async function measureAll(device: Device, works: readonly Work[], setting: MeasureSettings, patience: Patience, terminal: Terminal): Promise<readonly TunedWork[]> {
  const measured: TunedWork[] = [];
  for (const [index, work] of works.entries()) {
    // However little time there is, something is to be said.
    if (index > 0 && patience.over()) break;
    const onProgress = (text: string): void => {
      terminal.progress(`${work.kernels[0].name} (${index + 1} of ${works.length}): ${text}`);
    };
    const result = await measureWork(device, work, candidatesFor(work), setting, { stopped: patience.share(works.length - index), onProgress });
    if (result !== undefined) measured.push(result);
  }
  return measured;
}

/** What a file holds already, of the same adapter, driver and target. */
function knownWays(path: string, asked: boolean, head: Omit<TunedFile, 'ways'>): TunedFile['ways'] {
  if (!existsSync(path)) return {};
  try {
    const file = openTuned(path);
    const why = whyNotFor(file, head.target, { name: head.adapter, description: head.driver });
    if (why === undefined) return file.ways;
    throw new Fault('input', `${path} is for something else: ${why}`, 'name another file');
  } catch (error) {
    // What is broken in the cache is written anew; a file that somebody named may be another one than was meant.
    if (asked || !(error instanceof Fault)) throw error;
    return {};
  }
}

/** How long it may take. Ctrl-C ends it too, the second time at once. */
class Patience {
  cut = false;
  readonly #end: number;
  #interrupted = false;
  readonly #interrupt = (): void => {
    this.#interrupted = true;
  };

  constructor(seconds: number) {
    this.#end = performance.now() + 1000 * seconds;
    process.once('SIGINT', this.#interrupt);
  }

  over(): boolean {
    if (this.#interrupted || performance.now() >= this.#end) this.cut = true;
    return this.cut;
  }

  /** Says when one of so many has used up its share of what is left. */
  share(count: number): () => boolean {
    const now = performance.now();
    const end = now + (this.#end - now) / count;
    return () => {
      if (performance.now() >= end) this.cut = true;
      return this.#interrupted || performance.now() >= end;
    };
  }

  end(): void {
    process.removeListener('SIGINT', this.#interrupt);
  }
}

/** To a microsecond: more is noise. */
const rounded = (milliseconds: number): number => Math.round(1000 * milliseconds) / 1000;
