import { expect, test } from 'vitest';
import { fromLayout, intoLayout, spanOf } from '../../runtime/layout.ts';
import type { Layout } from '../../runtime/plan.ts';

/** Two channels of 1x2, in rows of 4 with one value of halo before and above. */
const layout: Layout = { channels: 2, height: 1, width: 2, top: 1, left: 1, rowStride: 4, planeStride: 8, imageStride: 16, firstChannel: 0 };

test('a picture goes into planes, its halo left alone, and comes back', () => {
  const picture = { name: 'x', shape: [1, 2, 2] };
  const values = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
  const stored = new Float32Array(2 * spanOf(layout));
  intoLayout(values, 0, 2, picture, layout, stored, spanOf(layout));
  const row = (a: number, b: number) => [0, 0, 0, 0, 0, a, b, 0];
  expect([...stored]).toEqual([...row(1, 3), ...row(2, 4), ...row(5, 7), ...row(6, 8)]);
  const back = new Float32Array(8);
  fromLayout(stored, 2, picture, layout, back, 0);
  expect([...back]).toEqual([...values]);
});

test('a vector that lies as a picture is channel-major, as flatten means it', () => {
  const stored = new Float32Array(spanOf(layout));
  intoLayout(Float32Array.from([1, 2, 3, 4]), 0, 1, { name: 'x', shape: [4] }, layout, stored, spanOf(layout));
  expect([...stored.subarray(4, 8), ...stored.subarray(12, 16)]).toEqual([0, 1, 2, 0, 0, 3, 4, 0]);
  const back = new Float32Array(8);
  fromLayout(stored, 1, { name: 'x', shape: [4] }, layout, back, 1);
  expect([...back]).toEqual([0, 0, 0, 0, 1, 2, 3, 4]);
});

test('a part of a batch begins where it is told to', () => {
  const stored = new Float32Array(spanOf(layout));
  intoLayout(Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]), 1, 1, { name: 'x', shape: [1, 2, 2] }, layout, stored, spanOf(layout));
  expect([...stored.subarray(5, 7), ...stored.subarray(13, 15)]).toEqual([5, 7, 6, 8]);
});
