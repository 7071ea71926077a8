// Golden files: what an independent framework gives for a network whose weights and images come from a formula. They hold
// 16 samples and a few statistics of each layer, so a file of ten kilobytes judges sixty million weights.

import { readFileSync } from 'node:fs';
import { Fault } from './fault.ts';
import { reasonOf } from './files.ts';

export interface Golden {
  /** Of the formula, for weights and images. */
  readonly seed: number;
  /** The images' values lie between `-imageBound` and `imageBound`. */
  readonly imageBound: number;
  readonly batch: number;
  readonly parameters: number;
  readonly outputs: Readonly<Record<string, GoldenLayer>>;
}

/** One layer's result for the whole batch, activation included. */
export interface GoldenLayer {
  /** H,W,C or C, without the batch. */
  readonly shape: readonly number[];
  readonly mean: number;
  readonly std: number;
  readonly max: number;
  /** The largest absolute value: what errors relate to. */
  readonly maxAbs: number;
  /** Places in the result, flattened in N,H,W,C order; those past its end stand for nothing. */
  readonly sampleIndex: readonly number[];
  readonly sample: readonly number[];
}

/** @throws Fault of the input: no such file, or not a golden file */
export function readGolden(path: string): Golden {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Fault('input', `${path} ${reasonOf(error)}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Fault('input', `${path} is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
  const lacks = whatIsMissing(value);
  if (lacks !== undefined) throw new Fault('input', `${path} is not a golden file: ${lacks}`);
  return value as Golden;
}

function whatIsMissing(value: unknown): string | undefined {
  if (!isRecord(value)) return 'it holds no object';
  for (const key of ['seed', 'imageBound', 'batch', 'parameters']) {
    if (typeof value[key] !== 'number') return `\`${key}\` is not a number`;
  }
  if (!isRecord(value['outputs'])) return '`outputs` is not an object';
  for (const [layer, output] of Object.entries(value['outputs'])) {
    if (!isRecord(output)) return `\`outputs.${layer}\` is not an object`;
    for (const key of ['mean', 'std', 'max', 'maxAbs']) {
      if (typeof output[key] !== 'number') return `\`outputs.${layer}.${key}\` is not a number`;
    }
    for (const key of ['shape', 'sampleIndex', 'sample']) {
      const list: unknown = output[key];
      if (!Array.isArray(list) || !list.every((item) => typeof item === 'number')) return `\`outputs.${layer}.${key}\` is not a list of numbers`;
    }
  }
  return undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
