// A GPU where there is none: SwiftShader, a Vulkan driver that runs on the CPU, as the npm package `@sparticuz/chromium`
// ships it for Linux x64. Its three files are unpacked once into the user's cache folder; the Vulkan loader is pointed at
// them by environment variables of this process alone, set only for the moment in which Dawn creates its Vulkan instance.

import { brotliDecompressSync } from 'node:zlib';
import { createRequire } from 'node:module';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants, homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MachineError, messageOf } from './errors.ts';

const PACKAGE = '@sparticuz/chromium';
const DRIVER = 'vk_swiftshader_icd.json';
const LOADER = 'libvulkan.so.1';
const FILES: readonly string[] = [DRIVER, LOADER, 'libvk_swiftshader.so'];

/** RTLD_NODELETE of glibc: the loader stays when Dawn closes its handle. */
const NO_DELETE = 0x1000;

/** Where SwiftShader lies unpacked. */
export interface SwiftShader {
  readonly folder: string;
}

/** Why SwiftShader cannot be had here, or undefined where it can. */
export function whyNoSwiftShader(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `there is an embedded one for Linux x64 only, and this is ${process.platform} ${process.arch}`;
  }
  return archive() === undefined ? `${PACKAGE} is not installed` : undefined;
}

/** Unpacks SwiftShader if this user has not done so before. */
export function unpackSwiftShader(cacheFolders: readonly string[] = defaultCacheFolders()): SwiftShader {
  const found = archive();
  if (found === undefined) throw new MachineError(`${PACKAGE} is not installed: run npm install ${PACKAGE}`);
  const faults: string[] = [];
  for (const cache of cacheFolders) {
    const folder = join(cache, `swiftshader-${found.version}`);
    try {
      if (!isComplete(folder)) unpack(found.path, folder);
      return { folder };
    } catch (fault) {
      faults.push(messageOf(fault));
    }
  }
  throw new MachineError(`cannot unpack SwiftShader: ${faults.join('; ')}. Set XDG_CACHE_HOME to a folder that can be written`);
}

/**
 * Runs `start`, in which Dawn creates its Vulkan instance, so that SwiftShader is the only driver it finds. In a worker
 * thread `process.env` is a copy that Vulkan never sees, unless the worker was made with `SHARE_ENV`.
 */
export function withSwiftShader<T>(swiftShader: SwiftShader, start: () => T): T {
  const driver = join(swiftShader.folder, DRIVER);
  const saved = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'].map((name) => [name, process.env[name]] as const);
  for (const [name] of saved) process.env[name] = driver;
  try {
    return start();
  } finally {
    for (const [name, value] of saved) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}

/** Loads the Vulkan loader that comes with SwiftShader, for systems that have none; Dawn then finds it by its name. */
export function loadVulkanLoader(swiftShader: SwiftShader): void {
  try {
    const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen;
    process.dlopen({ exports: {} }, join(swiftShader.folder, LOADER), RTLD_NOW | RTLD_GLOBAL | NO_DELETE);
  } catch (fault) {
    // It is no Node module, and Node says so after it has loaded it.
    if (!messageOf(fault).includes('did not self-register')) throw new MachineError(messageOf(fault));
  }
}

/** Whether this system may have a Vulkan loader of its own: Dawn complains loudly on stderr where it finds none. */
export function hasVulkanLoader(): boolean {
  if (process.platform !== 'linux' || process.arch !== 'x64') return true;
  const folders = ['/usr/lib/x86_64-linux-gnu', '/lib/x86_64-linux-gnu', '/usr/lib64', '/lib64', '/usr/lib', '/usr/local/lib'];
  folders.push(...(process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== ''));
  return folders.some((folder) => (statSync(join(folder, LOADER), { throwIfNoEntry: false })?.size ?? 0) > 0);
}

function archive(): { path: string; version: string } | undefined {
  try {
    // The package exports its program only: from there up to its root.
    let folder = dirname(createRequire(import.meta.url).resolve(PACKAGE));
    while (!existsSync(join(folder, 'bin')) && dirname(folder) !== folder) folder = dirname(folder);
    const path = join(folder, 'bin', 'swiftshader.tar.br');
    if (!existsSync(path)) return undefined;
    const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { path, version: about.version };
  } catch {
    return undefined;
  }
}

function defaultCacheFolders(): readonly string[] {
  const own = process.env['XDG_CACHE_HOME'];
  const user = process.getuid?.() ?? 0;
  return [join(own === undefined || own === '' ? join(homedir(), '.cache') : own, 'netloom'), join(tmpdir(), `netloom-${user}`)];
}

function isComplete(folder: string): boolean {
  return FILES.every((name) => existsSync(join(folder, name)));
}

/** Into a folder of a name of its own first: another process may do the same at this moment, and either may be killed. */
function unpack(archivePath: string, folder: string): void {
  const cache = dirname(folder);
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const user = process.getuid?.();
  if (user !== undefined && lstatSync(cache).uid !== user) throw new Error(`${cache} belongs to another user`);
  const files = untar(brotliDecompressSync(readFileSync(archivePath)));
  const unfinished = mkdtempSync(join(cache, 'unpacking-'));
  try {
    for (const name of FILES) {
      const content = files.get(name);
      if (content === undefined) throw new Error(`${archivePath} does not hold ${name}`);
      writeFileSync(join(unfinished, name), content, { mode: 0o755 });
    }
    if (existsSync(folder) && !isComplete(folder)) rmSync(folder, { recursive: true, force: true });
    renameSync(unfinished, folder);
  } catch (fault) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!isComplete(folder)) throw fault;
  }
}

/** The regular files of a tar archive: headers of 512 bytes, contents padded to as many. */
function untar(tar: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const field = (start: number, length: number) => tar.toString('latin1', at + start, at + start + length).replace(/\0.*$/s, '');
    const size = parseInt(field(124, 12), 8);
    const type = field(156, 1);
    if (type === '0' || type === '') files.set(field(0, 100).replace(/^\.\//, ''), tar.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
