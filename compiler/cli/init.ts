// `netloom init`: a first spec to change, small and right, with the line that lets an editor complete and explain it.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCode, Fault } from './fault.ts';
import { reasonOf } from './files.ts';
import { pathFrom } from './path.ts';
import { defineVerb } from './verb.ts';

export const init = defineVerb({
  name: 'init',
  about:
    'Writes a small spec that is right, to begin with: a convolutional network of ten classes on pictures of 32x32. Its first\n' +
    'line names the schema by which an editor completes and explains every key. Asks nothing, and overwrites nothing. Without\n' +
    'FILE it is network.yaml.',
  operands: { name: 'FILE', min: 0, max: 1 },
  options: {},
  examples: ['netloom init', 'netloom init nets/first.yaml'],
  run([file = 'network.yaml'], _, terminal) {
    const text = firstSpec(nameOf(file), schemaFrom(dirname(file)));
    try {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { flag: 'wx' });
    } catch (error) {
      if ((error as { code?: string }).code === 'EEXIST') throw new Fault('input', `${file} is there already, and is not overwritten`, 'name another file');
      throw new Fault('input', `${file} ${reasonOf(error)}`);
    }
    terminal.out(`${file}: next, netloom check ${file}, and netloom summary ${file}\n`);
    return Promise.resolve(exitCode.fine);
  },
});

/** Folders that are looked at, upwards. */
const deepest = 20;

/** A model's name after its file. */
function nameOf(file: string): string {
  const letters = basename(file)
    .replace(/\.ya?ml$/i, '')
    .replace(/[^\p{L}\p{M}\p{N}_-]+/gu, '-')
    .replace(/^[^\p{L}]+/u, '');
  return letters === '' ? 'network' : letters;
}

/** Where the schema of this netloom lies, told from a folder. */
function schemaFrom(folder: string): string {
  const here = fileURLToPath(import.meta.url);
  let root = dirname(here);
  while (!isPackage(root) && dirname(root) !== root) root = dirname(root);
  const installed = 'node_modules/netloom/specs/spec.schema.json';
  // A path through node_modules is right on every machine that installs it; the package it leads to may lie anywhere.
  for (let up = ''; up.length < 3 * deepest; up += '../') {
    if (existsSync(join(folder, up, installed))) return `${up === '' ? './' : up}${installed}`;
  }
  const path = pathFrom(folder, join(root, 'specs', 'spec.schema.json'));
  return /^(\/|[A-Za-z]:)/.test(path) ? path : `./${path}`;
}

function isPackage(folder: string): boolean {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown }).name === 'netloom';
  } catch {
    return false;
  }
}

const firstSpec = (name: string, schema: string): string => `# yaml-language-server: $schema=${schema}
netloom: 1
name: ${name}
summary: A small convolutional network to begin with

params: # netloom check --set classes=100 gives one another value
  classes: 10

input:
  image: 32x32x3 # height x width x channels

preprocess: # how a picture becomes the input
  resize: 32x32
  scale: = 1 / 255

layers: # each reads the one above, unless it says \`from\`
  conv1: { op: conv, filters: 16, kernel: 3, pad: 1, activation: relu }
  pool1: { op: maxpool, kernel: 2, expect: 16x16x16 }
  conv2: { op: conv, filters: 32, kernel: 3, pad: 1, activation: relu }
  pool2: { op: maxpool, kernel: 2, expect: 8x8x32 }
  fc:    { op: dense, units: = classes }
  prob:  { op: softmax, expect: [= classes] }
`;
