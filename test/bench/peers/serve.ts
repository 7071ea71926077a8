// The process of a peer, as all peers in JavaScript share it: loads, runs once, then once more for each line on stdin. What
// it has to say goes to file 3 as lines of JSON (`Said`), since libraries print to stdout.

import { readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { moveChannels } from '../../support/move-channels.ts';
import type { Task } from '../task.ts';

/** A network that is ready to run. */
export interface Loaded {
  /** How it wants pictures, and gives them. */
  readonly order: 'N,H,W,C' | 'N,C,H,W';
  /** What a table should say about how it was made to work. */
  readonly note?: string;
  /** From a JavaScript array to a JavaScript array. */
  run(input: Float32Array<ArrayBuffer>): Promise<ArrayLike<number>>;
}

export type Said =
  | { readonly event: 'loaded'; readonly note?: string }
  /** `result` is f32, N,H,W,C or N,C, in base64. */
  | { readonly event: 'first'; readonly result: string }
  | { readonly event: 'ran'; readonly ms: number; readonly rss_mb: number }
  | { readonly event: 'failed'; readonly message: string };

function say(what: Said): void {
  writeSync(3, `${JSON.stringify(what)}\n`);
}

/** Serves the task whose file is the process's argument. */
export async function serve(load: (task: Task) => Promise<Loaded>): Promise<void> {
  try {
    const task = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Task;
    const loaded = await load(task);
    const { order, note } = loaded;
    say({ event: 'loaded', ...(note === undefined ? {} : { note }) });
    const bytes = readFileSync(task.images);
    const images = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    const moved = (values: Float32Array<ArrayBuffer>, [height = 1, width = 1, channels]: readonly number[], to: 'first' | 'last') =>
      order === 'N,H,W,C' || channels === undefined ? values : moveChannels(values, height * width, channels, to);
    const input = moved(images, task.input.shape, 'first');
    const result = moved(Float32Array.from(await loaded.run(input)), task.output.shape, 'last');
    say({ event: 'first', result: Buffer.from(result.buffer).toString('base64') });
    for await (const line of createInterface({ input: process.stdin })) {
      if (line !== 'run') break;
      const start = performance.now();
      await loaded.run(input);
      const ms = performance.now() - start;
      say({ event: 'ran', ms, rss_mb: process.resourceUsage().maxRSS / 1024 });
    }
    process.exit();
  } catch (fault) {
    say({ event: 'failed', message: fault instanceof Error ? fault.message : String(fault) });
    process.exit(1);
  }
}
