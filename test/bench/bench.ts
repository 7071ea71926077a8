// `npm run bench`: how long short calls of the command take, then netloom beside other runtimes. Any of the options of the
// comparison asks for that alone; `--start-up` and `--encoding` for what they say.

import { parseArgs } from 'node:util';
import { messageOf } from '../../runtime/errors.ts';
import { adapterNames, defaultAdapter } from './adapter.ts';
import { compare } from './compare.ts';
import { benchEncoding } from './encoding.ts';
import { peers, type PeerName } from './peers/index.ts';
import { describe, printMeasured, writeJson, writeResults } from './results.ts';
import { benchStartUp } from './start-up.ts';

const options = {
  'start-up': { type: 'boolean', default: false },
  encoding: { type: 'boolean', default: false },
  models: { type: 'string', default: 'alexnet' },
  batches: { type: 'string', default: '1,8,32' },
  peers: { type: 'string', default: Object.keys(peers).join() },
  adapter: { type: 'string', default: defaultAdapter() },
  rounds: { type: 'string' },
  json: { type: 'string' },
  'write-results': { type: 'boolean', default: false },
} as const;

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
  const comparison = {
    models: values.models.split(','),
    batches: values.batches.split(',').map((text) => count('batches', text)),
    peers: values.peers.split(',').map((word) => oneOf('peers', word, Object.keys(peers) as PeerName[])),
    adapter: oneOf('adapter', values.adapter, adapterNames),
    rounds: rounds ?? 20,
  };
  const setting = describe(comparison, args);
  console.log(setting.lines.join('\n'));
  const measured = await compare(comparison, (one) => {
    console.log(printMeasured(one));
  });
  if (values.json !== undefined) writeJson(values.json, setting, measured);
  if (values['write-results']) writeResults(setting, measured);
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
