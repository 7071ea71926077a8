// Installs what a bare clone lacks, so that `npm test` and `npm run demo` are single commands there. Plain JavaScript:
// it runs before anything is installed.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Runs an npm command in the clone, its output passed through.
 * @param {readonly string[]} args
 */
export function npm(args) {
  const { status } = spawnSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) {
    console.error(`npm ${args.join(' ')} failed`);
    process.exit(status ?? 1);
  }
}

/** Installs the packages if they are missing. That builds the command too. */
export function installIfMissing() {
  if (existsSync(new URL('../../node_modules/.package-lock.json', import.meta.url))) return false;
  npm(['ci', '--no-audit', '--no-fund']);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) installIfMissing();
