// A process that used a GPU ends by itself, with the right code, whatever the GPU was doing: Dawn is known to crash at exit.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { testAdapters } from './tiny.ts';

const CHILD = fileURLToPath(new URL('exit-child.ts', import.meta.url));
const RUNS = 4;

const adapters = await testAdapters();

/** Exit code, or the signal that ended it. */
function run(adapter: string, way: string): Promise<number | string> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', CHILD, adapter, way], { timeout: 30_000 }, (fault) => {
      resolve(fault === null ? 0 : fault.signal ?? fault.code ?? 'unknown');
    });
  });
}

describe.skipIf(adapters.length === 0).each(adapters.length === 0 ? ['no adapter'] : adapters)('on %s, a process ends well', (adapter) => {
  test.each([
    ['done', 0],
    ['opened', 0],
    ['exit while running', 3],
    ['throw while running', 1],
    ['lost while running', 3],
  ])('%s: %i', { timeout: 120_000 }, async (way, code) => {
    const codes: (number | string)[] = [];
    for (let turn = 0; turn < RUNS; turn++) codes.push(await run(adapter, way));
    expect(codes).toEqual(Array.from({ length: RUNS }, () => code));
  });
});
