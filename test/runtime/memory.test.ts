// How much memory loading takes, and that running takes none.

import { execFileSync, type ExecFileSyncOptionsWithStringEncoding } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { testAdapters } from './tiny.ts';

const adapters = await testAdapters();

/** What `child` prints, as JSON. */
function run(child: string, adapter: string): unknown {
  const path = fileURLToPath(new URL(child, import.meta.url));
  const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] } satisfies ExecFileSyncOptionsWithStringEncoding;
  return JSON.parse(execFileSync(process.execPath, ['--expose-gc', '--import', 'tsx', path, adapter], options));
}

describe.skipIf(adapters.length === 0).each(adapters.length === 0 ? ['no adapter'] : adapters)('on %s', (adapter) => {
  test.skipIf(process.platform !== 'linux')('loading AlexNet peaks under 2.5 times its weights', () => {
    const { weightBytes, peakBytes } = run('memory-child.ts', adapter) as { weightBytes: number; peakBytes: number };
    expect(weightBytes).toBeGreaterThan(243e6);
    expect(peakBytes / weightBytes).toBeLessThan(2.5);
  });

  test('a thousand runs leave the process as large as it was', () => {
    expect(run('runs-child.ts', adapter)).toBeLessThan(16e6);
  });
});
