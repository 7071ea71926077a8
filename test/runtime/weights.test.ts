// Weight files: right ones in every precision, and every way a header can lie.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../runtime/errors.ts';
import type { WeightSpec } from '../../runtime/plan.ts';
import { openWeights, readFinite } from '../../runtime/weights.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const folder = scratchFolder('weights');

interface Entry { dtype?: unknown; shape?: unknown; data_offsets?: unknown }

let files = 0;
function write(header: Record<string, Entry> | string | Buffer, data: Uint8Array = new Uint8Array(0), headerBytes?: number): string {
  const text = Buffer.isBuffer(header) ? header : Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(headerBytes ?? text.length));
  const path = join(folder, `${files++}.safetensors`);
  writeFileSync(path, Buffer.concat([length, text, data]));
  return path;
}

const bytesOf = (values: Float32Array | Uint16Array) => new Uint8Array(values.buffer);
const spec = (name: string, shape: readonly number[]): WeightSpec => ({ name, shape, synthetic: { bound: 1, shape: 'v' } });
const f32 = (begin: number, count: number): Entry => ({ dtype: 'F32', shape: [count], data_offsets: [begin, begin + 4 * count] });

async function readAll(path: string | URL, name: string, shape: readonly number[]): Promise<number[]> {
  const weights = await openWeights(path, [spec(name, shape)]);
  const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  await readFinite(weights, name, 0, values);
  await weights.close();
  return [...values];
}

describe('a sound file', () => {
  test('f32, from anywhere in it, by path or URL', async () => {
    const values = Float32Array.from([1.5, -2, 0.1, 7]);
    const path = write({ a: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] } }, bytesOf(values));
    expect(await readAll(path, 'a', [2, 2])).toEqual([...values]);
    expect(await readAll(pathToFileURL(path), 'a', [2, 2])).toEqual([...values]);
    const weights = await openWeights(path, [spec('a', [2, 2])]);
    const middle = new Float32Array(2);
    await weights.read('a', 1, middle);
    expect([...middle]).toEqual([-2, Math.fround(0.1)]);
    await weights.close();
  });

  test('f16: normal, subnormal, signed zero, the largest', async () => {
    const bits = Uint16Array.from([0x3c00, 0xc500, 0x0001, 0x8000, 0x7bff, 0x3555]);
    const path = write({ a: { dtype: 'F16', shape: [6], data_offsets: [0, 12] } }, bytesOf(bits));
    expect(await readAll(path, 'a', [6])).toEqual([1, -5, 2 ** -24, -0, 65504, 0.333251953125]);
  });

  test('bf16', async () => {
    const path = write({ a: { dtype: 'BF16', shape: [3], data_offsets: [0, 6] } }, bytesOf(Uint16Array.from([0x3f80, 0xc0a0, 0x3eab])));
    expect(await readAll(path, 'a', [3])).toEqual([1, -5, 0.333984375]);
  });

  test('metadata, an empty tensor and PyTorch\'s counter beside a batchnorm are no matter', async () => {
    const path = write({
      __metadata__: { dtype: 'pt' }, a: f32(0, 1), 'bn.num_batches_tracked': { dtype: 'I64', shape: [], data_offsets: [4, 12] },
    }, new Uint8Array(12));
    expect(await readAll(path, 'a', [1])).toEqual([0]);
  });
});

