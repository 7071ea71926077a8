// A GPU that is not there: Mesa's RADV compiles for a family of AMD cards that it is told, and a Vulkan layer (`null-gpu.c`)
// makes everything apart from compiling succeed at once. A WebGPU program then believes that it runs on such a card.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { driverFile } from '../bench/adapter.ts';

export interface Family {
  readonly name: string;
  /** A card of the family: what estimates of time are for. */
  readonly card: string;
  /** Units that issue an instruction a cycle: two in each compute unit. */
  readonly simds: number;
  readonly gigahertz: number;
  readonly gigabytesPerSecond: number;
  /** Whether its subgroups multiply matrices. */
  readonly matrices: boolean;
}

/** By the names that RADV has for them. */
export const families = {
  navi31: { name: 'RDNA3', card: 'Radeon RX 7900 XTX', simds: 192, gigahertz: 2.5, gigabytesPerSecond: 960, matrices: true },
  navi21: { name: 'RDNA2', card: 'Radeon RX 6900 XT', simds: 160, gigahertz: 2.25, gigabytesPerSecond: 512, matrices: false },
} as const satisfies Readonly<Record<string, Family>>;
export type FamilyName = keyof typeof families;
export const familyNames = Object.keys(families) as FamilyName[];

const source = fileURLToPath(new URL('null-gpu.c', import.meta.url));
const cache = fileURLToPath(new URL('../../node_modules/.cache/netloom-inspect', import.meta.url));

/** What this machine lacks, in words; undefined where there is all of it. */
export function whatIsMissing(): string | undefined {
  if (process.platform !== 'linux') return 'RADV runs on Linux alone';
  if (driverFile('radeon_icd') === undefined) return 'RADV is not installed (Debian: mesa-vulkan-drivers)';
  try {
    layer();
    return undefined;
  } catch (fault) {
    return fault instanceof Error ? fault.message : String(fault);
  }
}

/** The environment in which any Vulkan program finds one card of `family` and nothing else; what it compiles and dispatches goes to `log`. */
export function fakeGpu(family: FamilyName, log: string): NodeJS.ProcessEnv {
  const driver = driverFile('radeon_icd') ?? '';
  return {
    ...process.env,
    VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver, RADV_FORCE_FAMILY: family, RADV_DEBUG: 'nocache',
    VK_LAYER_PATH: layer(), VK_INSTANCE_LAYERS: 'VK_LAYER_null_gpu', NULL_GPU_LOG: log,
    MESA_SHADER_CACHE_DISABLE: 'true', XDG_RUNTIME_DIR: tmpdir(),
  };
}

/** The folder with the layer, which is built when it is first asked for. */
function layer(): string {
  const text = readFileSync(source);
  const folder = join(cache, createHash('sha256').update(text).digest('hex').slice(0, 16));
  if (existsSync(join(folder, 'layer.json'))) return folder;
  mkdirSync(folder, { recursive: true });
  const built = join(folder, `libnull-gpu.${process.pid}.so`);
  const { status, stderr, error } = spawnSync('cc', ['-O2', '-shared', '-fPIC', source, '-o', built], { encoding: 'utf8' });
  if (error !== undefined) throw new Error('there is no C compiler');
  if (status !== 0) {
    throw new Error(stderr.includes('vulkan/') ? "Vulkan's headers are not installed (Debian: libvulkan-dev)" : `the layer cannot be built: ${stderr}`);
  }
  renameSync(built, join(folder, 'libnull-gpu.so'));
  const manifest = {
    file_format_version: '1.1.2',
    layer: {
      name: 'VK_LAYER_null_gpu', type: 'GLOBAL', library_path: './libnull-gpu.so', api_version: '1.3.239', implementation_version: '1',
      description: 'Commands that do nothing, statistics of compute pipelines',
      functions: { vkNegotiateLoaderLayerInterfaceVersion: 'vkNegotiateLoaderLayerInterfaceVersion' },
    },
  };
  // Another process may do the same at this moment.
  const written = join(folder, `layer.${process.pid}.json`);
  writeFileSync(written, JSON.stringify(manifest));
  renameSync(written, join(folder, 'layer.json'));
  return folder;
}
