// `npm run bench`: how long short calls of the command take, as multiples of a bare `node -e 0`. Both are whole processes,
// run in turn, so that the ratio holds while the machine's speed drifts. Needs the built command (`npm run build`).
// `npm run bench -- --encoding`: what a run costs the CPU.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchEncoding } from './encoding.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' }, encoding: { type: 'boolean', default: false } } });
const rounds = Number(values.rounds);
const scratch = mkdtempSync(join(tmpdir(), 'netloom-bench-'));

/** Milliseconds from start to exit. */
function time(...args: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status ?? 'a signal'}\n${stderr}`);
  return performance.now() - start;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

if (values.encoding) await benchEncoding(20 * rounds);

const calls: readonly (readonly string[])[] = values.encoding ? [] : [
  ['--version'],
  ['explain', 'conv'],
  ['check', 'specs/alexnet.yaml'],
  ['summary', 'specs/alexnet.yaml'],
  ['compile', 'specs/alexnet.yaml', '-o', join(scratch, 'alexnet')],
];

for (const call of calls) {
  const pairs = Array.from({ length: rounds + 1 }, () => [time('dist/netloom.cjs', ...call), time('-e', '0')] as const).slice(1);
  const ratio = median(pairs.map(([netloom, bare]) => netloom / bare));
  const name = `netloom ${call.slice(0, 2).join(' ')}`.padEnd(36);
  console.log(`${name} ${ratio.toFixed(2).padStart(6)} times a bare node   ${median(pairs.map(([netloom]) => netloom)).toFixed(0).padStart(5)} ms`);
}
rmSync(scratch, { recursive: true, force: true });
