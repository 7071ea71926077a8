import { describe, expect, test } from 'vitest';
import { infer, inferPartial } from '../../compiler/passes/infer.ts';
import { collect } from '../../compiler/source/catalog.ts';
import { complaints } from '../support/layer.ts';
import { network } from '../support/network.ts';
import type { Layer } from '../support/network.ts';

/** The convolutions and pools of AlexNet, with some of their attributes changed. */
const alexnet = (changes: Readonly<Record<string, object>> = {}): readonly Layer[] =>
  [
    { name: 'conv1', op: 'conv', filters: 96, kernel: 11, stride: 4, activation: 'relu' },
    { name: 'norm1', op: 'lrn', size: 5, alpha: 1e-4, beta: 0.75, k: 2, reduce: 'mean' },
    { name: 'pool1', op: 'maxpool', kernel: 3, stride: 2 },
    { name: 'conv2', op: 'conv', filters: 256, kernel: 5, pad: 2, activation: 'relu' },
    { name: 'pool2', op: 'maxpool', kernel: 3, stride: 2 },
    { name: 'conv3', op: 'conv', filters: 384, kernel: 3, pad: 1, activation: 'relu' },
    { name: 'conv5', op: 'conv', filters: 256, kernel: 3, pad: 1, activation: 'relu' },
    { name: 'pool5', op: 'maxpool', kernel: 3, stride: 2 },
    { name: 'fc6', op: 'dense', units: 4096, in_features: 9216, activation: 'relu' },
  ].map((layer) => ({ ...layer, ...changes[layer.name] }));

test('a right network has shapes, weights, cost and lowering on every node', () => {
  const graph = infer(network({ image: [227, 227, 3] }, alexnet()), collect().report);
  expect(graph?.nodes.map(({ id, shape }) => `${id} ${shape.join('x')}`)).toEqual([
    'conv1:conv 55x55x96', 'conv1 55x55x96', 'norm1 55x55x96', 'pool1 27x27x96', 'conv2:conv 27x27x256', 'conv2 27x27x256', 'pool2 13x13x256',
    'conv3:conv 13x13x384', 'conv3 13x13x384', 'conv5:conv 13x13x256', 'conv5 13x13x256', 'pool5 6x6x256', 'fc6:dense 4096', 'fc6 4096',
  ]);
  const [conv1, relu1] = graph?.nodes ?? [];
  expect(conv1).toMatchObject({ macs: 105_415_200, flops: 2 * 105_415_200 + 290_400, lowering: { kind: 'conv' } });
  expect(relu1).toMatchObject({ params: [], macs: 0, flops: 290_400, lowering: { kind: 'pointwise' } });
});

describe('6400 values where 9216 were published', () => {
  const [found, ...more] = complaints([224, 224, 3], alexnet());

  test('is one mistake, told with both numbers', () => {
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      code: 'NL3008',
      message: 'fc6: `in_features` is 9216, but 5x5x256 = 6400 values arrive from pool5',
      marked: '9216',
    });
  });

  test('is walked back to conv1', () => {
    expect(found?.related).toEqual([
      'conv1: 224x224x3 becomes 54x54x96: (224 - 11) / 4 + 1 = 54.25, rounded down to 54',
      'pool1: 54x54x96 becomes 26x26x96: (54 - 3) / 2 + 1 = 26.5, rounded down to 26',
      'pool2: 26x26x256 becomes 12x12x256: (26 - 3) / 2 + 1 = 12.5, rounded down to 12',
      'pool5: 12x12x256 becomes 5x5x256: (12 - 3) / 2 + 1 = 5.5, rounded down to 5',
    ]);
  });

  test('has three remedies there, each of which is one', () => {
    expect(found?.help).toBe(
      'write `pad: 2` or `rounding: ceil` in conv1, or give x as 227x227x3: then conv1 gives 55x55x96, and pool5 gives 6x6x256 = 9216 values; ' +
        'otherwise write `in_features: 6400`, or leave it out',
    );
    expect(complaints([224, 224, 3], alexnet({ conv1: { pad: 2 } }))).toEqual([]);
    expect(complaints([224, 224, 3], alexnet({ conv1: { rounding: 'ceil' } }))).toEqual([]);
    expect(complaints([227, 227, 3], alexnet())).toEqual([]);
  });
});

test('the remedy comes from the numbers: a forgotten padding elsewhere is found there', () => {
  const [found] = complaints([227, 227, 3], alexnet({ conv3: { pad: 0 } }));
  expect(found?.help).toMatch(/^write `pad: 1` in conv3.*then conv3 gives 13x13x384, and pool5 gives 6x6x256 = 9216 values/);
  const [small] = complaints([28, 28, 1], [
    { name: 'conv1', op: 'conv', filters: 6, kernel: 5 },
    { name: 'pool1', op: 'maxpool', kernel: 2 },
    { name: 'conv2', op: 'conv', filters: 16, kernel: 5 },
    { name: 'pool2', op: 'maxpool', kernel: 2 },
    { name: 'fc', op: 'dense', units: 120, in_features: 400 },
  ]);
  expect(small?.help).toMatch(/^write `pad: 2` in conv1, or give x as 32x32x1/);
});

