// Which adapter is taken, what is said about it, and what happens where there is none.

import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { findAdapter, listAdapters, openDevice } from '../../runtime/device.ts';
import { MachineError } from '../../runtime/errors.ts';
import { unpackSwiftShader, whyNoSwiftShader } from '../../runtime/swiftshader.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { testAdapters } from './tiny.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const folder = scratchFolder('device');

const adapters = await testAdapters();
const embedded = whyNoSwiftShader() === undefined;
if (!embedded) console.warn(`SKIPPED: ${whyNoSwiftShader() ?? ''}; the embedded adapter is not tested`);

/** What a program prints that finds an adapter in a process of its own. */
function find(adapter: string | undefined, env: Record<string, string>, root = ROOT): Promise<string> {
  const program = `
    const { findAdapter } = await import(${JSON.stringify(join(root, 'runtime/device.ts'))});
    await findAdapter(${JSON.stringify({ adapter })}).then(
      ({ report, reason }) => console.log(report.kind, report.name, reason), (fault) => console.log(fault.name, fault.message));`;
  const args = ['--import', join(ROOT, 'node_modules/tsx/dist/esm/index.mjs'), '--input-type=module', '--eval', program];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: root, env: { ...process.env, ...env }, timeout: 30_000 }, (fault, stdout) => {
      if (fault === null) resolve(stdout.trim());
      else reject(new Error(fault.message));
    });
  });
}

describe.skipIf(adapters.length === 0)('where there is an adapter', () => {
  test('the best one is taken, with the reason, and the rest is told', async () => {
    const { report, reason, passedOver } = await findAdapter();
    const { adapters: all, missing } = await listAdapters();
    expect(report).toEqual(all[0]);
    expect(reason).not.toBe('');
    expect([...passedOver, ...missing].length).toBeGreaterThanOrEqual(all.length - 1);
    expect(report.features).toContain('core-features-and-limits');
    expect(report.limits['maxBufferSize']).toBeGreaterThan(0);
  });

  test('by any part of its name', async () => {
    for (const adapter of adapters) {
      const device = await openDevice({ adapter: adapter.toUpperCase() });
      expect(device.reason).toBe(`asked for by \`${adapter.toUpperCase()}\``);
      device.close();
      expect((await device.lost).message).toMatch(/was closed/);
      expect(device.fault).toBeInstanceOf(MachineError);
    }
  });

  test('a name that none has is told with those there are', async () => {
    const finding = findAdapter({ adapter: 'voodoo' });
    await expect(finding).rejects.toThrow(MachineError);
    await expect(finding).rejects.toThrow(/no adapter matches `voodoo`; there is .*(llvmpipe|SwiftShader)/);
  });

  test('a device that cannot have what is needed is told with the numbers', async () => {
    const [adapter = ''] = adapters;
    await expect(openDevice({ adapter, needs: { features: ['warp-drive'], limits: { maxBindGroups: 100 } } }))
      .rejects.toThrow(/lacks the feature warp-drive, maxBindGroups 100 \(it has \d+\)/);
    const device = await openDevice({ adapter, needs: { features: [], limits: { maxComputeInvocationsPerWorkgroup: 512 } } });
    expect(device.gpu.limits.maxComputeInvocationsPerWorkgroup).toBe(512);
    device.close();
  });

  test('a device that is opened without needs has everything', async () => {
    const [adapter = ''] = adapters;
    const device = await openDevice({ adapter });
    expect([...device.gpu.features].sort()).toEqual(device.adapter.features);
    expect(device.gpu.limits.maxStorageBufferBindingSize).toBe(device.adapter.limits['maxStorageBufferBindingSize']);
    device.close();
  });
});

test.skipIf(process.platform === 'win32')('what drivers print can be kept off stderr, and nothing else is', () => {
  const program = `
    const { listAdapters } = await import(${JSON.stringify(join(ROOT, 'runtime/device.ts'))});
    process.stderr.write('before ');
    await listAdapters({ quiet: true });
    process.stderr.write('after');`;
  // A pipe as a shell makes it: the ones that Node makes are sockets, which cannot be opened again.
  const command = '"$0" --import "$1" --input-type=module --eval "$2" 2>&1 | cat';
  const args = ['-c', command, process.execPath, join(ROOT, 'node_modules/tsx/dist/esm/index.mjs'), program];
  expect(execFileSync('sh', args, { encoding: 'utf8' })).toBe('before after');
});

test('the null adapter needs no driver', async () => {
  const device = await openDevice({ adapter: 'null' });
  expect(device.adapter.kind).toBe('null');
  device.close();
});

describe.skipIf(!embedded)('the embedded adapter', () => {
  test('is taken where no Vulkan driver is installed', async () => {
    expect(await find(undefined, { VK_DRIVER_FILES: join(folder, 'none.json') }))
      .toBe('embedded SwiftShader embedded; this machine has no GPU and no other Vulkan driver');
  });

  test('is unpacked once, where it can be, and again where a file of it is missing', () => {
    const cache = join(folder, 'cache');
    writeFileSync(join(folder, 'a-file'), '');
    const { folder: unpacked } = unpackSwiftShader([join(folder, 'a-file', 'cache'), cache]);
    expect(unpacked.startsWith(cache)).toBe(true);
    rmSync(join(unpacked, 'libvk_swiftshader.so'));
    expect(unpackSwiftShader([cache]).folder).toBe(unpacked);
    expect(existsSync(join(unpacked, 'libvk_swiftshader.so'))).toBe(true);
    expect(() => unpackSwiftShader([join(folder, 'a-file')])).toThrow(/cannot unpack SwiftShader: .*Set XDG_CACHE_HOME/);
  });

  test('may be unpacked by several processes at once', async () => {
    const env = { VK_DRIVER_FILES: join(folder, 'none.json'), XDG_CACHE_HOME: join(folder, 'shared') };
    const found = await Promise.all([1, 2, 3, 4].map(() => find('swiftshader', env)));
    expect(new Set(found)).toEqual(new Set(['embedded SwiftShader asked for by `swiftshader`']));
  });
});

test.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('where there is no adapter at all, the command that adds one is told', async () => {
  const bare = join(folder, 'bare');
  mkdirSync(join(bare, 'node_modules'), { recursive: true });
  cpSync(join(ROOT, 'runtime'), join(bare, 'runtime'), { recursive: true });
  writeFileSync(join(bare, 'package.json'), '{"type": "module"}');
  symlinkSync(join(ROOT, 'node_modules/webgpu'), join(bare, 'node_modules/webgpu'));
  const env = { VK_DRIVER_FILES: join(folder, 'none.json') };
  const message = 'MachineError no GPU adapter: no Vulkan driver was found, and @sparticuz/chromium is not installed. ' +
    'Run npm install @sparticuz/chromium to add one that works on any Linux x64';
  expect(await find(undefined, env, bare)).toBe(message);
  expect(await find('lavapipe', env, bare)).toBe(message);
});
