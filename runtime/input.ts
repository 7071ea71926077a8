// What a network is run on, from the words of a command line: a picture, a file of raw values, or values from the formula.

import { readFile, stat } from 'node:fs/promises';
import { InputError, messageOf } from './errors.ts';
import { readImage, type Preprocess } from './image.ts';
import type { TensorSpec } from './plan.ts';
import { syntheticTensor } from './synthetic.ts';

export interface InputOptions {
  /** For pictures; without it the 8-bit values of RGB, resized to the input's height and width. */
  readonly preprocess?: Preprocess;
  /** For `synthetic:BOUND`. Default 0. */
  readonly seed?: number;
  /** How many images `synthetic:BOUND` makes. Default 1. */
  readonly images?: number;
}

/**
 * The values of `from` in N,H,W,C order: `synthetic:BOUND`; a `.f32` file of raw little-endian values, one image or several;
 * or a picture file.
 */
export async function readInput(from: string, input: TensorSpec, options: InputOptions = {}): Promise<Float32Array> {
  const size = input.shape.reduce((product, extent) => product * extent, 1);
  if (from.startsWith('synthetic:')) {
    const text = from.slice('synthetic:'.length);
    const bound = Number(text);
    if (text === '' || !Number.isFinite(bound) || bound < 0) {
      throw new InputError(`\`${from}\` should be synthetic: and a bound, the largest absolute value of the input: synthetic:1`);
    }
    return syntheticTensor(input.name, (options.images ?? 1) * size, options.seed ?? 0, bound);
  }
  if (await isMissing(from)) throw new InputError(`there is no file ${from}`);
  return from.endsWith('.f32') ? readRaw(from, input, size) : readImage(from, input.shape, options.preprocess);
}

async function readRaw(path: string, { name, shape }: TensorSpec, size: number): Promise<Float32Array> {
  const bytes = await readFile(path).catch((fault: unknown) => {
    throw new InputError(`cannot read ${path}: ${messageOf(fault)}`);
  });
  if (bytes.length === 0 || bytes.length % (4 * size) !== 0) {
    throw new InputError(`${path} has ${bytes.length} bytes; ${name} is ${shape.join('x')}, which takes ${4 * size} for each image`);
  }
  const values = new Float32Array(bytes.length / 4);
  new Uint8Array(values.buffer).set(bytes);
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new InputError(`value ${at} of ${path} is ${values[at] ?? NaN}: no input may be`);
  return values;
}

async function isMissing(path: string): Promise<boolean> {
  return stat(path).then((file) => !file.isFile(), () => true);
}
