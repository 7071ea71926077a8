// Other runtimes on a fake card. Each is given one layer of AlexNet at a time, as a network of its own: then the dispatches
// of a run are that layer's, whatever they are called.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { elements } from '../../compiler/ir/tensor.ts';
import { messageOf } from '../../runtime/errors.ts';
import { Peer } from '../bench/peer.ts';
import { bundlePeers, peers, type PeerName } from '../bench/peers/index.ts';
import { write, type Task } from '../bench/task.ts';
import { estimate } from './estimate.ts';
import { fakeGpu, familyNames, type FamilyName } from './fake-gpu.ts';
import { readLog, type Dispatch } from './pipelines.ts';
import { batches } from './compile-ours.ts';

export interface PeerResults {
  /** The driver that compiled for them is that of `results.json`. */
  readonly versions: Readonly<Record<string, string>>;
  /** Sentences on what there is no number of, and why. */
  readonly leftOut: readonly string[];
  readonly rows: readonly PeerRow[];
}

export interface PeerRow {
  readonly peer: string;
  readonly family: FamilyName;
  readonly batch: number;
  readonly layer: string;
  readonly kilocycles: number;
  readonly microseconds: number;
  /** Multiply-adds for each vector instruction in the hottest loop, and registers, of the dispatch that takes longest. */
  readonly fmaShare: number;
  readonly registers: number;
}

const names: readonly PeerName[] = ['onnxruntime-webgpu', 'tfjs', 'jax-js'];

/** The layers with multiply-adds, as specs: what arrives, and the layer. */
const layers = {
  conv1: ['224x224x3', 'op: conv, filters: 96, kernel: 11, stride: 4, pad: 2, activation: relu'],
  conv2: ['27x27x96', 'op: conv, filters: 256, kernel: 5, pad: 2, groups: 2, activation: relu'],
  conv3: ['13x13x256', 'op: conv, filters: 384, kernel: 3, pad: 1, activation: relu'],
  conv4: ['13x13x384', 'op: conv, filters: 384, kernel: 3, pad: 1, groups: 2, activation: relu'],
  conv5: ['13x13x384', 'op: conv, filters: 256, kernel: 3, pad: 1, groups: 2, activation: relu'],
  fc6: ['6x6x256', 'op: dense, units: 4096, activation: relu'],
  fc7: ['1x1x4096', 'op: dense, units: 4096, activation: relu'],
  fc8: ['1x1x4096', 'op: dense, units: 1000'],
} as const;

export async function recordPeers(tell: (line: string) => void): Promise<PeerResults> {
  bundlePeers();
  const folder = mkdtempSync(join(tmpdir(), 'netloom-inspect-'));
  const rows: PeerRow[] = [];
  const leftOut: string[] = [];
  try {
    for (const [layer, [image, keys]] of Object.entries(layers)) {
      const spec = join(folder, `${layer}.yaml`);
      writeFileSync(spec, `netloom: 1\nname: ${layer}\ninput: { image: ${image} }\nlayers:\n  ${layer}: { ${keys} }\n`);
      const { task, graph } = await write(spec, folder);
      const macs = graph.nodes.reduce((sum, node) => sum + node.macs, 0);
      for (const peer of names) {
        for (const family of familyNames) {
          for (const batch of batches) {
            try {
              const dispatches = await record(peer, family, { ...task, ...images(folder, task, batch), adapter: 'AMD', threads: 1 }, folder);
              const row = { peer, family, batch, layer, ...summed(dispatches, family, macs * batch) };
              rows.push(row);
              tell(`${peer} ${layer} on ${family}, batch ${batch}: ${row.kilocycles} kcycles, ${row.microseconds} µs`);
            } catch (fault) {
              const sentence = `${peer} does not run ${layer} on ${family}, batch ${batch}: ${messageOf(fault)}.`;
              leftOut.push(sentence);
              tell(sentence);
            }
          }
        }
      }
      for (const file of [task.onnx, task.safetensors]) rmSync(file);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return { versions: Object.fromEntries(names.map((name) => [name, versionOf(name)])), leftOut, rows };
}

function images(folder: string, { input }: Pick<Task, 'input'>, batch: number): Pick<Task, 'images' | 'batch'> {
  const file = join(folder, 'images.f32');
  writeFileSync(file, new Uint8Array(4 * batch * elements(input.shape)));
  return { images: file, batch };
}

/** What a run dispatches, once the first one is over, in which much is made that stays. */
async function record(name: PeerName, family: FamilyName, task: Task, folder: string): Promise<readonly Dispatch[]> {
  const [file, log] = [join(folder, 'task.json'), join(folder, 'log.jsonl')];
  writeFileSync(file, JSON.stringify(task));
  rmSync(log, { force: true });
  const peer = await Peer.start(name, file, { env: fakeGpu(family, log), driver: 'libvulkan_radeon.so' });
  try {
    const before = statSync(log).size;
    await peer.run();
    const inFirst = readFileSync(log).subarray(0, before).toString().split('\n').filter((line) => line.startsWith('{"dispatch"')).length;
    return readLog(log, family).dispatches.slice(inFirst);
  } finally {
    await peer.close();
  }
}

/** Dispatches with multiply-adds in a loop share the layer's among them, as far as each would do in one turn of its loop. */
function summed(dispatches: readonly Dispatch[], family: FamilyName, macs: number): Pick<PeerRow, 'kilocycles' | 'microseconds' | 'fmaShare' | 'registers'> {
  const work = dispatches.map(({ pipeline, groups }) => groups * pipeline.threads * (pipeline.assembly.hot?.fma ?? 0));
  const all = work.reduce((sum, one) => sum + one, 0);
  if (all === 0) throw new Error(`none of its ${dispatches.length} dispatches has multiply-adds in a loop`);
  const estimates = dispatches.flatMap(({ pipeline, groups }, index) => {
    const share = (work[index] ?? 0) / all;
    return share === 0 ? [] : [{ pipeline, ...estimate(pipeline, groups, family, share * macs) }];
  });
  const [longest] = estimates.toSorted((a, b) => b.kilocycles - a.kilocycles);
  const { registers = 0, assembly: { hot } = {} } = longest?.pipeline ?? {};
  const sum = (of: 'kilocycles' | 'microseconds'): number => Number(estimates.reduce((so, one) => so + one[of], 0).toPrecision(3));
  return { kilocycles: sum('kilocycles'), microseconds: sum('microseconds'), fmaShare: hot === undefined ? 0 : Number((hot.fma / hot.vector).toPrecision(2)), registers };
}

function versionOf(name: PeerName): string {
  const path = new URL(`../bench/node_modules/${peers[name].package}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
