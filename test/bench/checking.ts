// `npm run bench:check`: how long `netloom check` takes, as whole processes: for all specs that ship, as a multiple of a bare
// `node -e 0`, and for specs of 100, 1,000 and 10,000 layers, with the power of the layers by which the time grows. All are
// run in turn, so that the machine's drift meets all alike. Needs the built command (`npm run build`), or takes another:
// `-- --command FILE`.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fitPower } from './fit-power.ts';
import { largeSpec } from './large-spec.ts';
import { quantile } from './quantile.ts';
import { timeProcess } from './time-process.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' }, command: { type: 'string', default: 'dist/netloom.cjs' } } });
const specs = new URL('../../specs/', import.meta.url);
const shipped = readdirSync(specs).filter((name) => name.endsWith('.yaml')).map((name) => join('specs', name));
const scratch = mkdtempSync(join(tmpdir(), 'netloom-bench-'));
const check = (files: readonly string[]): readonly string[] => [values.command, 'check', ...files];

/** A layer alone takes what does not grow. */
const sizes = [1, 100, 1000, 10_000] as const;
const calls: readonly (readonly [string, readonly string[]])[] = [
  ['bare', ['-e', '0']],
  ['shipped', check(shipped)],
  ...sizes.map((layers) => {
    const file = join(scratch, `${layers}.yaml`);
    writeFileSync(file, largeSpec(layers));
    return [String(layers), check([file])] as const;
  }),
];

// The first round warms the disk's cache, and is not counted.
const rounds = Array.from({ length: Number(values.rounds) + 1 }, () => new Map(calls.map(([name, args]) => [name, timeProcess(args)]))).slice(1);
rmSync(scratch, { recursive: true, force: true });

const taken = (name: string): readonly number[] => rounds.map((round) => round.get(name) ?? NaN);
const median = (name: string): number => quantile(taken(name), 0.5);
const bare = taken('bare');
const line = (what: string, name: string, note: string): void => {
  console.log(`${what.padEnd(28)} ${median(name).toFixed(0).padStart(6)} ms   ${note}`);
};

line('a bare node', 'bare', '');
line(`all ${shipped.length} specs`, 'shipped', `${quantile(taken('shipped').map((time, round) => time / (bare[round] ?? NaN)), 0.5).toFixed(2)} times a bare node`);
for (const layers of sizes.slice(1)) line(`${layers.toLocaleString('en')} layers`, String(layers), '');

const { exponent } = fitPower(sizes.slice(1).map((layers) => ({ x: layers, y: median(String(layers)) - median('1') })));
const last = (median('10000') - median('1')) / (median('1000') - median('1'));
console.log(`beyond one layer's, time grows as layers ^ ${exponent.toFixed(2)}; ten times 1,000 layers take ${last.toFixed(1)} times as long`);
