// `npm run inspect:amd`: what a real GPU's compiler makes of our shaders, with no GPU. Writes `RESULTS.md` and `results.json`;
// with `--peers` what it makes of other runtimes' shaders too; `--asm FOLDER` keeps the assembly.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkFile } from '../../compiler/cli/spec.ts';
import type { TypedGraph } from '../../compiler/ir/graph.ts';
import { messageOf } from '../../runtime/errors.ts';
import type { Ours } from './compile-ours.ts';
import { whatIsMissing, type FamilyName } from './fake-gpu.ts';
import { recordPeers } from './peers.ts';
import { inspectAll, toPage, toResults, writePeers, writeResults } from './results.ts';

const alexnet = fileURLToPath(new URL('../../specs/alexnet.yaml', import.meta.url));

try {
  await inspect(process.argv.slice(2));
} catch (fault) {
  console.error(messageOf(fault));
  process.exitCode = 1;
}

async function inspect(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { peers: { type: 'boolean', default: false }, spec: { type: 'string' }, asm: { type: 'string' } } });
  const missing = whatIsMissing();
  if (missing !== undefined) throw new Error(`it needs Mesa's RADV, a C compiler and Vulkan's headers: ${missing}`);
  const graph = read(values.spec ?? alexnet);
  const found = await inspectAll(graph);
  if (values.asm !== undefined) keepTexts(found, values.asm);
  const results = toResults(found);
  if (values.spec !== undefined) {
    console.log(toPage(results, undefined));
    return;
  }
  if (values.peers) {
    writePeers(await recordPeers((line) => {
      console.log(line);
    }));
  }
  writeResults(results);
  for (const [family, all] of found) {
    const time = (target: string): string => results.steps.filter((row) => row.family === family && row.target === target && row.batch === 1)
      .reduce((sum, { microseconds }) => sum + microseconds, 0).toFixed(0);
    for (const { loaded } of all) console.log(`${family}: it loads ${loaded.map((target) => `${target} (${time(target)} µs an image)`).join(', else ')}`);
  }
  console.log('test/inspect/RESULTS.md and results.json are written');
}

function read(path: string): TypedGraph {
  const { graph, diagnostics } = checkFile(path, new Map());
  if (graph === undefined) throw new Error(`${path}: ${diagnostics.map(({ message }) => message).join('; ')}`);
  return graph;
}

/** The driver's intermediate forms and the assembly: a file for each, in a folder for each family. */
function keepTexts(found: ReadonlyMap<FamilyName, readonly Ours[]>, folder: string): void {
  for (const [family, all] of found) {
    mkdirSync(join(folder, family), { recursive: true });
    for (const { shader, pipeline } of all.flatMap(({ shaders }) => shaders)) {
      for (const [name, text] of Object.entries(pipeline.texts)) {
        writeFileSync(join(folder, family, `${shader.replace('.wgsl', '').replaceAll('/', '.')}.${name.replaceAll(/\W+/g, '-')}.txt`), text);
      }
    }
  }
}
