// How far a layer's values are from what they should be. Errors relate to the layer's largest absolute value: a sum of a
// thousand products that happens to be near zero is not wrong because its own digits are few.

import type { GoldenLayer } from './golden.ts';

export interface Difference {
  /** The largest error, divided by `largest`; NaN where a value is none. */
  readonly error: number;
  /** The largest absolute value of the reference. */
  readonly largest: number;
  /** What differed most: `value 3025`, `mean`. */
  readonly where: string;
  readonly expected: number;
  readonly got: number;
}

/** Against every value of the reference, both flattened in N,H,W,C order. */
export function compareValues(expected: Float64Array, got: Float32Array): Difference {
  let largest = 0;
  for (const value of expected) largest = Math.max(largest, Math.abs(value));
  const worst = new Worst(largest);
  for (let i = 0; i < expected.length; i++) worst.see(i, expected[i] as number, got[i] ?? NaN);
  return worst.difference((i) => `value ${i}`);
}

/** Against a golden file's samples, and against its mean, standard deviation and maximum over the whole layer. */
export function compareGolden(golden: GoldenLayer, got: Float32Array): Difference {
  let [sum, squares, max, maxAbs] = [0, 0, -Infinity, 0];
  for (const value of got) {
    sum += value;
    squares += value * value;
    max = Math.max(max, value);
    maxAbs = Math.max(maxAbs, Math.abs(value));
  }
  const mean = sum / got.length;
  const std = Math.sqrt(Math.max(0, squares / got.length - mean * mean));
  const samples = golden.sampleIndex.flatMap((index, i) =>
    index < got.length ? [[`value ${index}`, golden.sample[i] ?? NaN, got[index] ?? NaN] as const] : [],
  );
  const seen = [...samples, ['mean', golden.mean, mean], ['std', golden.std, std], ['max', golden.max, max], ['maxAbs', golden.maxAbs, maxAbs]] as const;
  const worst = new Worst(golden.maxAbs);
  for (const [i, [, expected, value]] of seen.entries()) worst.see(i, expected, value);
  return worst.difference((i) => seen[i]?.[0] ?? '');
}

/** Keeps the largest error it sees. A value that is none is worse than any other. */
class Worst {
  private readonly largest: number;
  private error = -1;
  private at = 0;
  private expected = 0;
  private got = 0;

  constructor(largest: number) {
    this.largest = largest;
  }

  see(index: number, expected: number, got: number): void {
    const error = expected === got ? 0 : Math.abs(got - expected);
    if (Number.isNaN(this.error) || error <= this.error) return;
    this.error = error;
    this.at = index;
    this.expected = expected;
    this.got = got;
  }

  difference(where: (index: number) => string): Difference {
    const { error, largest, expected, got } = this;
    // A layer of zeros has nothing to relate an error to: there any is too large.
    return { error: error <= 0 ? 0 : error / largest, largest, where: where(this.at), expected, got };
  }
}
