// How long short calls of the command take, as multiples of a bare `node -e 0`. Both are whole processes, run in turn, so that
// the ratio holds while the machine's speed drifts. Needs the built command (`npm run build`).

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quantile } from './quantile.ts';
import { timeProcess } from './time-process.ts';

export function benchStartUp(rounds: number): void {
  const scratch = mkdtempSync(join(tmpdir(), 'netloom-bench-'));
  const calls = [
    ['--version'],
    ['explain', 'conv'],
    ['check', 'specs/alexnet.yaml'],
    ['summary', 'specs/alexnet.yaml'],
    ['compile', 'specs/alexnet.yaml', '-o', join(scratch, 'alexnet')],
  ] as const;
  for (const call of calls) {
    const pairs = Array.from({ length: rounds + 1 }, () => [timeProcess(['dist/netloom.cjs', ...call]), timeProcess(['-e', '0'])] as const).slice(1);
    const ratio = quantile(pairs.map(([netloom, bare]) => netloom / bare), 0.5);
    const name = `netloom ${call.slice(0, 2).join(' ')}`.padEnd(36);
    console.log(`${name} ${ratio.toFixed(2).padStart(6)} times a bare node   ${quantile(pairs.map(([netloom]) => netloom), 0.5).toFixed(0).padStart(5)} ms`);
  }
  rmSync(scratch, { recursive: true, force: true });
}
