// Any convolution gets a tile that its target can hold, and big ones get a good one.

import { expect, test } from 'vitest';
import type { ConvSize } from '../../compiler/kernels/conv-tile.ts';
import { chooseConvTile, estimateConv } from '../../compiler/passes/choose-conv-tile.ts';
import { targets } from '../../compiler/passes/targets.ts';

const plain: ConvSize = { inChannels: 16, outChannels: 32, groups: 1, height: 13, width: 13, kernel: [3, 3], stride: [1, 1], dilation: [1, 1], shift: 0 };

test.each(targets)('$name: tiles stay within what a lane can hold', (target) => {
  for (const width of [1, 2, 5, 13, 28, 55, 56, 57, 112, 224, 1000]) {
    for (const kernel of [[1, 1], [3, 3], [11, 11], [1, 9], [25, 1]] as const) {
      for (const stride of [1, 2, 3, 4]) {
        const size: ConvSize = { ...plain, width, height: 7, kernel, stride: [stride, stride] };
        const { rows, columns, blocks, turn } = chooseConvTile(size, target, 8);
        expect(columns).toBeLessThanOrEqual(width);
        expect(rows * columns * blocks).toBeLessThanOrEqual(target.maxSums);
        if (columns < width) expect((columns * stride) % 4, `${columns} columns of ${width}, stride ${stride}`).toBe(0);
        if (turn !== 'kernel row') expect(size.inChannels % turn.channels).toBe(0);
      }
    }
  }
});

test('weights in f16 have a cost of their own, but for pointwise kernels', () => {
  const [target] = targets.filter(({ name }) => name === 'subgroups-8');
  if (target === undefined) throw new Error('no such target');
  const first: ConvSize = { ...plain, inChannels: 3, outChannels: 96, height: 55, width: 55, kernel: [11, 11], stride: [4, 4] };
  const cheap = { ...target, costs: { ...target.costs, weightLoad: target.costs.halfLoad ?? NaN } };
  expect(chooseConvTile(first, target, 8, 'f16')).not.toEqual(chooseConvTile(first, target, 8));
  expect(chooseConvTile(first, target, 8, 'f16')).toEqual(chooseConvTile(first, cheap, 8));
  const pointwise: ConvSize = { ...plain, inChannels: 96, outChannels: 16, height: 55, width: 55, kernel: [1, 1] };
  expect(chooseConvTile(pointwise, cheap, 8)).not.toEqual(chooseConvTile(pointwise, target, 8));
  expect(chooseConvTile(pointwise, target, 8, 'f16')).toEqual(chooseConvTile(pointwise, target, 8));
});

test('the tile chosen is the cheapest by the estimate', () => {
  const [target] = targets.filter(({ name }) => name === 'subgroups-8');
  if (target === undefined) throw new Error('no such target');
  const chosen = estimateConv(plain, target, chooseConvTile(plain, target, 8));
  for (const rows of [1, 2, 4]) {
    for (const blocks of [1, 2]) {
      if (rows * 13 * blocks > target.maxSums) continue;
      expect(chosen).toBeLessThanOrEqual(estimateConv(plain, target, { lanes: 8, rows, columns: 13, blocks, turn: { channels: 1 }, shares: 1, stores: 'straight' }));
    }
  }
});
