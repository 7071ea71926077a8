// `npm run demo`: the whole road in one go, from a bare clone. Each stage is a command that a reader can type, and is
// printed as such before it runs. Plain JavaScript, since it starts before anything is installed.

import { spawnSync } from 'node:child_process';
import { build, install, root } from './install.mjs';

/** @type {readonly (readonly [title: string, args: readonly [verb: string, ...rest: string[]]])[]} */
const stages = [
  ['Check the spec', ['check', 'specs/alexnet.yaml']],
  ['What it holds', ['summary', 'specs/alexnet.yaml']],
  ['Compile it to WGSL and TypeScript', ['compile', 'specs/alexnet.yaml', '-o', 'codegen-out/alexnet']],
  [
    'Compare every layer with reference numbers, at an eighth of the width',
    ['verify', 'specs/alexnet.yaml', '--set', 'width=0.125', '--set', 'classes=10', '--golden', 'test/golden/alexnet-eighth.json'],
  ],
  ['Run it at full size', ['run', 'specs/alexnet.yaml', '--weights', 'synthetic:2012', '--labels', 'imagenet-1k', '--input', 'specs/demo.jpg']],
];

const bold = process.stdout.isTTY && !process.env['NO_COLOR'] ? (/** @type {string} */ text) => `\u001b[1m${text}\u001b[0m` : String;

install();
build();

/** @type {(readonly [string, number])[]} */
const times = [];
for (const [title, args] of stages) {
  console.log(`\n${bold(title)}\n$ npx netloom ${args.join(' ')}`);
  const start = performance.now();
  const { status } = spawnSync(process.execPath, ['dist/netloom.cjs', ...args], { cwd: root, stdio: 'inherit' });
  times.push([args[0], (performance.now() - start) / 1000]);
  if (status !== 0) {
    console.error(`\nThe demo stops here: netloom ${args[0]} ended with ${status}.`);
    process.exit(status ?? 1);
  }
}

console.log(`\n${bold('Time per stage')}, each a process of its own`);
for (const [verb, seconds] of times) console.log(`  ${verb.padEnd(8)} ${seconds.toFixed(2).padStart(6)} s`);
console.log('\nThe weights of the last stage come from a formula, not from training: its class names mean nothing.');
