// `npm run bench:check`: how long `netloom check` takes, as whole processes: for all specs that ship, as a multiple of a bare
// `node -e 0`, and for specs of 100, 1,000 and 10,000 layers, with the power of the layers by which the time grows. All are
// run in turn, so that the machine's drift meets all alike. Needs the built command (`npm run build`), or takes another:
// `-- --command FILE`.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { largeSpec } from './large-spec.ts';
import { quantile } from './quantile.ts';
import { timeProcess } from './time-process.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' }, command: { type: 'string', default: 'dist/netloom.cjs' } } });
const specs = new URL('../../specs/', import.meta.url);
const shipped = readdirSync(specs).filter((name) => name.endsWith('.yaml')).map((name) => join('specs', name));
const scratch = mkdtempSync(join(tmpdir(), 'netloom-bench-'));
const check = (files: readonly string[]): readonly string[] => [values.command, 'check', ...files];

const sizes = [100, 1000, 10_000] as const;
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
for (const layers of sizes) line(`${layers.toLocaleString('en')} layers`, String(layers), '');

/** Of times `start + each * layers ** power` at sizes ten times each other the differences grow by 10 ** power, whatever the start takes. */
const [small = NaN, middle = NaN, large = NaN] = sizes.map((layers) => median(String(layers)));
const power = Math.log10((large - middle) / (middle - small));
console.log(`beyond what a start takes, time grows as layers ^ ${power.toFixed(2)}`);
