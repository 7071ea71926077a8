// `npm run bench`: how long short calls of the command take, then netloom beside other runtimes. Any of the options of the
// comparison asks for that alone; `--kernels`, `--growth`, `--start-up` and `--encoding` for what they say; `--write-results`
// for all that the page shows, with these peers and on these adapters, unless other options say what.

import { parseArgs } from 'node:util';
import { messageOf } from '../../runtime/errors.ts';
import { adapterNames, defaultAdapter, type AdapterName } from './adapter.ts';
import { compare, type Cell } from './compare.ts';
import { benchEncoding } from './encoding.ts';
import { measureGrowth, printGrowth } from './growth.ts';
import { measureKernels, printKernels } from './kernels.ts';
import { peers, type PeerName } from './peers/index.ts';
import { publishedAdapters, publishedCells, publishedKernels } from './published.ts';
import { describe, merge, noResults, printMeasured, writeJson, writeResults, type Results } from './results.ts';
import { benchStartUp } from './start-up.ts';

const options = {
  'start-up': { type: 'boolean', default: false },
  encoding: { type: 'boolean', default: false },
  kernels: { type: 'boolean', default: false },
  growth: { type: 'boolean', default: false },
  models: { type: 'string' },
  batches: { type: 'string' },
  peers: { type: 'string' },
  adapter: { type: 'string' },
  rounds: { type: 'string' },
  json: { type: 'string' },
  'write-results': { type: 'boolean', default: false },
} as const;

/** Rounds where nobody says how many. A run of the largest batch takes seconds: growth has fewer. */
const ROUNDS = 20;
const GROWTH_ROUNDS = 5;

/** What the call is at fault for. */
class CallError extends Error {}

try {
  await bench(process.argv.slice(2));
} catch (fault) {
  console.error(messageOf(fault));
  process.exitCode = fault instanceof CallError ? 2 : 1;
}

async function bench(args: string[]): Promise<void> {
  const { values } = parse(args);
  const rounds = values.rounds === undefined ? undefined : count('rounds', values.rounds);
  if (values['start-up'] || args.length === 0) benchStartUp(rounds ?? 15);
  if (values.encoding) await benchEncoding(20 * (rounds ?? 15));
  if (values['start-up'] || values.encoding) return;
  const { models, batches, json, 'write-results': writes } = values;
  const publishes = writes && !values.kernels && !values.growth && models === undefined && batches === undefined;
  const adapters = values.adapter === undefined ? (writes ? publishedAdapters() : [defaultAdapter()]) : values.adapter.split(',').map((word) => oneOf('adapter', word, adapterNames));
  const asked = cellsOf(models?.split(',') ?? ['alexnet'], batches?.split(',').map((text) => count('batches', text)), adapters);
  const names = values.peers?.split(',').map((word) => oneOf('peers', word, Object.keys(peers) as PeerName[])) ?? Object.keys(peers) as PeerName[];
  const compares = publishes || (!values.kernels && !values.growth);

  const setting = describe(args, compares ? names : ['netloom']);
  console.log(setting.lines.join('\n'));
  const { date } = setting;
  let found: Results = { ...noResults, settings: [setting] };
  const profiles: unknown[] = [];
  // As it comes: what follows may take hours, and fail.
  const keep = (fresh: Partial<Results>): void => {
    found = merge(found, { ...noResults, settings: [setting], ...fresh });
    if (writes) writeResults(found);
    if (json !== undefined) writeJson(json, found, profiles);
  };
  if (compares) {
    await compare({ cells: publishes ? publishedCells(adapters) : asked([1, 8, 32]), peers: names, rounds: rounds ?? ROUNDS }, (cell, measured) => {
      for (const one of measured) console.log(printMeasured(cell, one));
      keep({ compared: [{ ...cell, date, measured }] });
    });
  }
  if (publishes || values.kernels) {
    for (const cell of publishes ? publishedKernels(adapters) : asked([1])) {
      const { times, json: profile } = await measureKernels(cell, rounds ?? ROUNDS);
      console.log(printKernels(times));
      profiles.push(profile);
      keep({ kernels: [{ ...times, date }] });
    }
  }
  if (publishes || values.growth) {
    for (const adapter of adapters) {
      const growth = await measureGrowth(adapter, rounds ?? GROWTH_ROUNDS, (series) => {
        console.log(printGrowth(series));
      });
      keep({ growth: [{ ...growth, date }] });
    }
  }
}

/** Each with each; the batches are those asked for, or the usual ones. */
function cellsOf(models: readonly string[], batches: readonly number[] | undefined, adapters: readonly AdapterName[]) {
  return (usual: readonly number[]): readonly Cell[] =>
    models.flatMap((model) => adapters.flatMap((adapter) => (batches ?? usual).map((batch): Cell => ({ model, batch, adapter }))));
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options });
  } catch (fault) {
    throw new CallError(messageOf(fault));
  }
}

function oneOf<Item extends string>(option: string, word: string, known: readonly Item[]): Item {
  const found = known.find((item) => item === word);
  if (found === undefined) throw new CallError(`--${option} takes ${known.join(', ')}; not '${word}'`);
  return found;
}

function count(option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new CallError(`--${option} takes whole numbers from 1 on; not '${text}'`);
  return Number(text);
}
