import { describe, expect, test } from 'vitest';
import { collect } from '../../compiler/source/catalog.ts';
import type { Source } from '../../compiler/source/source.ts';
import type { Value } from '../../compiler/spec/evaluate.ts';
import { evaluate, fractionIn } from '../../compiler/spec/evaluate.ts';
import { parseExpression, readLiteral, readShape } from '../../compiler/spec/expression.ts';

const names = new Map<string, Value>([['classes', 1000], ['width', 0.125], ['n', 3], ['größe', 7], ['big-net', 1]]);

/** An expression's value, or what is wrong with it and the text that is marked. */
function result(text: string): unknown {
  const parsed = parseExpression(text);
  if ('fault' in parsed) return `${text.slice(parsed.fault.start, parsed.fault.end)}| expected ${parsed.fault.expected}`;
  const source: Source = { path: '', text };
  const { report, diagnostics } = collect();
  const value = evaluate(parsed.tree, { names, report, text, span: ({ start, end }) => ({ source, start, end }) });
  const [first] = diagnostics;
  expect(diagnostics.length).toBe(value === undefined ? 1 : 0);
  return first ? `${text.slice(first.span.start, first.span.end)}| ${first.message}` : value;
}

test.each([
  ['1_000 + 1k', 2000],
  ['1e-4', 1e-4],
  ['.5 + 2.', 2.5],
  ['256MiB == 2 ** 28', true],
  ['3G / 3M', 1000],
  ['2 + 3 * 4', 14],
  ['(2 + 3) * 4', 20],
  ['2 - 3 - 4', -5],
  ['-2 ** 2', -4],
  ['2 ** -1', 0.5],
  ['2 ** 3 ** 2', 512],
  ['- -3', 3],
  ['7 // 2', 3],
  ['-7 // 2', -4],
  ['-7 % 3', 2],
  ['7.5 % 2', 1.5],
  ['0.29 * 100', 29],
  ['0.1 + 0.2 == 0.3', false],
  ['round(2.5)', 3],
  ['round(-2.5)', -2],
  ['round(37, 8)', 40],
  ['round(36, 8)', 40],
  ['floor(-0.5)', -1],
  ['ceil(0.1)', 1],
  ['min(3, 1, 2) + max(4)', 5],
  ['if(classes > 10, 1, 1 / 0)', 1],
  ['if(n == 3 and not (n > 3 or n < 3), 96 * width, 0)', 12],
  ['n != 3 or classes >= 1000', true],
  ['n == 4 and 1 / 0 > 1', false],
  ['größe + big-net', 8],
  ['6x6x256 == ?x6x256', true],
  ['6x6x256 != 6x6x255', true],
  ['6x6x256 == 256x6', false],
])('%s is %j', (text, value) => {
  expect(result(text)).toBe(value);
});

test('shapes stand in expressions too', () => {
  expect(result('if(n > 2, 55x55x96, 27 × 27 × ?)')).toEqual([55, 55, 96]);
  expect(result('if(n > 3, 55x55x96, 27 × 27 × ?)')).toEqual([27, 27, '?']);
});

