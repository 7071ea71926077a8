// `npm run tune:defaults`: measures the ways that ship with the project, `compiler/targets/tuned/*.json`, on the very adapters
// they are for. A way has to win twice, the second time alone against the estimated one and minutes later, and by more than
// `netloom tune` asks for: what ships stands for machines that nobody sees. Works that are not measured this time keep theirs.

import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { candidatesFor, measureWork, worksOf, type Work } from '../../compiler/cli/measure-ways.ts';
import { writeTuned } from '../../compiler/cli/tuned.ts';
import { compile } from '../../compiler/compile.ts';
import { shippedFiles } from '../../compiler/passes/shipped-ways.ts';
import { targets } from '../../compiler/passes/targets.ts';
import type { TunedFile, TunedWay } from '../../compiler/passes/tuned.ts';
import { isSameWay } from '../../compiler/passes/ways.ts';
import type { Precision } from '../../runtime/plan.ts';
import { openAdapter, type Device } from '../../runtime/device.ts';
import { findForProfile } from '../../runtime/profile.ts';
import { adapterNames, type AdapterName } from './adapter.ts';
import { specOf } from './compare.ts';
import { graphOf } from './load-network.ts';

/** What a way that ships leaves of the estimated one's time, at the most. */
const clearly = 0.95;

const all = readdirSync('specs').filter((name) => name.endsWith('.yaml')).map((name) => basename(name, '.yaml')).join();
const { values: asked } = parseArgs({
  options: {
    adapter: { type: 'string', default: adapterNames.join() },
    models: { type: 'string', default: all },
    precision: { type: 'string', default: 'f32,f16' },
    candidates: { type: 'string', default: '12' },
    /** For each work; what is not measured by then is not. */
    seconds: { type: 'string', default: '120' },
  },
});
for (const adapter of adapterNames.filter((name) => asked.adapter.split(',').includes(name))) await tune(adapter);

async function tune(adapter: AdapterName): Promise<void> {
  const found = await findForProfile({ quiet: true, adapter });
  const path = `compiler/targets/tuned/${adapter}.json`;
  const before = shippedFiles[adapter];
  const head = { version: 1, target: before.target, adapter: found.report.name, driver: found.report.description } as const;
  console.log(`${head.adapter}, ${head.driver}`);
  const isSameDevice = before.adapter === head.adapter && before.driver === head.driver;
  if (!isSameDevice) console.log(`${path} is from ${before.adapter}, ${before.driver}: what it holds is measured anew or left out`);
  const known = new Map(isSameDevice ? still(before, worksIn(all, adapter, ['f32', 'f16'])) : []);
  const device = await openAdapter(found);
  try {
    const done = new Set<string>();
    for (const model of asked.models.split(',')) {
      const works = worksIn(model, adapter, asked.precision.split(',').filter((word): word is Precision => word === 'f32' || word === 'f16')).filter(({ work }) => !done.has(work));
      const winners = await each(works, (work) => measured(device, work));
      const twice = await each(works.filter(({ work }) => winners.has(work)), (work) => measured(device, work, winners.get(work.work)));
      for (const { work } of works) {
        done.add(work);
        const way = twice.get(work);
        if (way === undefined) known.delete(work);
        else known.set(work, way);
      }
      console.log(`${model}: ${works.length} works, ${winners.size} won once, ${twice.size} twice`);
      // As it comes: what follows may take an hour, and fail.
      writeTuned(path, { ...head, ways: Object.fromEntries(known) });
    }
  } finally {
    device.close();
  }
}

/** The works of these networks that may be done in several ways. */
function worksIn(models: string, adapter: AdapterName, precisions: readonly Precision[]): readonly Work[] {
  return targets.filter(({ tuned }) => tuned === adapter).flatMap((target) =>
    models.split(',').flatMap((model) => {
      const { program } = compile(graphOf(specOf(model)), { targets: [target] });
      return precisions.flatMap((precision) => worksOf(program, target, precision));
    }),
  );
}

/** Ways of a file that are some yet, for works that there are. */
function still({ ways }: TunedFile, works: readonly Work[]): readonly (readonly [string, TunedWay])[] {
  return Object.entries(ways).filter(([name, { way }]) => works.some(({ work, ways: able }) => work === name && able.some((one) => isSameWay(one.way, way))));
}

async function each(works: readonly Work[], measure: (work: Work) => Promise<TunedWay | undefined>): Promise<ReadonlyMap<string, TunedWay>> {
  const found = new Map<string, TunedWay>();
  for (const work of works) {
    const way = await measure(work);
    if (way !== undefined) found.set(work.work, way);
  }
  return found;
}

/** The way that is clearly faster than the estimated one: of all that are worth it, or of `again` alone. */
async function measured(device: Device, work: Work, again?: TunedWay): Promise<TunedWay | undefined> {
  const candidates = candidatesFor(work);
  const able = again === undefined ? candidates : [candidates[0], work.ways.find(({ way }) => isSameWay(way, again.way))?.way].filter((way) => way !== undefined);
  const end = performance.now() + 1000 * Number(asked.seconds);
  const result = await measureWork(device, work, able, { batch: 1, most: Number(asked.candidates) }, { stopped: () => performance.now() > end, onProgress: () => undefined });
  if (result === undefined) return undefined;
  console.log(`${again === undefined ? '' : 'again: '}${work.work}: ${result.before.toFixed(3)} ms, ${result.after.toFixed(3)} by ${JSON.stringify(result.way)}, of ${result.ran.length} ways`);
  if (result.after / result.before >= clearly) return undefined;
  const rounded = (milliseconds: number): number => Number(milliseconds.toPrecision(3));
  return { way: result.way, batch: 1, milliseconds: { before: rounded(result.before), after: rounded(result.after) } };
}
