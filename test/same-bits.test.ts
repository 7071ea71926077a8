// The same input gives the same bits: in every run, alone or beside others, and whether the driver had the machine code of the
// kernels in its cache or had it made while the model was loaded.

import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { testAdapters } from './runtime/tiny.ts';
import { scratchFolder } from './support/scratch-folder.ts';

const adapters = await testAdapters();

/** By size of batch, the digests of each run's outputs. */
type Runs = Readonly<Record<string, readonly Readonly<Record<string, string>>[]>>;

describe.skipIf(adapters.length === 0).each(adapters.length === 0 ? ['no adapter'] : adapters)('on %s', (adapter) => {
  const cache = scratchFolder('cache');
  const start = (): Runs => {
    const child = fileURLToPath(new URL('same-bits-child.ts', import.meta.url));
    const text = execFileSync(process.execPath, ['--import', 'tsx', child, adapter], {
      encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, MESA_SHADER_CACHE_DIR: cache, MESA_SHADER_CACHE_DISABLE: 'false' },
    });
    return JSON.parse(text) as Runs;
  };

  test('every output of every run has the bits of the first, in a process that starts cold and in one that starts warm', () => {
    const cold = start();
    for (const batch of ['1', '8']) {
      const [first, ...others] = cold[batch] ?? [];
      expect(Object.keys(first ?? {}).length).toBeGreaterThan(10);
      expect(others).toEqual([first, first, first]);
    }
    expect(cold['8']?.[0]).not.toEqual(cold['1']?.[0]);
    if (adapter === 'lavapipe') expect(readdirSync(cache)).not.toEqual([]);
    expect(start()).toEqual(cold);
  });
});
