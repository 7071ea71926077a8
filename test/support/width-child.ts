// Run by widths.test.ts as a process of its own, since lavapipe reads the size of its subgroups from the environment when it
// starts: small networks and a narrow AlexNet by the kernels of the target that is named, against the interpreter. Prints
// the size that the adapter told and the largest error of each network.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openTarget } from '../../compiler/cli/target.ts';
import type { TypedGraph } from '../../compiler/ir/graph.ts';
import type { Target } from '../../compiler/ir/target.ts';
import { openDevice } from '../../runtime/device.ts';
import { networkOf } from './gpu.ts';
import { differences, smallNetworks, withoutWinograd } from './small-networks.ts';

const [name = ''] = process.argv.slice(2);
const wanted = openTarget(name);
const alexnet = fileURLToPath(new URL('../../specs/alexnet.yaml', import.meta.url));
const networks: readonly (readonly [name: string, graph: () => TypedGraph, target: Target])[] = [
  ...Object.entries(smallNetworks).map(([name, layers]) => [name, () => networkOf(`netloom: 1\nname: small${layers}\n`), withoutWinograd(wanted)] as const),
  ['alexnet at an eighth', () => networkOf(readFileSync(alexnet, 'utf8'), { width: '0.125', classes: '10' }, alexnet), wanted],
];

const device = await openDevice({ adapter: 'lavapipe', quiet: true });
const errors: Record<string, number> = {};
for (const [network, graph, target] of networks) {
  const found = await differences(graph(), { target, device }, 5, 9);
  // What is no number is an error of any size.
  errors[network] = Math.max(...Array.from(found.values(), ({ error }) => (Number.isNaN(error) ? Infinity : error)));
}
console.log(JSON.stringify({ size: device.adapter.subgroupMaxSize, errors }));
device.close();
