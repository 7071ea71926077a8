import { expect, test } from 'vitest';
import { axes } from '../../compiler/ops/sliding.ts';
import type { Sliding } from '../../compiler/ops/sliding.ts';
import { complaints } from '../support/layer.ts';

const sliding = (part: Partial<Sliding>): Sliding => ({
  kernel: [3, 3], stride: [2, 2], dilation: [1, 1], pad: [0, 0, 0, 0], rounding: 'floor', pool: true, ...part,
});
const count = (size: number, part: Partial<Sliding>): number => axes([size, size], sliding(part))[0].count;

test.each([
  ['floor drops the rest', 6, { rounding: 'floor' }, 2],
  ['ceil adds a window', 6, { rounding: 'ceil' }, 3],
  ['ceil leaves out a window that would start past the input and its leading padding', 5, { kernel: [2, 2], stride: [3, 3], pad: [1, 1, 1, 1], rounding: 'ceil' }, 2],
  ['ceil counts a window larger than the picture once', 2, { rounding: 'ceil' }, 1],
  ['caffe is ceil for a pool', 6, { rounding: 'caffe' }, 3],
  ['caffe is floor for a convolution', 6, { rounding: 'caffe', pool: false }, 2],
  ['caffe takes the window back when padding is used', 4, { kernel: [2, 2], stride: [3, 3], pad: [1, 1, 1, 1], rounding: 'caffe' }, 2],
  ['caffe keeps it without padding', 4, { kernel: [2, 2], stride: [3, 3], rounding: 'caffe' }, 2],
  ['same counts strides', 17, { pad: 'same' }, 9],
  ['a dilated window spans more', 9, { dilation: [4, 4] }, 1],
] as const)('%s', (_, size, part, expected) => {
  expect(count(size, part)).toBe(expected);
});

test('same pads less before than after', () => {
  expect(axes([6, 7], sliding({ pad: 'same' }))).toMatchObject([
    { before: 0, after: 1, count: 3 },
    { before: 1, after: 1, count: 4 },
  ]);
});

const pool = (part: object) => [{ name: 'p', op: 'maxpool', kernel: 3, ...part }];

test('a window that does not fit, with the nearest that do', () => {
  expect(complaints([2, 2, 1], pool({}))[0]).toMatchObject({
    code: 'NL3001',
    message: 'p: a window of 3 rows does not fit the 2 rows of its input',
    marked: '3',
    help: expect.stringContaining('use a kernel of at most 2 rows or `pad: 1`') as string,
  });
  expect(complaints([2, 2, 1], [{ name: 'c', op: 'conv', filters: 1, kernel: 9, pad: 2 }])[0]?.message).toBe('c: a window of 9 rows does not fit 6 padded rows');
});

test('a window too large for both directions is one mistake, for the columns alone another', () => {
  expect(complaints([2, 2, 1], pool({}))).toHaveLength(1);
  expect(complaints([9, 2, 1], pool({}))[0]?.message).toBe('p: a window of 3 columns does not fit the 2 columns of its input');
});

test('exact allows no rest, and says what would leave none', () => {
  expect(complaints([6, 6, 1], pool({ stride: 2, rounding: 'exact' }))).toMatchObject([
    {
      code: 'NL3002',
      message: 'p: the windows do not come out even: (6 - 3) / 2 + 1 = 2.5',
      marked: '"exact"',
      label: '`exact` allows no rest, and 1 row is left over',
      help: expect.stringContaining('an input of 5 or 7 rows; `rounding: floor` would make 2 of it, `ceil` 3') as string,
    },
  ]);
  expect(complaints([7, 7, 1], pool({ stride: 2, rounding: 'exact' }))).toEqual([]);
});

test('a pool is padded by half its window at most, a convolution by any amount', () => {
  expect(complaints([9, 9, 1], pool({ stride: 1, pad: 2 }))).toMatchObject([
    { code: 'NL3003', message: 'p: a padding of 2 rows is more than half of a window of 3', marked: '2', help: 'pad by at most 1' },
  ]);
  expect(complaints([9, 9, 1], [{ name: 'c', op: 'conv', filters: 1, kernel: 3, pad: 3 }])).toEqual([]);
});

test('a window that caffe adds without any input is an error', () => {
  expect(complaints([7, 7, 1], pool({ kernel: 1, stride: 4, rounding: 'caffe' }))).toMatchObject([
    { code: 'NL3005', message: 'p: the last window would start at row 8, past the 7 rows of its input', marked: '"caffe"' },
  ]);
});

test('real pixels that no window reads are a warning, padding is not', () => {
  expect(complaints([8, 9, 1], pool({ stride: 2 }))).toMatchObject([
    { code: 'NL3010', message: 'p: no window reads the last row of x', help: '`rounding: ceil` reads them, and so does an input of 9 rows' },
  ]);
  expect(complaints([224, 224, 1], [{ name: 'c', op: 'conv', filters: 1, kernel: 11, stride: 4, pad: 2 }])).toEqual([]);
});

test('pixels between windows are counted too', () => {
  expect(complaints([8, 8, 1], pool({ kernel: 1, stride: 2 }))).toMatchObject([
    { code: 'NL3021', message: 'p: a stride of 2 leaves gaps between windows of 1 row', marked: '2', help: 'a stride of at most 1 reads every row; so does a kernel of 2' },
  ]);
  // Dilated taps at stride 2 read every other pixel.
  const dilated = complaints([7, 7, 1], [{ name: 'c', op: 'conv', filters: 1, kernel: 3, stride: 2, dilation: 2 }]);
  expect(dilated).toMatchObject([{ code: 'NL3010', message: 'c: no window reads 3 of the 7 rows and 3 of the 7 columns of x' }]);
});
