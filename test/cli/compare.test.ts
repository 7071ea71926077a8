import { describe, expect, test } from 'vitest';
import { compareGolden, compareValues } from '../../compiler/cli/compare.ts';
import type { GoldenLayer } from '../../compiler/cli/golden.ts';

describe('every value', () => {
  test('the largest error, relative to the largest value', () => {
    const difference = compareValues(Float64Array.of(1, -8, 0), Float32Array.of(1.5, -8, 0.25));
    expect(difference).toEqual({ error: 0.0625, largest: 8, where: 'value 0', expected: 1, got: 1.5 });
  });

  test('nothing differs', () => {
    expect(compareValues(Float64Array.of(2, -Infinity), Float32Array.of(2, -Infinity)).error).toBe(0);
  });

  test('no number at all is the worst there is, wherever it stands', () => {
    const difference = compareValues(Float64Array.of(1, 1, 1), Float32Array.of(9, NaN, 99));
    expect(difference.error).toBeNaN();
    expect(difference.where).toBe('value 1');
  });

  test('a missing value is none', () => {
    expect(compareValues(Float64Array.of(1, 1), Float32Array.of(1)).error).toBeNaN();
  });

  test('among zeros any error is too large', () => {
    expect(compareValues(Float64Array.of(0, 0), Float32Array.of(0, 1e-30)).error).toBe(Infinity);
    expect(compareValues(Float64Array.of(0, 0), Float32Array.of(0, -0)).error).toBe(0);
  });
});

describe('a golden layer', () => {
  const golden: GoldenLayer = {
    shape: [4],
    mean: 1,
    std: Math.sqrt(5),
    max: 4,
    maxAbs: 4,
    sampleIndex: [0, 3, 4, 5],
    sample: [-2, 4, 77, 77],
  };

  test('samples past the end stand for nothing', () => {
    expect(compareGolden(golden, Float32Array.of(-2, 2, 0, 4)).error).toBeCloseTo(0, 12);
  });

  test('a sample that differs is named', () => {
    const difference = compareGolden(golden, Float32Array.of(-1, 2, 0, 4));
    expect(difference).toMatchObject({ error: 0.25, where: 'value 0', expected: -2, got: -1 });
  });

  test('values that no sample sees show in the statistics', () => {
    expect(compareGolden(golden, Float32Array.of(-2, 0, 2, 4)).error).toBeCloseTo(0, 12);
    const { error, where } = compareGolden(golden, Float32Array.of(-2, 2, 1, 4));
    expect(where).toBe('mean');
    expect(error).toBeCloseTo(0.0625, 6);
    expect(compareGolden(golden, Float32Array.of(-2, 8, 0, 4)).where).toMatch(/^max/);
  });
});
