// Expressions: the text after `=`, and all of a contract. Chevrotain reads them into a small tree in which every part
// knows where it stands, so that whoever evaluates it can point at the character to blame. The grammar is that of
// Python where both have the same sign: `-2 ** 2` is -4, `//` and `%` round towards minus infinity.

import type { IToken, ParserMethod, TokenType } from 'chevrotain';
import { createToken, EmbeddedActionsParser, EOF, Lexer } from 'chevrotain';

/** A part of a text, as offsets into it. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**' | '==' | '!=' | '<' | '<=' | '>' | '>=' | 'and' | 'or';

export type Expression = Place &
  (
    | { readonly kind: 'number'; readonly value: number }
    | { readonly kind: 'shape'; readonly sizes: readonly (number | '?')[] }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[]; readonly at: Place }
    | { readonly kind: 'unary'; readonly operator: '-' | '+' | 'not'; readonly operand: Expression; readonly at: Place }
    | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression; readonly at: Place }
  );

/** Where an expression goes wrong, and what could stand there. */
export interface SyntaxFault extends Place {
  readonly expected: string;
}

const longest = 1000;
const deepest = 40;

const suffixes: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

const literal = String.raw`(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?`;
const wholeLiteral = new RegExp(`^\\s*([+-]?)\\s*(${literal})\\s*(k|M|G|KiB|MiB|GiB)?\\s*$`);

/** `1_000`, `1e-4`, `1k`, `256MiB`, with a sign or not; undefined where the text is no number. May be infinite. */
export function readLiteral(text: string): number | undefined {
  const found = wholeLiteral.exec(text);
  if (!found) return undefined;
  const [, sign, digits = '', suffix] = found;
  const value = Number(digits.replaceAll('_', '')) * (suffix === undefined ? 1 : (suffixes[suffix] ?? 1));
  return sign === '-' ? -value : value;
}

const size = String.raw`(?:\d+|\?)`;
const wholeShape = new RegExp(`^\\s*${size}(?:\\s*[x×]\\s*${size})*\\s*$`);

/** `224x224x3`, `?x?x96`, `4096`; undefined where the text is no shape. */
export function readShape(text: string): readonly (number | '?')[] | undefined {
  if (!wholeShape.test(text)) return undefined;
  return text.split(/[x×]/).map((part) => (part.trim() === '?' ? '?' : Number(part)));
}

const name = /\p{L}[\p{L}\p{M}\p{N}_]*(?:[-.][\p{L}\p{M}\p{N}_]+)*/uy;
/** A function, because Chevrotain would drop the `u` that letters of all scripts need. */
const nameAt = (text: string, offset: number): RegExpExecArray | null => {
  name.lastIndex = offset;
  return name.exec(text);
};
const Name = createToken({ name: 'Name', pattern: nameAt, line_breaks: false });
const word = (name: string): TokenType => createToken({ name, pattern: new RegExp(name), longer_alt: Name });
const sign = (name: string, pattern: RegExp): TokenType => createToken({ name, pattern });
const Blank = createToken({ name: 'Blank', pattern: /\s+/, group: Lexer.SKIPPED, line_breaks: true });
const ShapeLiteral = sign('Shape', new RegExp(`${size}(?:[ \\t]*[x×][ \\t]*${size})+`));
const NumberLiteral = sign('Number', new RegExp(`${literal}(?:KiB|MiB|GiB|[kMG])?`));
const And = word('and');
const Or = word('or');
const Not = word('not');
const Power = sign('Power', /\*\*/);
const Product = sign('Product', /\/\/|[*/%]/);
const Sum = sign('Sum', /[+-]/);
const Compare = sign('Compare', /[=!<>]=|[<>]/);
const Open = sign('Open', /\(/);
const Close = sign('Close', /\)/);
const Comma = sign('Comma', /,/);
const tokens = [Blank, ShapeLiteral, NumberLiteral, And, Or, Not, Name, Power, Product, Sum, Compare, Open, Close, Comma];

const placeOf = (token: IToken): Place => ({ start: token.startOffset, end: token.startOffset + token.image.length });

const unary = (operator: IToken, operand: Expression): Expression => ({
  kind: 'unary',
  operator: operator.image as '-' | '+' | 'not',
  operand,
  at: placeOf(operator),
  start: operator.startOffset,
  end: operand.end,
});

const binary = (left: Expression, operator: IToken, right: Expression): Expression => ({
  kind: 'binary',
  operator: operator.image as BinaryOperator,
  left,
  right,
  at: placeOf(operator),
  start: left.start,
  end: right.end,
});

type Rule = ParserMethod<[], Expression>;

class Grammar extends EmbeddedActionsParser {
  readonly whole: Rule;