describe('mistakes are marked at their character', () => {
  test.each([
    ['', '| expected a number, a name or `(`'],
    ['3 +', '| expected a number, a name or `(`'],
    ['1 +* 2', '*| expected a number, a name or `(`'],
    ['1 2', '2| expected an operator or the end'],
    ['(1', '| expected an operator or `)`'],
    ['1)', ')| expected an operator or the end: nothing is open here'],
    ['1 < 2 < 3', '<| expected `and` or `or`: comparisons do not chain'],
    ['n = 3', '=| expected `==` to compare'],
    ['1 + ?', '?| expected a shape such as ?x?x96'],
    ['1 $ 2', '$| expected a number, a name or an operator'],
    ['1kk', 'k| expected an operator or the end'],
    ['1 / (n - 3)', '/| 1 / (n - 3) divides by zero'],
    ['1 // 0', '//| 1 // 0 divides by zero'],
    ['5 % (n - 3)', '%| 5 % (n - 3) divides by zero'],
    ['0 ** -1', '**| 0 ** -1 divides by zero'],
    ['round(5, 0)', '0| round(x , 0) divides by zero'],
    ['10 ** 30', '**| the result is 1.00000e+30, beyond the whole numbers that can be told apart (2^53)'],
    ['9007199254740993', '9007199254740993| the result is 9.00720e+15, beyond the whole numbers that can be told apart (2^53)'],
    ['10 ** 400', '**| the result is infinite, beyond the whole numbers that can be told apart (2^53)'],
    ['(-8) ** 0.5', '**| the result is no number, beyond the whole numbers that can be told apart (2^53)'],
    ['1 + clases', 'clases| there is no param `clases`'],
    ['flor(1)', 'flor| there is no function `flor`'],
    ['toString(1)', 'toString| there is no function `toString`'],
    ['floor(1, 2)', 'floor| floor takes 1 argument, not 2'],
    ['if(n > 2, 1)', 'if| if takes 3 arguments, not 2'],
    ['min()', 'min| min takes 1 or more arguments, not 0'],
    ['if(n, 1, 2)', 'n| `if` needs a comparison, but n is a number'],
    ['1 + (n > 2)', '(n > 2)| `+` needs a number, but (n > 2) is a comparison'],
    ['6x6x256 + 1', '6x6x256| `+` needs a number, but 6x6x256 is a shape'],
    ['n == 6x6x256', '6x6x256| `==` needs a number, but 6x6x256 is a shape'],
  ])('%s', (text, mark) => {
    expect(result(text)).toBe(mark);
  });

  test('a name without a value has been reported: nothing is said again', () => {
    const parsed = parseExpression('2 * broken + 1');
    const { report, diagnostics } = collect();
    const value = 'tree' in parsed ? evaluate(parsed.tree, { names: new Map([['broken', undefined]]), report, text: '', span: (): never => { throw new Error('asked'); } }) : 0;
    expect([value, diagnostics.length]).toEqual([undefined, 0]);
  });

  test.each([
    ['classes / 3', '/'],
    ['2 * (classes / 3) + 1', '/'],
    ['width * 4', 'width'],
    ['n * 1.5', '1.5'],
    ['max(1, n / 2)', '/'],
    ['-(n / 2)', '/'],
  ])('the fraction of %s is made by %s', (text, mark) => {
    const parsed = parseExpression(text);
    const place = 'tree' in parsed ? fractionIn(parsed.tree, names) : { start: 0, end: 0 };
    expect(text.slice(place.start, place.end)).toBe(mark);
  });
});

describe('what is built to exhaust is refused', () => {
  test.each([
    ['parentheses', '('.repeat(400)],
    ['closed ones', `${'('.repeat(400)}1${')'.repeat(400)}`],
    ['signs', `${'-'.repeat(900)}1`],
    ['not', `${'not '.repeat(240)}n > 1`],
    ['powers', Array.from({ length: 400 }, () => '1').join('**')],
    ['length', '1+'.repeat(5000)],
    ['calls', 'min('.repeat(200)],
  ])('%s', (_, text) => {
    expect(() => result(text)).not.toThrow();
  });

  test('random text of the grammar never throws', () => {
    const parts = ['1', 'n', ' ', '+', '-', '*', '/', '//', '%', '**', '(', ')', ',', '<', '==', 'and', 'not ', 'or', 'if(', 'round(', '?x3', 'x', '×', '=', '"', '🚀', '.5', '1k'];
    let state = 12345;
    const next = (): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32;
    for (let round = 0; round < 3000; round++) {
      const text = Array.from({ length: 1 + Math.floor(next() * 12) }, () => parts[Math.floor(next() * parts.length)] ?? '').join('');
      const parsed = parseExpression(text);
      if ('tree' in parsed) evaluate(parsed.tree, { names, report: () => undefined, text, span: ({ start, end }) => ({ source: { path: '', text }, start, end }) });
      else expect(parsed.fault.start).toBeLessThanOrEqual(text.length);
    }
  });
});

test.each([
  ['1_000', 1000],
  ['1k', 1000],
  ['-2.5e3', -2500],
  [' 3 MiB ', 3 * 2 ** 20],
  ['0x10', undefined],
  ['1k5', undefined],
  ['', undefined],
  ['_1', undefined],
])('the literal %j is %j', (text, value) => {
  expect(readLiteral(text)).toBe(value);
});

test.each([
  ['224x224x3', [224, 224, 3]],
  ['224 × 224 × 3', [224, 224, 3]],
  ['?x?x96', ['?', '?', 96]],
  ['0x10', [0, 10]],
  ['4096', [4096]],
  ['16x', undefined],
  ['16xx3', undefined],
  ['a', undefined],
])('the shape %j is %j', (text, sizes) => {
  expect(readShape(text)).toEqual(sizes);
});
