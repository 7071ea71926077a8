// What `codegen-out/` holds is what the compiler makes of the specs today, to the byte; `UPDATE=1` rewrites it. And a
// program can import it as it stands.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { generate } from '../compiler/generate.ts';
import { targets } from '../compiler/passes/targets.ts';
import { networkOf } from './support/gpu.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

test('codegen-out/alexnet is current', () => {
  const folder = join(root, 'codegen-out/alexnet');
  const files = generate(networkOf(readFileSync(join(root, 'specs/alexnet.yaml'), 'utf8'), {}, 'specs/alexnet.yaml'), targets);
  if (process.env['UPDATE'] !== undefined) {
    for (const [path, text] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  }
  const there = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(there.map(({ parentPath, name }) => join(parentPath, name)).sort()).toEqual([...files.keys()].map((path) => join(folder, path)).sort());
  for (const [path, text] of files) expect(readFileSync(join(folder, path), 'utf8') === text, `${path} is stale: run npm run codegen`).toBe(true);
});

test('the folder a spec lies in leaves no trace', () => {
  const text = readFileSync(join(root, 'specs/nin.yaml'), 'utf8');
  const [here, there] = ['specs/nin.yaml', '/some/where/else/nin.yaml'].map((path) => generate(networkOf(text, {}, path), targets));
  expect(there).toEqual(here);
});
