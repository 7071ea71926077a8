// netloom beside other runtimes: the same network, weights, images and adapter, each in a process of its own, in turn round by
// round, so that whatever else the machine is doing meets all of them alike. A turn is some runs in a row, as a program that
// uses a network makes them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { surroundings, type AdapterName } from './adapter.ts';
import { Peer } from './peer.ts';
import { bundlePeers, peers as commands, type PeerName } from './peers/index.ts';
import { quantile } from './quantile.ts';
import { prepare, type Network } from './task.ts';

/** Threads of those that compute on the CPU. */
export const THREADS = 2;
/** Largest deviation from the judge, relative to the largest value, at which a result is right. */
export const TOLERANCE = 1e-4;
/** Starts with a cold and with a warm shader cache, each; what is reported is the median. Fewer where they take too long. */
const STARTS = 3;
const STARTS_MS = 30_000;
/** Runs before any is counted: compilers of JavaScript and allocators have their own first times. One, where it is a long one. */
const WARM_UPS = 2;
const LONG_MS = 5_000;
/**
 * A turn goes on until its runs have taken this long. The first of them is not counted, unless it is a long one: the machine's
 * caches are those of the peer before, and a virtual machine that was idle may have been put elsewhere.
 */
const TURN_MS = 300;
/** A peer whose turns would take longer than this sits out most of them, but not the last `LEAST_TURNS`; one that takes minutes has one. */
const TURNS_MS = 90_000;
const LEAST_TURNS = 3;
const MINUTES_MS = 60_000;
/** Pools of threads spin for a while after their work. */
const PAUSE_MS = 30;

/** Of one peer, model and batch; times are those of a batch. What is undefined could not be measured. */
export interface Row {
  readonly peer: PeerName;
  readonly model: string;
  readonly batch: number;
  readonly load_ms: number | null;
  readonly first_cold_ms: number | null;
  readonly first_warm_ms: number | null;
  readonly median_ms: number | null;
  readonly p10_ms: number | null;
  readonly p90_ms: number | null;
  readonly rss_mb: number | null;
  readonly max_error: number | null;
  /** Why there are no times. */
  readonly error: string | null;
}

/** A row with what the table says besides. */
export interface Measured {
  readonly row: Row;
  readonly note?: string;
  /** How many runs were timed. */
  readonly runs: number;
}

/** A network, a batch and a GPU: what all peers are given. */
export interface Cell {
  /** One of `specs/`, or a path that ends in `.yaml`. */
  readonly model: string;
  readonly batch: number;
  readonly adapter: AdapterName;
}

export interface Comparison {
  /** In the order of their networks: each is prepared once for all of its cells. */
  readonly cells: readonly Cell[];
  readonly peers: readonly PeerName[];
  readonly rounds: number;
}

export const specOf = (model: string): string => (model.endsWith('.yaml') ? model : `specs/${model}.yaml`);

