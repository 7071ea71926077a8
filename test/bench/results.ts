// What was found: lines as it comes, a file for programs, and `results.json`, from which the page is made. A call replaces
// there what it measured and leaves the rest, so that all of it need not be measured in one night.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { adapterNames } from './adapter.ts';
import { chart, chartFile } from './chart.ts';
import type { Cell, Measured } from './compare.ts';
import type { Growth } from './growth.ts';
import type { KernelTimes } from './kernels.ts';
import { page } from './page.ts';
import { peers, type PeerName } from './peers/index.ts';
import { ratiosOf } from './ratios.ts';

/** Where and how something was measured. */
export interface Setting {
  /** When the call began; tells settings apart. */
  readonly date: string;
  /** Whether others were using the machine then. */
  readonly shared: boolean;
  readonly lines: readonly string[];
}

interface Dated {
  readonly date: string;
}

export interface Results {
  readonly settings: readonly Setting[];
  readonly compared: readonly (Cell & Dated & { readonly measured: readonly Measured[] })[];
  readonly kernels: readonly (KernelTimes & Dated)[];
  readonly growth: readonly (Growth & Dated)[];
}

export const noResults: Results = { settings: [], compared: [], kernels: [], growth: [] };

export function describe(args: readonly string[], names: readonly PeerName[]): Setting {
  const packages = [...new Set(names.map((name) => peers[name].package))].map((name) => `${name} ${versionOf(name)}`);
  return {
    date: new Date().toISOString(),
    shared: (loadavg()[0] ?? 0) > 1,
    lines: [
      `command   npm run bench -- ${args.join(' ')}`,
      `machine   ${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`,
      `software  Node ${process.versions.node}, ${packages.join(', ')}`,
      `load average at the start ${loadavg().map((value) => value.toFixed(1)).join(', ')}`,
    ],
  };
}

function versionOf(name: string): string {
  if (name === 'torch') return '(its version stands among the notes)';
  const path = name === 'netloom' ? '../../package.json' : `node_modules/${name}/package.json`;
  try {
    return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string }).version;
  } catch {
    return '(not installed)';
  }
}

export function printMeasured({ batch, model, adapter }: Cell, { row, note, runs }: Measured): string {
  const name = `${row.peer.padEnd(20)} ${model} x${batch} ${adapter}`.padEnd(52);
  if (row.error !== null) return `${name} ERROR ${row.error}`;
  return `${name} ${ms(row.median_ms).padStart(8)} ms (${ms(row.p10_ms)} to ${ms(row.p90_ms)}, ${runs} runs)` +
    `  load ${ms(row.load_ms)}  first ${ms(row.first_cold_ms)} cold, ${ms(row.first_warm_ms)} warm` +
    `  ${row.rss_mb ?? '?'} MB  off by ${row.max_error?.toExponential(1) ?? '?'}${note === undefined ? '' : `  ${note}`}`;
}

/** For programs; times are those of a batch. Where there are several adapters, rows say theirs; `profiles` are as `netloom profile` prints them. */
export function writeJson(path: string, { settings, compared, kernels, growth }: Results, profiles: readonly unknown[]): void {
  const adapters = adapterNames.filter((name) => [...compared, ...kernels, ...growth].some(({ adapter }) => adapter === name));
  const rows = compared.flatMap(({ adapter, measured }) => measured.map(({ row }) => (adapters.length > 1 ? { adapter, ...row } : row)));
  const content = {
    date: settings[0]?.date, adapter: adapters.join(), rows,
    ...(profiles.length === 0 ? {} : { kernels: profiles }),
    ...(growth.length === 0 ? {} : { growth }),
  };
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
}

/** `fresh` and what of `old` it does not measure again. In the order of adapters and, within one, in which they came first. */
export function merge(old: Results, fresh: Results): Results {
  const both = <Item extends Cell | Growth>(before: readonly Item[], now: readonly Item[]): readonly Item[] => {
    const found = new Map(before.map((item) => [keyOf(item), item]));
    for (const item of now) found.set(keyOf(item), item);
    return [...found.values()].toSorted((a, b) => adapterNames.indexOf(a.adapter) - adapterNames.indexOf(b.adapter));
  };
  const [compared, kernels, growth] = [both(old.compared, fresh.compared), both(old.kernels, fresh.kernels), both(old.growth, fresh.growth)];
  const dates = new Set([...compared, ...kernels, ...growth].map(({ date }) => date));
  const settings = [...old.settings, ...fresh.settings].filter(({ date }, index, all) => dates.has(date) && all.findIndex((other) => other.date === date) === index);
  return { settings, compared, kernels, growth };
}

const keyOf = (item: Cell | Growth): string => ('model' in item ? `${item.adapter} ${item.model} ${item.batch}` : item.adapter);

const stored = new URL('results.json', import.meta.url);

/** Adds to `results.json`, and makes the page and its charts of it; all of it beside this file. */
export function writeResults(fresh: Results): void {
  const old = existsSync(stored) ? JSON.parse(readFileSync(stored, 'utf8')) as Results : noResults;
  const results = merge(old, fresh);
  writeFileSync(stored, `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(new URL('RESULTS.md', import.meta.url), page(results));
  for (const adapter of adapterNames) {
    const ratios = ratiosOf(results, adapter);
    if (ratios.length > 0) writeFileSync(new URL(chartFile(adapter), import.meta.url), chart(adapter, ratios));
  }
}

const ms = (value: number | null): string => (value === null ? '?' : value.toFixed(value < 100 ? 1 : 0));
