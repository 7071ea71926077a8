// Rounding to 16 bits: by values of the standard, and against a search for the nearest number.

import { expect, test } from 'vitest';
import { fromHalves, HALF_MAX, toHalves } from '../../runtime/half.ts';
import { randomFrom } from '../support/random.ts';

function bitsOf(...values: readonly number[]): readonly number[] {
  const halves = new Uint16Array(values.length);
  expect(toHalves(Float32Array.from(values), halves)).toBeUndefined();
  return [...halves];
}

/** All finite numbers of 16 bits that are not negative, by their bits. */
const finite = new Float32Array(0x7c00);
fromHalves(Uint16Array.from({ length: 0x7c00 }, (_, bits) => bits), finite);

test.each([
  ['zero', 0, 0x0000],
  ['negative zero', -0, 0x8000],
  ['one', 1, 0x3c00],
  ['a fraction', -0.333251953125, 0xb555],
  ['the largest', 65504, 0x7bff],
  ['the smallest that is normal', 2 ** -14, 0x0400],
  ['the largest that is subnormal', 1023 * 2 ** -24, 0x03ff],
  ['the smallest', -(2 ** -24), 0x8001],
])('%s is kept: %d', (_, value, bits) => {
  expect(bitsOf(value)).toEqual([bits]);
  const back = new Float32Array(1);
  fromHalves(Uint16Array.of(bits), back);
  expect(Object.is(back[0], Math.fround(value))).toBe(true);
});

test.each([
  ['a tie, to the even one below', 1 + 2 ** -11, 0x3c00],
  ['a tie, to the even one above', 1 + 3 * 2 ** -11, 0x3c02],
  ['a little more than a tie', 1 + 2 ** -11 + 2 ** -23, 0x3c01],
  ['a little less than a tie', 1 + 3 * 2 ** -11 - 2 ** -23, 0x3c01],
  ['up to the next power of two', -(2 - 2 ** -11), 0xc000],
  ['a tie among subnormals, to zero', 2 ** -25, 0x0000],
  ['a little more than that', 2 ** -25 + 2 ** -48, 0x0001],
  ['a tie among subnormals, to the even one above', -3 * 2 ** -25, 0x8002],
  ['from subnormal up to normal', 1023.5 * 2 ** -24, 0x0400],
  ['an f32 that is subnormal itself', -(2 ** -140), 0x8000],
  ['down to the largest', 65519.99609375, 0x7bff],
])('%s: %d', (_, value, bits) => {
  expect(bitsOf(value)).toEqual([bits]);
});

test('what would round to infinity is told by its index', () => {
  for (const value of [65520, -65520, 1e30, Infinity, NaN]) expect(toHalves(Float32Array.of(1, value, 2), new Uint16Array(3))).toBe(1);
  expect(finite.at(-1)).toBe(HALF_MAX);
});

test('the nearest of all, wherever a value lies in a buffer', () => {
  const { below } = randomFrom(16);
  const values = Float32Array.from({ length: 20_000 }, () => (below(2 ** 24) / 2 ** 24) * 2 ** (below(44) - 28));
  const halves = new Uint16Array(values.length);
  toHalves(values.subarray(7), halves);
  for (const [i, value] of values.subarray(7).entries()) {
    const got = halves[i] ?? NaN;
    const error = Math.abs((finite[got] ?? NaN) - value);
    for (const other of [got - 1, got + 1]) expect(Math.abs((finite[other] ?? Infinity) - value), `${value}`).toBeGreaterThanOrEqual(error);
  }
});

test('every finite number of 16 bits comes back', () => {
  const halves = new Uint16Array(finite.length);
  expect(toHalves(finite, halves)).toBeUndefined();
  expect(halves.every((bits, index) => bits === index)).toBe(true);
});