describe('a file that is not what it says', () => {
  const data = new Uint8Array(8);
  test.each<[string, () => string, string]>([
    ['empty', () => {
      const path = join(folder, 'empty.safetensors');
      writeFileSync(path, '');
      return path;
    }, 'it has 0 bytes'],
    ['a header longer than the file', () => write('{}', data, 500), 'its header should have 500 bytes, and 10 follow: it was cut short'],
    ['an absurd header length', () => write('{}', data, 2 ** 52), 'promise a header of 4503599627370496 bytes'],
    ['no JSON', () => write('{"a": '), 'its header is not JSON'],
    ['no object', () => write('[1, 2]'), 'its header is not a JSON object'],
    ['no UTF-8', () => write(Buffer.from('{"\xff": {}}', 'latin1')), 'its header is not JSON'],
    ['a name twice', () => write(`{"a": ${JSON.stringify(f32(0, 1))}, "\\u0061": ${JSON.stringify(f32(4, 1))}}`, data), 'its header names a twice'],
    ['no description', () => write('{"a": 3}', data), 'a is described by 3'],
    ['no type', () => write({ a: { shape: [1], data_offsets: [0, 4] } }, data), 'a has no dtype'],
    ['a negative extent', () => write({ a: { dtype: 'F32', shape: [-1, -2], data_offsets: [0, 8] } }, data), 'a has the shape [-1,-2]'],
    ['a fraction for an extent', () => write({ a: { dtype: 'F32', shape: [0.5, 4], data_offsets: [0, 8] } }, data), 'a has the shape [0.5,4]'],
    ['one offset', () => write({ a: { dtype: 'F32', shape: [1], data_offsets: [0] } }, data), 'a has the data_offsets [0]'],
    ['an end before its beginning', () => write({ a: { dtype: 'F32', shape: [1], data_offsets: [8, 4] } }, data), 'a begins at byte 8 of the data and ends at 4'],
    ['a size that its shape does not take', () => write({ a: { dtype: 'F32', shape: [3], data_offsets: [0, 8] } }, data), 'a is F32[3], which takes 12 bytes, and has 8'],
    ['data past its end', () => write({ a: f32(0, 4) }, data), 'a ends at byte 16 of the data, and there are 8: it was cut short'],
    ['tensors that overlap', () => write({ a: f32(0, 2), b: f32(4, 1) }, data), 'a and b share the bytes 4 to 8 of the data'],
    ['a hole', () => write({ a: f32(4, 1) }, data), 'the bytes 0 to 4 of the data, after the header, belong to no tensor'],
    ['more than it speaks of', () => write({ a: f32(0, 1) }, data), '4 bytes at its end belong to no tensor'],
  ])('%s', async (_, make, message) => {
    const opening = openWeights(make(), [spec('a', [1])]);
    await expect(opening).rejects.toThrow(InputError);
    await expect(opening).rejects.toThrow(message);
  });

  test('not there, or a folder', async () => {
    await expect(openWeights(join(folder, 'nowhere.safetensors'), [])).rejects.toThrow('there is no such file');
    await expect(openWeights(folder, [])).rejects.toThrow(/cannot (open|read).*folder/);
  });

  test('a type that is not read', async () => {
    const path = write({ a: { dtype: 'F64', shape: [1], data_offsets: [0, 8] } }, data);
    await expect(readAll(path, 'a', [1])).rejects.toThrow('a in ' + path + ' is F64; weights are read as F32, F16, BF16: convert it');
  });

  test('a NaN, with its place', async () => {
    const values = new Float32Array(12).fill(1);
    values[7] = NaN;
    const path = write({ a: { dtype: 'F32', shape: [2, 3, 2], data_offsets: [0, 48] } }, bytesOf(values));
    await expect(readAll(path, 'a', [2, 3, 2])).rejects.toThrow(`a[1,0,1] in ${path} is NaN`);
  });
});

test('everything that is missing, extra or misshapen is named in one message', async () => {
  const path = write({ a: f32(0, 2), extra: f32(8, 1), b: f32(12, 1) }, new Uint8Array(16));
  const specs = [spec('a', [3]), spec('b', [1]), spec('c', [2, 2])];
  await expect(openWeights(path, specs)).rejects.toThrow([
    `${path} does not fit the model:`,
    '  missing (1):', '    c [2,2]',
    '  of another shape (1):', '    a is [2] in the file, the plan needs [3]',
    '  not in the model (1):', '    extra [1]',
  ].join('\n'));
});

describe('the formula', () => {
  test('values are the same from any element on, and moved as the plan says', async () => {
    const specs: WeightSpec[] = [
      { name: 'conv1.weight', shape: [4], synthetic: { bound: 0.5, shape: 'v' } },
      { name: 'bn.weight', shape: [4], synthetic: { bound: 0.5, shape: '1 + v' } },
      { name: 'bn.running_var', shape: [4], synthetic: { bound: 1, shape: '0.5 + v * v' } },
    ];
    const weights = await openWeights('synthetic:42', specs);
    const read = async (name: string, first: number, count: number) => {
      const values = new Float32Array(count);
      await weights.read(name, first, values);
      return [...values];
    };
    const whole = await read('conv1.weight', 0, 4);
    expect(await read('conv1.weight', 2, 2)).toEqual(whole.slice(2));
    expect(Math.max(...whole.map(Math.abs))).toBeLessThanOrEqual(0.5);
    expect(new Set(whole).size).toBe(4);
    expect(Math.min(...await read('bn.weight', 0, 4))).toBeGreaterThanOrEqual(0.5);
    expect(Math.min(...await read('bn.running_var', 0, 4))).toBeGreaterThanOrEqual(0.5);
  });

  test('a seed is a whole number', async () => {
    await expect(openWeights('synthetic:', [])).rejects.toThrow('`synthetic:` should be synthetic: and a seed');
    await expect(openWeights('synthetic:-1', [])).rejects.toThrow(InputError);
  });
});
