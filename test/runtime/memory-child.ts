// Run by memory.test.ts as a process of its own: loads AlexNet's weights (not its kernels), runs once, and prints the bytes of
// weights and the most memory the process ever had.

import { readFileSync } from 'node:fs';
import { loadModel } from '../../runtime/model.ts';
import type { PackedWeight, Plan } from '../../runtime/plan.ts';
import { picture, plan, shaders, variant } from './tiny.ts';

/** The paper's tensors; fc6 in two bindings, its columns as rows padded from 6 to 8. */
const dense: readonly (readonly [string, number, number])[] = [['fc7.weight', 4096, 4096], ['fc8.weight', 1000, 4096]];
const convolutions: readonly (readonly [string, number, number])[] = [
  ['conv1.weight', 96, 363], ['conv2.weight', 256, 1200], ['conv3.weight', 384, 2304], ['conv4.weight', 384, 1728], ['conv5.weight', 256, 1728],
];

const plainly = ([name, rows, columns]: readonly [string, number, number]): PackedWeight => ({
  name, source: { role: 'weight', tensor: name, shape: [rows, columns], batchnorms: [] },
  order: [{ axis: 0, size: rows, step: 1 }, { axis: 1, size: columns, step: 1 }],
});
const blocked = ([name, rows, columns]: readonly [string, number, number]): PackedWeight => ({
  ...plainly([name, rows, columns]),
  order: [{ axis: 0, size: rows / 8, step: 8 }, { axis: 1, size: columns, step: 1 }, { axis: 0, size: 8, step: 1 }],
});
const halfOfFc6 = (start: number): PackedWeight => ({
  name: 'fc6.weight', source: { role: 'weight', tensor: 'fc6.weight', shape: [4096, 256, 6, 6], batchnorms: [] },
  order: [{ axis: 0, size: 2048, step: 1, start }, { axis: 1, size: 256, step: 1 }, { axis: 2, size: 6, step: 1 }, { axis: 3, size: 6, step: 1 }],
});

const tensors = [...convolutions, ...dense, ['fc6.weight', 4096, 9216] as const];
const alexnet: Plan = {
  ...plan,
  tensors: [...plan.tensors, ...tensors.map(([name, rows, columns]) => ({ name, shape: [rows, columns], synthetic: { bound: 0.01, shape: 'v' as const } }))],
  variants: [{ ...variant, weights: [...variant.weights, ...convolutions.map(blocked), halfOfFc6(0), halfOfFc6(2048), ...dense.map(plainly)] }],
};

const [adapter = '', weights = 'synthetic:1'] = process.argv.slice(2);
const model = await loadModel({ plan: alexnet, shaders: (path) => shaders[path] ?? '', weights, adapter });
await model.run(picture(1));
model.close();
const peakKib = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
console.log(JSON.stringify({ weightBytes: tensors.reduce((sum, [, rows, columns]) => sum + 4 * rows * columns, 0), peakBytes: Number(peakKib) * 1024 }));
