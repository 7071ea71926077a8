// What the comparison found: a line for each row as it comes, a file for programs, and the page `RESULTS.md` with a chart.

import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import type { AdapterName } from './adapter.ts';
import { chart } from './chart.ts';
import { THREADS, TOLERANCE, type Comparison, type Measured, type Row } from './compare.ts';
import { peers } from './peers/index.ts';

/** Where and how it was measured. */
export interface Setting {
  readonly date: string;
  readonly adapter: AdapterName;
  /** Whether others were using it when it began. */
  readonly shared: boolean;
  readonly lines: readonly string[];
}

export function describe({ adapter, peers: names, rounds }: Comparison, args: readonly string[]): Setting {
  const packages = [...new Set(names.map((name) => peers[name].package))].map((name) => `${name} ${versionOf(name)}`);
  return {
    date: new Date().toISOString(),
    adapter,
    shared: (loadavg()[0] ?? 0) > 1,
    lines: [
      `command   npm run bench -- ${args.join(' ')}`,
      `machine   ${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`,
      `software  Node ${process.versions.node}, ${packages.join(', ')}`,
      `adapter   ${adapter}, of which nothing else is found by any of them`,
      `rounds    ${rounds}, each peer once in each; load average at the start ${loadAverage()}`,
    ],
  };
}

/** Of the last minute, five and fifteen: what else the machine was doing. */
function loadAverage(): string {
  return loadavg().map((value) => value.toFixed(1)).join(', ');
}

function versionOf(name: string): string {
  if (name === 'torch') return '(its version stands in the table)';
  const path = name === 'netloom' ? '../../package.json' : `node_modules/${name}/package.json`;
  try {
    return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string }).version;
  } catch {
    return '(not installed)';
  }
}

export function printMeasured({ row, note, turns }: Measured): string {
  const name = `${row.peer.padEnd(20)} ${row.model} x${row.batch}`.padEnd(42);
  if (row.error !== null) return `${name} ERROR ${row.error}`;
  return `${name} ${ms(row.median_ms).padStart(8)} ms (${ms(row.p10_ms)} to ${ms(row.p90_ms)}, ${turns} runs)` +
    `  load ${ms(row.load_ms)}  first ${ms(row.first_cold_ms)} cold, ${ms(row.first_warm_ms)} warm` +
    `  ${row.rss_mb ?? '?'} MB  off by ${row.max_error?.toExponential(1) ?? '?'}${note === undefined ? '' : `  ${note}`}`;
}

/** For programs; times are those of a batch. */
export function writeJson(path: string, { date, adapter }: Setting, measured: readonly Measured[]): void {
  writeFileSync(path, `${JSON.stringify({ date, adapter, rows: measured.map(({ row }) => row) }, null, 2)}\n`);
}

/** Writes the page and its chart beside this file. */
export function writeResults(setting: Setting, measured: readonly Measured[]): void {
  writeFileSync(new URL('RESULTS.md', import.meta.url), page(setting, measured));
  writeFileSync(new URL('results.svg', import.meta.url), chart(ratiosOf(measured.map(({ row }) => row))));
}

/** How many times netloom's median a peer takes. */
export interface Ratio {
  readonly row: Row;
  readonly ratio: number | undefined;
}

export function ratiosOf(rows: readonly Row[]): readonly Ratio[] {
  return rows.filter(({ peer }) => peer !== 'netloom').map((row) => {
    const own = rows.find(({ peer, model, batch }) => peer === 'netloom' && model === row.model && batch === row.batch)?.median_ms;
    return { row, ratio: row.median_ms === null || own === null || own === undefined ? undefined : row.median_ms / own };
  });
}

function page(setting: Setting, measured: readonly Measured[]): string {
  const rows = measured.map(({ row }) => row);
  const notes = new Map(measured.flatMap(({ row, note }) => (note === undefined ? [] : [[row.peer, note] as const])));
  return `# netloom beside other runtimes

Written by \`npm run bench -- --write-results\`; the numbers are of one run, in which all took turns. ${setting.shared ? 'The machine was shared with other work at the time' : 'The machine may have had other work to do'} (see the load average): believe ratios, not milliseconds, and small differences not at all.

## Times netloom's

How many times netloom's median a peer takes: above 1 netloom is faster.

${table(['model', 'batch', 'peer', 'times netloom'], ratiosOf(rows).map(({ row, ratio }) => [
    row.model, String(row.batch), row.peer, row.error ?? (ratio === undefined ? 'netloom has no time' : ratio.toFixed(2)),
  ]))}

![The same as a chart](results.svg)

## Milliseconds for a batch

${table(['model', 'batch', 'peer', 'median', 'p10', 'p90', 'runs', 'load', 'first, cold', 'first, warm', 'peak MB', 'deviation'], measured.map(({ row, turns }) => [
    row.model, String(row.batch), row.peer,
    ...(row.error === null
      ? [ms(row.median_ms), ms(row.p10_ms), ms(row.p90_ms), String(turns), ms(row.load_ms), ms(row.first_cold_ms), ms(row.first_warm_ms), String(row.rss_mb ?? '?')]
      : [row.error, '', '', '', '', '', '', '']),
    row.max_error === null ? '' : row.max_error.toExponential(1),
  ]))}

- A run is from an array to an array: images in the order in which the peer takes pictures, to the spec's output. Decoding and laying out a picture is in none of them.
- \`load\` and \`first\` are from the start of a process to the network being ready and to its first result, the median of three processes (fewer where they are slow), each with an empty shader cache of Mesa's and with the one that this left; \`load\` is of the latter. Files have been read before. SwiftShader keeps no cache.
- \`deviation\` is from our interpreter in float64, relative to its largest value. Beyond ${TOLERANCE} (0.05 with weights in f16, whose logits \`netloom verify\` judges) there is an error and no time.
- \`peak MB\` is the resident memory of the process, the software GPU in it included.

## What it leaves out

- Trained weights: these come from a formula, and the images too, two different ones repeated.
- GPUs that are not made of software; other precisions than f32, but for \`netloom-f16\`, whose weights are stored in 16 bits; more than ${THREADS} threads on the CPU.
- What peers could be given with work of one's own: graph capture, quantization, inputs that stay on the GPU.
- The cost of waiting: netloom lets the processor go while a software GPU works; jax-js and TensorFlow.js wait as Dawn's Node binding does, by spinning, and that is in their times.

## Where

\`\`\`text
${[`date      ${setting.date.slice(0, 10)}`, ...setting.lines].join('\n')}
${Array.from(notes, ([peer, note]) => `${peer}: ${note}`).join('\n')}
load average at the end ${loadAverage()}
\`\`\`
`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '/').replaceAll('\n', ' ')).join(' | ')} |`).join('\n');
}

const ms = (value: number | null): string => (value === null ? '?' : value.toFixed(value < 100 ? 1 : 0));
