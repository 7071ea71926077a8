// The kernels for subgroups of 4, 8 and 16 lanes, all on one machine: lavapipe has the size that LP_NATIVE_VECTOR_WIDTH asks
// for, and emulates vectors that the processor has not. (Of 32 it only claims to; that size has test/shaders.test.ts.)

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { smallNetworks } from './support/small-networks.ts';
import { adapters } from './support/gpu.ts';

const child = fileURLToPath(new URL('support/width-child.ts', import.meta.url));
const hasLavapipe = (await adapters()).includes('lavapipe');

async function run(target: string, bits: number): Promise<{ readonly size: number; readonly errors: Readonly<Record<string, number>> }> {
  const env = { ...process.env, LP_NATIVE_VECTOR_WIDTH: String(bits) };
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', child, target], { env });
  return JSON.parse(stdout) as { size: number; errors: Record<string, number> };
}

test.skipIf(!hasLavapipe).each([4, 8, 16])('subgroups of %i lanes', async (lanes) => {
  const { size, errors } = await run(`subgroups-${lanes}`, 32 * lanes);
  expect(size).toBe(lanes);
  expect(Object.keys(errors)).toEqual([...Object.keys(smallNetworks), 'alexnet at an eighth']);
  // AlexNet is done in Winograd's tiles, which are less exact: see kernels.test.ts.
  for (const [network, error] of Object.entries(errors)) expect(error, network).toBeLessThan(network.startsWith('alexnet') ? 1e-5 : 5e-6);
}, 600_000);

test.skipIf(!hasLavapipe)('kernels for another size are refused', async () => {
  await expect(run('subgroups-8', 512)).rejects.toThrow('lacks subgroups of 8 (it has 16)');
}, 60_000);

test.skipIf(hasLavapipe)('SKIPPED: no lavapipe on this machine: subgroups of 4, 8 and 16 lanes', () => undefined);
