// A peer as this process sees it: a process of its own, that says when it is ready and runs when told to. Nothing of it is
// in here, so that no driver and no pool of threads disturbs another.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { peers, type PeerName } from './peers/index.ts';
import type { Said } from './peers/serve.ts';

/** Loading, a first result or a run that takes longer has failed. */
const MOST_MS = 600_000;

/** What its process needs to know of the machine. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** The file of a driver that must be loaded into a process that uses the GPU, where one driver was asked for. */
  readonly driver?: string;
}

export class Peer {
  readonly name: PeerName;
  /** Since the process was started. */
  readonly loadMs: number;
  readonly firstMs: number;
  readonly result: Float32Array;
  readonly note: string | undefined;
  rssMb = 0;
  readonly #child: ChildProcess;
  readonly #said: AsyncIterator<Said, void>;

  private constructor(name: PeerName, child: ChildProcess, said: AsyncIterator<Said, void>, times: { loadMs: number; firstMs: number }, result: Float32Array, note: string | undefined) {
    this.name = name;
    this.#child = child;
    this.#said = said;
    this.loadMs = times.loadMs;
    this.firstMs = times.firstMs;
    this.result = result;
    this.note = note;
  }

  /** Starts one and waits for its first result. Throws an Error with what the peer says is wrong. */
  static async start(name: PeerName, task: string, { env, driver }: Surroundings): Promise<Peer> {
    const { command, usesGpu } = peers[name];
    const start = performance.now();
    const [program = '', ...args] = command(task);
    const child = spawn(program, args, { env, stdio: ['pipe', 'ignore', 'pipe', 'pipe'] });
    const said = listen(child);
    try {
      const loaded = await within(child, next(said, 'loaded'));
      const loadMs = performance.now() - start;
      const first = await within(child, next(said, 'first'));
      const firstMs = performance.now() - start;
      if (usesGpu && driver !== undefined && !readFileSync(`/proc/${child.pid ?? 0}/maps`, 'utf8').includes(driver)) {
        throw new Error(`it did not load ${driver}, so it ran on something else`);
      }
      const bytes = Buffer.from(first.result, 'base64');
      const result = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      return new Peer(name, child, said, { loadMs, firstMs }, result, loaded.note);
    } catch (fault) {
      child.kill('SIGKILL');
      throw fault;
    }
  }

  /** Milliseconds of one run, by the clock of its process. */
  async run(): Promise<number> {
    this.#child.stdin?.write('run\n');
    const { ms, rss_mb } = await within(this.#child, next(this.#said, 'ran'));
    this.rssMb = rss_mb;
    return ms;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

/** What is waited for, unless it takes too long: then the process is ended. */
async function within<T>(child: ChildProcess, wait: Promise<T>): Promise<T> {
  const tooLong = setTimeout(() => child.kill('SIGKILL'), MOST_MS);
  try {
    return await wait;
  } catch (fault) {
    throw child.killed ? new Error(`it took longer than ${MOST_MS / 60_000} minutes`, { cause: fault }) : fault;
  } finally {
    clearTimeout(tooLong);
  }
}

/** What a process says, and, should it end, how. */
async function* listen(child: ChildProcess): AsyncGenerator<Said, void> {
  let complaints = '';
  child.stderr?.on('data', (text: Buffer) => {
    complaints = (complaints + text.toString()).slice(-2000);
  });
  // A process that is gone answers no more: that is said below.
  child.stdin?.on('error', () => undefined);
  const failed = once(child, 'error').then(([fault]: unknown[]): Said => ({ event: 'failed', message: String(fault) }));
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdio[3] as Readable })[Symbol.asyncIterator]();
  for (;;) {
    const line = await Promise.race([lines.next(), failed]);
    if ('event' in line) yield line;
    else if (line.done === true) break;
    else yield JSON.parse(line.value) as Said;
  }
  await ended;
  yield { event: 'failed', message: `it ended with ${child.exitCode ?? child.signalCode ?? 'nothing'}${complaints === '' ? '' : `: ${complaints.trim().split('\n').at(-1) ?? ''}`}` };
}

async function next<Event extends Said['event']>(said: AsyncIterator<Said, void>, event: Event): Promise<Extract<Said, { event: Event }>> {
  const { value } = await said.next();
  if (value === undefined) throw new Error('it ended before');
  if (value.event === 'failed') throw new Error(value.message);
  if (value.event !== event) throw new Error(`it said ${value.event} where ${event} was to come`);
  return value as Extract<Said, { event: Event }>;
}
