// What the page shows. Batches are AlexNet's on the faster adapter: elsewhere other runtimes take minutes for an image.

import { adapterNames, defaultAdapter, type AdapterName } from './adapter.ts';
import type { Cell } from './compare.ts';

const others = ['squeezenet-1.0', 'resnet-18', 'nin', 'vgg-16'] as const;
const kernels = ['alexnet', 'squeezenet-1.0', 'resnet-18', 'mobilenet-v1', 'nin', 'vgg-16'] as const;

/** All that are here: SwiftShader comes with the packages. */
export const publishedAdapters = (): readonly AdapterName[] => adapterNames.filter((name) => name === 'swiftshader' || name === defaultAdapter());

export function publishedCells(adapters: readonly AdapterName[]): readonly Cell[] {
  return [
    ...adapters.flatMap((adapter) => (adapter === 'lavapipe' ? [1, 8, 32] : [1]).map((batch) => ({ model: 'alexnet', batch, adapter }))),
    ...others.flatMap((model) => adapters.map((adapter) => ({ model, batch: 1, adapter }))),
  ];
}

export const publishedKernels = (adapters: readonly AdapterName[]): readonly Cell[] =>
  adapters.flatMap((adapter) => kernels.flatMap((model) => (model === 'alexnet' ? [1, 8] : [1]).map((batch) => ({ model, batch, adapter }))));