test('no remedy is offered that breaks an `expect` on the way', () => {
  const [found] = complaints([224, 224, 3], alexnet({ conv1: { expect: '54x54x96' } }));
  expect(found?.help).not.toContain('conv1');
  expect(found?.help).toContain('write `pad: 1` or `rounding: ceil` in pool1');
});

test('an `expect` that fails says what came instead, and why', () => {
  expect(complaints([224, 224, 3], alexnet({ conv1: { expect: '55x55x96' } }).slice(0, 1))).toMatchObject([
    {
      code: 'NL3009',
      message: 'conv1 gives 54x54x96, not the expected 55x55x96',
      marked: '"55x55x96"',
      label: '(224 - 11) / 4 + 1 = 54.25, rounded down to 54',
      help: 'write `pad: 2` or `rounding: ceil` in conv1, or give x as 227x227x3: then conv1 gives 55x55x96; otherwise write `expect: 54x54x96`',
    },
  ]);
  expect(complaints([9, 9, 3], [{ name: 'a', op: 'conv', filters: 5, kernel: 1, expect: '?x?x6' }])).toMatchObject([
    { message: 'a gives 9x9x5, not the expected ?x?x6', label: 'it is 9x9x5', related: [], help: 'write `filters: 6` in a: then a gives 9x9x6; otherwise write `expect: 9x9x5`' },
  ]);
});

test('a vector is no picture of one pixel to `expect`, and ? is exactly one dimension', () => {
  const gap = { name: 'gap', op: 'global_avgpool' };
  expect(complaints([3, 3, 9], [{ ...gap, expect: '9' }])[0]?.message).toBe('gap gives 1x1x9, not the expected 9');
  expect(complaints([3, 3, 9], [{ ...gap, expect: '?' }])).toHaveLength(1);
  expect(complaints([3, 3, 9], [{ ...gap, expect: '1x?x?' }])).toEqual([]);
});

test('behind a failed `expect` only that is told which is wrong whichever was meant', () => {
  // The layer is wrong, and what follows fits what was expected.
  const layerWrong = alexnet({ conv1: { expect: '55x55x96' }, pool5: { expect: '6x6x256' }, conv3: { groups: 5 } });
  expect(complaints([224, 224, 3], layerWrong).map(({ message }) => message.split(' ')[0])).toEqual(['conv1', 'conv3:']);
  // The `expect` is wrong, and what follows fits what comes.
  const expectWrong = alexnet({ conv1: { expect: '55x55x97' }, conv2: { groups: 2 }, pool5: { rounding: 'exact', expect: '6x6x256' } });
  expect(complaints([227, 227, 3], expectWrong).map(({ code }) => code)).toEqual(['NL3009']);
});

test('layers behind one without a shape are silent, others are not', () => {
  const found = complaints([4, 4, 3], [
    { name: 'a', op: 'maxpool', kernel: 9 },
    { name: 'b', op: 'conv', filters: 4, kernel: 3, groups: 3 },
    { name: 'c', op: 'conv', from: 'x', filters: 4, kernel: 3, groups: 2 },
  ]);
  expect(found.map(({ message }) => message.split(':')[0])).toEqual(['a', 'c']);
});

test('what cannot be counted is an error', () => {
  expect(complaints([9, 9, 3], [{ name: 'a', op: 'conv', filters: 1, kernel: 1, pad: 1e9 }])).toMatchObject([{ code: 'NL3016' }]);
  const heavy = complaints([9, 9, 3], [{ name: 'a', op: 'dense', units: 1e9 }]);
  expect(heavy).toMatchObject([{ code: 'NL3017', message: 'a: a.weight would hold 1000000000x243 = 243000000000 numbers' }]);
  expect(complaints([1e6, 1e6, 3], [{ name: 'a', op: 'relu' }])).toMatchObject([{ code: 'NL3016', marked: '1000000x1000000x3' }]);
});

test('what is known of a broken network ends before its mistakes', () => {
  const { known, complete } = inferPartial(network({ image: [224, 224, 3] }, alexnet({ conv2: { groups: 5 } })), collect().report);
  expect(complete).toBe(false);
  expect(known.nodes.map(({ id }) => id)).toEqual(['conv1:conv', 'conv1', 'norm1', 'pool1']);
});

test('a long network with a mistake at its end is judged in no time', () => {
  const layers = Array.from({ length: 3000 }, (_, i) => ({ name: `c${i}`, op: 'conv', filters: 4, kernel: 3, pad: 1 }));
  const found = complaints([16, 16, 4], [...layers, { name: 'fc', op: 'dense', units: 10, in_features: 9 }]);
  expect(found).toHaveLength(1);
});