/** Measures all of it, and tells the rows of each cell as soon as they are there. */
export async function compare({ cells, peers, rounds }: Comparison, tell: (cell: Cell, measured: readonly Measured[]) => void): Promise<void> {
  bundlePeers();
  const scratch = mkdtempSync(join(tmpdir(), 'netloom-bench-'));
  try {
    for (const model of new Set(cells.map((cell) => cell.model))) {
      const own = cells.filter((cell) => cell.model === model);
      const network = await prepare(specOf(model), join(scratch, 'models'), Math.max(...own.map(({ batch }) => batch)));
      for (const cell of own) tell(cell, await measure(network, cell, { peers, rounds, scratch }));
      rmSync(join(scratch, 'models'), { recursive: true, force: true });
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Place extends Pick<Comparison, 'peers' | 'rounds'> {
  readonly scratch: string;
}

/** A peer in the middle of it. */
interface Entrant {
  readonly name: PeerName;
  readonly cold: number[];
  readonly warm: number[];
  readonly loads: number[];
  readonly times: number[];
  /** Runs in every so many rounds. */
  every: number;
  peer?: Peer;
  error?: string;
  deviation?: number;
}

async function measure(network: Network, { batch, adapter }: Cell, { peers, rounds, scratch }: Place): Promise<readonly Measured[]> {
  const task = join(scratch, 'task.json');
  writeFileSync(task, JSON.stringify({ ...network.task, images: network.writeBatch(batch), batch, adapter, threads: THREADS }));
  const expected = network.judge(batch);
  const entrants = peers.map((name): Entrant => ({ name, cold: [], warm: [], loads: [], times: [], every: 1 }));
  try {
    for (let start = 0; start < STARTS; start++) {
      await each(entrants, async (entrant) => {
        if (sum(entrant.cold) + sum(entrant.warm) > STARTS_MS) return;
        await entrant.peer?.close();
        const here = surroundings(adapter, mkdtempSync(join(scratch, 'cache-')));
        const cold = await Peer.start(entrant.name, task, here);
        await cold.close();
        entrant.cold.push(cold.firstMs);
        const warm = await Peer.start(entrant.name, task, here);
        entrant.peer = warm;
        entrant.warm.push(warm.firstMs);
        entrant.loads.push(warm.loadMs);
        entrant.deviation = Math.max(entrant.deviation ?? 0, deviation(warm.result, expected));
        // Not `>`: a NaN is beyond any tolerance.
        if (!(entrant.deviation <= (commands[entrant.name].tolerance ?? TOLERANCE))) throw new Error(`its result is wrong: it deviates by ${entrant.deviation.toExponential(1)} of the largest value`);
      });
    }
    await each(entrants, async (entrant) => {
      const start = Math.min(...entrant.warm);
      // There the first result has to do as a warm-up.
      const takesMinutes = start > MINUTES_MS;
      let last = takesMinutes ? start : 0;
      for (let run = 0; run < WARM_UPS && last < LONG_MS; run++) last = await entrant.peer?.run() ?? 0;
      const turn = last >= LONG_MS ? last : Math.max(2 * last, TURN_MS);
      entrant.every = Math.max(1, Math.min(Math.ceil((turn * rounds) / TURNS_MS), Math.floor(rounds / (takesMinutes ? 1 : LEAST_TURNS))));
    });
    for (let round = 0; round < rounds; round++) {
      // Nobody always follows the same one.
      const order = entrants.map((_, index) => entrants[(index + round) % entrants.length]).filter((entrant) => entrant !== undefined);
      await each(order, async (entrant) => {
        if (round % entrant.every !== 0 || entrant.peer === undefined) return;
        await sleep(PAUSE_MS);
        entrant.times.push(...await turnOf(entrant.peer));
      });
    }
    return entrants.map((entrant) => measuredOf(entrant, network.name, batch));
  } finally {
    for (const { peer } of entrants) await peer?.close();
  }
}

/** Milliseconds of each run that counts. */
async function turnOf(peer: Peer): Promise<readonly number[]> {
  const times = [await peer.run()];
  if (sum(times) >= LONG_MS) return times;
  do times.push(await peer.run());
  while (sum(times) < TURN_MS);
  return times.slice(1);
}

/** In turn, those without an error; one that fails gets it. */
async function each(entrants: readonly Entrant[], act: (entrant: Entrant) => Promise<void>): Promise<void> {
  for (const entrant of entrants) {
    if (entrant.error !== undefined) continue;
    try {
      await act(entrant);
    } catch (fault) {
      entrant.error = fault instanceof Error ? fault.message : String(fault);
      await entrant.peer?.close();
    }
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The largest difference, relative to the largest value. */
function deviation(got: Float32Array, expected: Float64Array): number {
  if (got.length !== expected.length) return NaN;
  let [difference, largest] = [0, 0];
  for (const [index, value] of expected.entries()) {
    const off = Math.abs((got[index] ?? NaN) - value);
    if (Number.isNaN(off)) return NaN;
    difference = Math.max(difference, off);
    largest = Math.max(largest, Math.abs(value));
  }
  return difference / largest;
}

function measuredOf({ name, cold, warm, loads, times, peer, error, deviation: off }: Entrant, model: string, batch: number): Measured {
  const found = (values: readonly number[], share = 0.5): number | null =>
    error !== undefined || values.length === 0 ? null : Math.round(10 * quantile(values, share)) / 10;
  return {
    row: {
      peer: name, model, batch,
      load_ms: found(loads), first_cold_ms: found(cold), first_warm_ms: found(warm),
      median_ms: found(times), p10_ms: found(times, 0.1), p90_ms: found(times, 0.9),
      rss_mb: error === undefined && peer !== undefined ? Math.round(peer.rssMb) : null,
      max_error: off === undefined || Number.isNaN(off) ? null : off,
      error: error ?? null,
    },
    ...(peer?.note === undefined ? {} : { note: peer.note }),
    runs: times.length,
  };
}
