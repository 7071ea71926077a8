// The same GPU for every peer. Most cannot be told which to take, so they are left but one driver to find.

import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { unpackSwiftShader } from '../../runtime/swiftshader.ts';
import type { Surroundings } from './peer.ts';

const FOLDERS = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

export const adapterNames = ['lavapipe', 'swiftshader'] as const;
export type AdapterName = (typeof adapterNames)[number];

/** lavapipe where it is installed: it is the faster one. */
export function defaultAdapter(): AdapterName {
  return lavapipe() === undefined ? 'swiftshader' : 'lavapipe';
}

/** The environment in which `adapter` is the only one, with Mesa's shader cache in `cache`. */
export function surroundings(adapter: AdapterName, cache: string): Surroundings {
  const { driver, library, loader } = adapter === 'lavapipe' ? installed() : embedded();
  const libraries = [loader, process.env['LD_LIBRARY_PATH']].filter((path) => path !== undefined && path !== '').join(':');
  return {
    driver: library,
    env: {
      ...process.env, VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver, MESA_SHADER_CACHE_DIR: cache,
      ...(libraries === '' ? {} : { LD_LIBRARY_PATH: libraries }),
    },
  };
}

interface Driver {
  /** The JSON that leads the Vulkan loader to it. */
  readonly driver: string;
  /** The name of its library. */
  readonly library: string;
  /** Where a Vulkan loader lies that the system may lack. */
  readonly loader?: string;
}

function installed(): Driver {
  const driver = lavapipe();
  if (driver === undefined) throw new Error(`lavapipe is not installed: there is no lvp_icd*.json in ${FOLDERS.join(', ')}`);
  return { driver, library: 'libvulkan_lvp.so' };
}

function embedded(): Driver {
  const { folder } = unpackSwiftShader();
  return { driver: join(folder, 'vk_swiftshader_icd.json'), library: 'libvk_swiftshader.so', loader: folder };
}

const lavapipe = (): string | undefined => driverFile('lvp_icd');

/** The JSON that leads the Vulkan loader to an installed driver, by how its name begins. */
export function driverFile(prefix: string): string | undefined {
  return FOLDERS.flatMap(filesOf).find((path) => basename(path).startsWith(prefix));
}

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}
