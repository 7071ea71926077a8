import { describe, expect, test } from 'vitest';
import { applyEdits } from '../../compiler/source/fix.ts';
import { check } from '../support/check.ts';

// The last row and column of the picture are read by no window: NL3010 at the kernel; nobody reads `side`: NL2018.
const spec = (kernel = '', side = ''): string => `netloom: 1
name: tiny
input: { image: 32x32x3 }
layers:
  pool:
    op: maxpool
    kernel: 3${kernel}
    stride: 2
  side: { op: relu }${side}
  prob: { op: softmax, from: pool, expect: 15x15x3 }
`;

const codes = (text: string): readonly string[] => check(text).diagnostics.map(({ code, message }) => `${code} ${message}`);
const code = (text: string): readonly string[] => check(text).diagnostics.map((one) => one.code);

test('what there is to ignore', () => {
  expect(code(spec())).toEqual(['NL3010', 'NL2018']);
});

describe('heard', () => {
  test('on its line alone', () => {
    expect(code(spec(' # netloom-ignore NL3010: the border is black'))).toEqual(['NL2018']);
    expect(code(spec('', ' # netloom-ignore NL2018: read by a tool'))).toEqual(['NL3010']);
    expect(code(spec(' # netloom-ignore NL2018: on the wrong line'))).toEqual(['NL3010', 'NL2038', 'NL2018']);
  });

  test('of several codes, those that are there', () => {
    expect(codes(spec(' # netloom-ignore NL3010, NL3011: black'))).toEqual(['NL2038 there is no NL3011 on this line to ignore', 'NL2018 nobody reads side']);
  });

  test('in any writing of comments', () => {
    expect(code(spec(' #netloom-ignore NL3010:x\r').replaceAll('\n', '\r\n').replaceAll('\r\r', '\r'))).toEqual(['NL2018']);
    expect(code(spec(' # netloom-ignore   NL3010 , NL3010: twice'))).not.toContain('NL3010');
  });
});

describe('not heard, and told', () => {
  test.each([
    ['# netloom-ignore', 'NL2039 this ignores nothing: it names no code'],
    ['# netloom-ignore NL3010', 'NL2039 this ignores nothing: it gives no reason'],
    ['# netloom-ignore NL3010:', 'NL2039 this ignores nothing: it gives no reason'],
    ['# netloom-ignore pixels: black', 'NL2039 this ignores nothing: `pixels` is no code'],
  ])('%s', (comment, message) => {
    expect(codes(spec(` ${comment}`))).toContain(message);
    expect(code(spec(` ${comment}`))).toContain('NL3010');
  });

  test('an error, which stays', () => {
    const text = spec(' # netloom-ignore NL3001: fits').replace('kernel: 3', 'kernel: 99');
    expect(codes(text)).toEqual([
      expect.stringMatching(/^NL3001/),
      'NL2039 this ignores nothing: NL3001 is an error here, and only warnings can be ignored',
      'NL2018 nobody reads side',
    ]);
  });

  test('beside an error nothing is called unused: what it is for may be left unsaid', () => {
    expect(code(spec(' # netloom-ignore NL3010: black').replace('op: relu', 'op: rleu'))).toEqual(['NL2005']);
  });

  test('in quotes and in text over several lines it is no comment', () => {
    const quoted = spec().replace('name: tiny', 'name: tiny\nsummary: "# netloom-ignore NL3010: no"');
    const block = spec().replace('name: tiny', 'name: tiny\nsummary: |\n  # netloom-ignore NL3010: no');
    expect([code(quoted), code(block)]).toEqual([['NL3010', 'NL2018'], ['NL3010', 'NL2018']]);
  });
});

test('the fix of an unused one takes the comment away, and nothing else', () => {
  const text = spec().replace('name: tiny', 'name: tiny   # netloom-ignore NL3010: long gone');
  const unused = check(text).diagnostics.find((one) => one.code === 'NL2038');
  expect(unused && applyEdits(unused.span.source, unused.fix?.edits ?? [])).toBe(spec());
});

describe('in a block', () => {
  // A stride of 2 under a window of 1: NL3021, inside the block.
  const blocks = (inner = '', first = '', second = '', third = ''): string => `netloom: 1
name: tiny
input: { image: 32x32x3 }
blocks:
  thin:
    layers:
      skip: { op: conv, filters: 3, kernel: 1, stride: 2 }${inner}
  twice:
    layers:
      a: { use: thin }${third}
      b: { op: relu }
layers:
  one: { use: thin }${first}
  two: { use: twice, repeat: 2, expect: 4x4x3 }${second}
`;
  const told = (text: string): readonly string[] =>
    check(text).diagnostics.map((one) => [one.code, one.message.split(':')[0], ...one.related.map(({ note }) => note)].join('; '));
  const ignore = ' # netloom-ignore NL3021: as published';

  test('what there is to ignore is told once, with all that use the block', () => {
    expect(told(blocks())).toEqual(['NL3021; one.skip; one uses thin; two.1.a uses thin; two.1 uses twice']);
  });

  test('on the line of the block: for all uses', () => {
    expect(told(blocks(ignore))).toEqual([]);
  });

  test('on the line that uses it: for that use', () => {
    expect(told(blocks('', ignore))).toEqual(['NL3021; two.1.a.skip; two.1.a uses thin; two.1 uses twice']);
    expect(told(blocks('', '', ignore))).toEqual(['NL3021; one.skip; one uses thin']);
    expect(told(blocks('', ignore, ignore))).toEqual([]);
  });

  test('on a line of a block that uses it', () => {
    expect(told(blocks('', '', '', ignore))).toEqual(['NL3021; one.skip; one uses thin']);
    expect(told(blocks('', ignore, '', ignore))).toEqual([]);
  });

  test('of which nothing is left, told', () => {
    expect(told(blocks(ignore, ignore))).toEqual(['NL2038; there is no NL3021 on this line to ignore']);
    expect(told(blocks('', ' # netloom-ignore NL3010: black'))).toContain('NL2038; there is no NL3010 on this line to ignore');
  });
});
