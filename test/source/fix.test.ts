import { describe, expect, test } from 'vitest';
import { applyEdits, respell } from '../../compiler/source/fix.ts';
import type { Source, Span } from '../../compiler/source/source.ts';
import { check } from '../support/check.ts';

const source: Source = { path: 'a.yaml', text: 'op: "cnov"\nkernle: 3\n' };
const at = (text: string): Span => ({ source, start: source.text.indexOf(text), end: source.text.indexOf(text) + text.length });

test.each([
  ['kernle', ['filters', 'kernel', 'stride'], 'kernel'],
  ['Max-Pool', ['maxpool', 'avgpool'], 'maxpool'],
  ['dilatoin', ['dilation'], 'dilation'],
  ['dillatoin', ['dilation'], 'dilation'],
  // A guess: as near to one as to the other, a word too short to tell, or too far away.
  ['conv_x', ['conv_a', 'conv_b'], undefined],
  ['pd', ['pad'], undefined],
  ['krnl', ['kernel'], undefined],
  // No slip: another layer, which is gone.
  ['conv3', ['conv1', 'pool3'], undefined],
  ['fc7', ['fc6'], undefined],
])('%s of %j is %s', (word, known, meant) => {
  expect(respell(at('kernle'), word, known)?.edits[0]?.text).toBe(meant);
});

test('quotes around the word stay', () => {
  const fix = respell(at('"cnov"'), 'cnov', ['conv', 'dense']);
  expect(fix?.title).toBe('write conv');
  expect(applyEdits(source, fix?.edits ?? [])).toBe('op: "conv"\nkernle: 3\n');
});

test('edits are made from the front, and one that overlaps another is left out', () => {
  const edits = [
    { span: at('kernle'), text: 'kernel' },
    { span: at('cnov'), text: 'conv' },
    { span: at('nov"'), text: '' },
    { span: { source, start: 0, end: 0 }, text: '# new\n' },
  ];
  expect(applyEdits(source, edits)).toBe('# new\nop: "conv"\nkernel: 3\n');
});

describe('what a spec’s mistakes bring along', () => {
  const base = `netloom: 1
name: tiny
params: { width: 16 }
input: { image: 32x32x3 }
layers:
  conv1: { op: conv, filters: = width, kernel: 3, pad: 1, activation: relu }
  norm1: { op: lrn, size: 5, alpha: 1e-4, beta: 0.75, k: 2, reduce: sum }
  prob: { op: softmax, from: norm1, expect: 32x32x? }
`;

  test.each([
    ['netloom', 'netlom'],
    ['layers', 'layesr'],
    ['kernel', 'kernal'],
    ['"conv"', '"cnov"', 'op: conv', 'op: "conv"'],
    ['lrn', 'lnr'],
    ['relu', 'rleu'],
    ['sum', 'smu'],
    ['from: norm1', 'from: nrom1'],
    ['= width', '= widht'],
    ['= max(width, 8)', '= maxx(width, 8)', 'filters: = width', 'filters: "= max(width, 8)"'],
  ])('%s written as %s', (word, misspelt, from = '', to = '') => {
    const right = base.replace(from, to);
    expect(check(right).diagnostics).toEqual([]);
    const { diagnostics } = check(right.replace(word, misspelt));
    expect(diagnostics).toHaveLength(1);
    const [wrong] = diagnostics;
    expect(wrong?.fix).toBeDefined();
    expect(wrong && applyEdits(wrong.span.source, wrong.fix?.edits ?? [])).toBe(right);
  });

  test.each([
    ['another framework’s word, which may mean something else', 'pad: 1', 'padding: 1'],
    ['a key that would then be there twice', 'kernel: 3', 'kernel: 3, kernal: 3'],
    ['a layer that is not there', 'from: norm1', 'from: norm2'],
  ])('%s', (_, from, to) => {
    const { diagnostics } = check(base.replace(from, to));
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]?.fix).toBeUndefined();
  });
});