  constructor() {
    // The grammar is fixed and tested; checking it again at every start would take most of the start.
    super(tokens, { skipValidations: true, maxLookahead: 1 });

    const leftToRight = (name: string, operator: TokenType, operand: Rule): Rule =>
      this.RULE(name, () => {
        let left = this.SUBRULE(operand);
        this.MANY(() => {
          const token = this.CONSUME(operator);
          const right = this.SUBRULE2(operand);
          left = this.ACTION(() => binary(left, token, right));
        });
        return left;
      });

    const inner: { any?: Rule; unary?: Rule } = {};

    const call = this.RULE('nameOrCall', (): Expression => {
      const name = this.CONSUME(Name);
      const args: Expression[] = [];
      let end: IToken | undefined;
      this.OPTION(() => {
        this.CONSUME(Open);
        this.MANY_SEP({ SEP: Comma, DEF: () => args.push(this.SUBRULE(inner.any as Rule)) });
        end = this.CONSUME(Close);
      });
      return this.ACTION(() =>
        end === undefined
          ? { kind: 'name', name: name.image, ...placeOf(name) }
          : { kind: 'call', name: name.image, args, at: placeOf(name), start: name.startOffset, end: placeOf(end).end },
      );
    });

    const atom = this.RULE('atom', (): Expression =>
      this.OR([
        {
          ALT: () => {
            const token = this.CONSUME(NumberLiteral);
            return this.ACTION((): Expression => ({ kind: 'number', value: readLiteral(token.image) ?? NaN, ...placeOf(token) }));
          },
        },
        {
          ALT: () => {
            const token = this.CONSUME(ShapeLiteral);
            return this.ACTION((): Expression => ({ kind: 'shape', sizes: readShape(token.image) ?? [], ...placeOf(token) }));
          },
        },
        { ALT: () => this.SUBRULE(call) },
        {
          ALT: () => {
            const open = this.CONSUME(Open);
            const within = this.SUBRULE2(inner.any as Rule);
            const close = this.CONSUME(Close);
            return this.ACTION((): Expression => ({ ...within, start: open.startOffset, end: placeOf(close).end }));
          },
        },
      ]),
    );

    const power = this.RULE('power', (): Expression => {
      const base = this.SUBRULE(atom);
      let whole = base;
      this.OPTION(() => {
        const token = this.CONSUME(Power);
        const exponent = this.SUBRULE(inner.unary as Rule);
        whole = this.ACTION(() => binary(base, token, exponent));
      });
      return whole;
    });

    inner.unary = this.RULE('unary', (): Expression =>
      this.OR([
        {
          ALT: () => {
            const token = this.CONSUME(Sum);
            const operand = this.SUBRULE(inner.unary as Rule);
            return this.ACTION(() => unary(token, operand));
          },
        },
        { ALT: () => this.SUBRULE(power) },
      ]),
    );

    const sum = leftToRight('sum', Sum, leftToRight('product', Product, inner.unary));

    const comparison = this.RULE('comparison', (): Expression => {
      const left = this.SUBRULE(sum);
      let whole = left;
      this.OPTION(() => {
        const token = this.CONSUME(Compare);
        const right = this.SUBRULE2(sum);
        whole = this.ACTION(() => binary(left, token, right));
      });
      return whole;
    });

    const negation: Rule = this.RULE('negation', (): Expression =>
      this.OR([
        {
          ALT: () => {
            const token = this.CONSUME(Not);
            const operand = this.SUBRULE(negation);
            return this.ACTION(() => unary(token, operand));
          },
        },
        { ALT: () => this.SUBRULE(comparison) },
      ]),
    );

    inner.any = leftToRight('any', Or, leftToRight('all', And, negation));
    this.whole = inner.any;
    this.performSelfAnalysis();
  }
}

// Made when the first expression is met: a spec without one does not pay for the grammar.
let machine: { readonly lexer: Lexer; readonly grammar: Grammar } | undefined;

type Parsed = { readonly tree: Expression } | { readonly fault: SyntaxFault };

/** A spec says `96 * width` many times, and an editor reads it again at every key. */
const read = new Map<string, Parsed>();
const mostRead = 2000;

/** Reads an expression. Places are offsets into `text`. */
export function parseExpression(text: string): Parsed {
  const known = read.get(text);
  if (known) return known;
  const parsed = parseAnew(text);
  if (read.size >= mostRead) read.clear();
  read.set(text, parsed);
  return parsed;
}

function parseAnew(text: string): Parsed {
  if (text.length > longest) return { fault: { start: longest, end: text.length, expected: `at most ${longest} characters` } };
  machine ??= { lexer: new Lexer(tokens, { skipValidations: true, positionTracking: 'onlyOffset', safeMode: true }), grammar: new Grammar() };
  const lexed = machine.lexer.tokenize(text);
  const [stray] = lexed.errors;
  if (stray) {
    const image = text.slice(stray.offset, stray.offset + stray.length);
    const expected = image.startsWith('=') ? '`==` to compare' : image.startsWith('?') ? 'a shape such as ?x?x96' : 'a number, a name or an operator';
    return { fault: { start: stray.offset, end: stray.offset + stray.length, expected } };
  }
  let depth = 0;
  for (const token of lexed.tokens) {
    if (token.tokenType === Open) depth++;
    if (token.tokenType === Close) depth--;
    if (depth > deepest) return { fault: { ...placeOf(token), expected: `at most ${deepest} nested parentheses` } };
  }
  const { grammar } = machine;
  grammar.input = lexed.tokens;
  const tree = grammar.whole();
  const [error] = grammar.errors;
  if (!error) return { tree };
  const end = { start: text.trimEnd().length, end: text.trimEnd().length };
  const place = error.token.tokenType === EOF ? end : placeOf(error.token);
  return { fault: { ...place, expected: expectedBy(error.name, error.message, error.token) } };
}

function expectedBy(kind: string, message: string, found: IToken): string {
  if (kind === 'NotAllInputParsedException') {
    if (found.tokenType === Close) return 'an operator or the end: nothing is open here';
    return found.tokenType === Compare ? '`and` or `or`: comparisons do not chain' : 'an operator or the end';
  }
  if (message.includes('type --> Close')) return 'an operator or `)`';
  return 'a number, a name or `(`';
}
