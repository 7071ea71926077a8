// Any convolution has a tile, and its target can hold all it has.

import { expect, test } from 'vitest';
import { countInputRows, inputRows, type ConvSize } from '../../compiler/kernels/conv-tile.ts';
import { convTiles, estimateConv } from '../../compiler/passes/conv-ways.ts';
import { targets } from '../../compiler/passes/targets.ts';
import { winogradTiles } from '../../compiler/passes/winograd-ways.ts';

const plain: ConvSize = { inChannels: 16, outChannels: 32, groups: 1, height: 13, width: 13, kernel: [3, 3], stride: [1, 1], dilation: [1, 1], shift: 0 };

test.each(targets)('$name: tiles stay within what a lane can hold', (target) => {
  for (const width of [1, 2, 5, 13, 28, 55, 56, 57, 112, 224, 1000]) {
    for (const kernel of [[1, 1], [3, 3], [11, 11], [1, 9], [25, 1]] as const) {
      for (const stride of [1, 2, 3, 4]) {
        const size: ConvSize = { ...plain, width, height: 7, kernel, stride: [stride, stride] };
        const tiles = [...convTiles(size, target)];
        expect(tiles).not.toEqual([]);
        expect(tiles.filter(({ rows, columns, blocks }) => columns > width || rows * columns * blocks > target.maxSums)).toEqual([]);
        expect(tiles.filter(({ columns }) => columns < width && (columns * stride) % 4 !== 0)).toEqual([]);
        expect(tiles.filter(({ turn }) => turn !== 'kernel row' && size.inChannels % turn.channels !== 0)).toEqual([]);
      }
    }
  }
});

test('weights in f16 have a cost of their own, but for pointwise kernels', () => {
  const target = targets.find(({ name }) => name === 'subgroups-8') ?? expect.fail('no such target');
  const cheap = { ...target, costs: { ...target.costs, weightLoad: target.costs.halfLoad ?? NaN } };
  const first: ConvSize = { ...plain, inChannels: 3, outChannels: 96, height: 55, width: 55, kernel: [11, 11], stride: [4, 4] };
  const pointwise: ConvSize = { ...plain, inChannels: 96, outChannels: 16, height: 55, width: 55, kernel: [1, 1] };
  for (const tile of convTiles(first, target)) {
    expect(estimateConv(first, target, tile, 'f16')).toBe(estimateConv(first, cheap, tile));
    expect(estimateConv(first, target, tile, 'f16')).toBeLessThan(estimateConv(first, target, tile));
  }
  for (const tile of convTiles(pointwise, target)) expect(estimateConv(pointwise, target, tile, 'f16')).toBe(estimateConv(pointwise, target, tile));
});

test('tiles of a picture come in whole loads or in equal parts, as many as are worth compiling', () => {
  const target = targets.find(({ name }) => name === 'subgroups-8') ?? expect.fail('no such target');
  // 7x7 tiles of 4x4 results.
  const size: ConvSize = { ...plain, height: 27, width: 27, kernel: [5, 5] };
  const cuts = [...winogradTiles(size, target)].filter(({ outputs }) => outputs === 4);
  const countsOf = (blocks: number): readonly number[] => cuts.filter((cut) => cut.blocks === blocks).map(({ tiles }) => tiles).sort((a, b) => a - b);
  expect(countsOf(2)).toEqual([7, 8, 9, 10, 13, 16, 17, 24, 25, 32, 40, 48, 49, 56]);
  expect(countsOf(4)).toEqual([7, 8, 9, 10, 13, 16, 17, 24, 25]);
});

test('input rows are counted as they are', () => {
  const target = targets.find(({ name }) => name === 'subgroups-8') ?? expect.fail('no such target');
  for (const kernel of [[1, 1], [2, 2], [3, 3], [5, 1]] as const) {
    for (const stride of [1, 2, 3, 4]) {
      for (const dilation of [1, 2, 3, 4]) {
        const size: ConvSize = { ...plain, kernel, stride: [stride, stride], dilation: [dilation, 1] };
        for (const tile of convTiles(size, target)) {
          const rows = inputRows(size, tile);
          expect(countInputRows(size, tile), JSON.stringify({ size, tile })).toEqual({ rows: rows.length, uses: rows.flatMap(({ uses }) => uses).length });
        }
      }
    }
  }
});
