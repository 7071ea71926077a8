// The weights of a task, for peers that build the network themselves.

import { readFileSync } from 'node:fs';

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
}

/** Tensors by name, of a file that we wrote. */
export function readTensors(path: string): ReadonlyMap<string, StoredTensor> {
  const file = readFileSync(path);
  const start = 8 + Number(file.readBigUInt64LE());
  const header = JSON.parse(file.toString('utf8', 8, start)) as Record<string, { shape: number[]; data_offsets: [number, number] }>;
  const { buffer, byteOffset } = file;
  return new Map(Object.entries(header).map(([name, { shape, data_offsets: [begin, end] }]) => {
    const values = new Float32Array(buffer.slice(byteOffset + start + begin, byteOffset + start + end));
    return [name, { shape, values }];
  }));
}
