import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readInput } from '../../runtime/input.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const folder = scratchFolder('input');

const input = { name: 'image', shape: [1, 2, 3] };

function raw(values: readonly number[]): string {
  const path = join(folder, `${values.length}.f32`);
  writeFileSync(path, new Uint8Array(Float32Array.from(values).buffer));
  return path;
}

test('raw values are taken as they are, one image or several', async () => {
  expect([...await readInput(raw([1, 2, 3, 4, 5, 6]), input)]).toEqual([1, 2, 3, 4, 5, 6]);
  expect((await readInput(raw(Array.from({ length: 12 }, (_, i) => i)), input)).length).toBe(12);
});

test('a raw file of another size is told with the numbers', async () => {
  await expect(readInput(raw([1, 2, 3, 4, 5]), input)).rejects.toThrow('5.f32 has 20 bytes; image is 1x2x3, which takes 24 for each image');
  await expect(readInput(raw([]), input)).rejects.toThrow('has 0 bytes');
});

test('a value that is not finite is told with its place', async () => {
  await expect(readInput(raw([1, 2, NaN, 4, 5, 6]), input)).rejects.toThrow('value 2 of');
});

test('the formula makes as many images as are wanted, within the bound', async () => {
  const one = await readInput('synthetic:0.5', input, { seed: 3 });
  const two = await readInput('synthetic:0.5', input, { seed: 3, images: 2 });
  expect([...two.subarray(0, 6)]).toEqual([...one]);
  expect(two.length).toBe(12);
  expect(Math.max(...two.map(Math.abs))).toBeLessThanOrEqual(0.5);
  await expect(readInput('synthetic:x', input)).rejects.toThrow('should be synthetic: and a bound');
});

test('a file that is not there', async () => {
  await expect(readInput(join(folder, 'cat.jpg'), input)).rejects.toThrow('there is no file');
});
