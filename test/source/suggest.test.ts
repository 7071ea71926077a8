import { expect, test } from 'vitest';
import { listOf, slips, suggest } from '../../compiler/source/suggest.ts';

test.each([
  ['conv', 'conv', 0],
  ['cnov', 'conv', 1],
  ['con', 'conv', 1],
  ['convv', 'conv', 1],
  ['cinv', 'conv', 1],
  ['kernle', 'kernel', 1],
  ['ca', 'abc', 3],
  ['', 'ab', 2],
])('from %s to %s in %i slips', (from, to, count) => {
  expect(slips(from, to, 9)).toBe(count);
  expect(slips(to, from, 9)).toBe(count);
});

test('counting stops at its limit', () => {
  expect(slips('aaaaaaaa', 'bbbbbbbb', 2)).toBe(3);
});

const keys = ['filters', 'kernel', 'stride', 'pad', 'dilation', 'groups', 'bias', 'k', 'size'];

test.each([
  ['filtres', 'filters'],
  ['Filters', 'filters'],
  ['strde', 'stride'],
  ['pd', 'pad'],
  ['max-pool', 'maxpool'],
  ['ceiling', 'ceil'],
  ['x', undefined],
  ['units', undefined],
  ['activation', undefined],
  ['', undefined],
])('%s means %s', (word, meant) => {
  expect(suggest(word, [...keys, 'maxpool', 'ceil'])).toBe(meant);
});

test('of two equally near the one whose number is nearer wins, else the earlier; and a nearer one over both', () => {
  expect(suggest('pool6', ['pool1', 'pool2', 'pool5', 'fool6x'])).toBe('pool5');
  expect(suggest('cona', ['conb', 'conc'])).toBe('conb');
  expect(suggest('conv3', ['conv1', 'conv2'])).toBe('conv2');
  expect(suggest('conv22', ['conv1', 'conv12', 'conv2'])).toBe('conv12');
});

test('lists read as people write them', () => {
  expect(listOf([])).toBe('');
  expect(listOf(['a'])).toBe('a');
  expect(listOf(['a', 'b', 'c'], 'and')).toBe('a, b and c');
  expect(listOf(['a', 'b', 'c'], 'or', 2)).toBe('a, b, … (3 in all)');
});
