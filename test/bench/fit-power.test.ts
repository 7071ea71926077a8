// The fit against laws that are known.

import { describe, expect, test } from 'vitest';
import { fitPower } from './fit-power.ts';

const along = (law: (x: number) => number): readonly { readonly x: number; readonly y: number }[] =>
  [1, 2, 4, 8, 16, 64].map((x) => ({ x: 7e8 * x, y: law(7e8 * x) }));

describe('a power law', () => {
  test.each([
    ['as the work does', 1],
    ['slower', 0.5],
    ['faster', 1.7],
    ['not at all', 0],
  ])('that grows %s is found', (_, exponent) => {
    const { exponent: found, factor, off } = fitPower(along((x) => 3e-8 * x ** exponent));
    expect(found).toBeCloseTo(exponent, 10);
    expect(factor / 3e-8).toBeCloseTo(1, 8);
    expect(off).toBeCloseTo(1, 10);
  });

  test('what scatters evenly around it leaves it where it is, and is told', () => {
    const { exponent, off } = fitPower([{ x: 1, y: 2 }, { x: 1, y: 0.5 }, { x: 100, y: 200 }, { x: 100, y: 50 }]);
    expect(exponent).toBeCloseTo(1, 10);
    expect(off).toBeCloseTo(2, 10);
  });

  test('a fixed cost beside it flattens it', () => {
    const { exponent, off } = fitPower([1, 2, 4].map((x) => ({ x, y: 1 + x })));
    expect(exponent).toBeCloseTo(Math.log(5 / 2) / Math.log(4), 10);
    expect(off).toBeGreaterThan(1);
  });

  test('one amount of work says nothing of growth', () => {
    expect(fitPower([{ x: 5, y: 1 }, { x: 5, y: 2 }]).exponent).toBeNaN();
  });
});
