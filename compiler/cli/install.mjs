// Installs and builds what a bare clone lacks, so that `npm test` and `npm run demo` are single commands there. Plain
// JavaScript: it runs before anything is installed.
//
//   node compiler/cli/install.mjs          installs the packages, if they are missing
//   node compiler/cli/install.mjs build    builds the command, if a source is newer than it

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Runs a program in the clone, its output passed through; ends this process where it fails.
 * @param {string} program
 * @param {readonly string[]} args
 */
function run(program, args) {
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status === 0) return;
  console.error(`${program} ${args.join(' ')} failed`);
  process.exit(status ?? 1);
}

/** Installs the packages, if they are missing: here, and all of them, also for one who installs this clone for all projects. */
export function install() {
  if (existsSync(join(root, 'node_modules', '.package-lock.json'))) return;
  run('npm', ['ci', '--no-audit', '--no-fund', '--global=false', '--include=dev']);
}

/** Builds the command into dist/, if a source is newer than what is there: npm prepares a clone more often than it changes. */
export function build() {
  const built = statSync(join(root, 'dist', 'third-party.txt'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = ['compiler', 'runtime'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(root, folder, path)),
  );
  const newest = [...sources, join(root, 'package.json')].map((path) => statSync(path).mtimeMs);
  if (Math.max(...newest) > built) run('node', ['--import', 'tsx', 'compiler/bundle.ts']);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // `npx netloom` in a bare clone, and `npm install -g` of a repository, as pre-commit has it, prepare a clone without having
  // installed anything.
  install();
  if (process.argv[2] === 'build') build();
}
