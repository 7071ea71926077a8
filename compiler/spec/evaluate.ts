// What an expression is worth. Arithmetic is that of float64, kept within the whole numbers it can tell apart; every
// mistake is reported at the operator, name or function that made it.

import type { Report } from '../source/catalog.ts';
import { catalog } from '../source/catalog.ts';
import { respell } from '../source/fix.ts';
import type { Span } from '../source/source.ts';
import { listOf, suggest } from '../source/suggest.ts';
import type { BinaryOperator, Expression, Place } from './expression.ts';

export type Value = number | boolean | readonly (number | '?')[];

/** The names an expression may use. A name without a value has been reported: expressions that use it stay silent. */
export interface Names {
  has(name: string): boolean;
  get(name: string): Value | undefined;
  keys(): Iterable<string>;
}

export interface Site {
  readonly names: Names;
  readonly report: Report;
  /** Where a part of the expression stands in its source. */
  readonly span: (place: Place) => Span;
  /** The expression's text. */
  readonly text: string;
}

interface Builtin {
  readonly arity: readonly [least: number, most: number];
  readonly usage: string;
  readonly of: (...args: readonly number[]) => number;
}

const builtins: Readonly<Record<string, Builtin>> = {
  min: { arity: [1, Infinity], usage: 'min(a, b, …)', of: (...args) => Math.min(...args) },
  max: { arity: [1, Infinity], usage: 'max(a, b, …)', of: (...args) => Math.max(...args) },
  round: { arity: [1, 2], usage: 'round(x) or round(x, multiple)', of: (x = 0, multiple = 1) => Math.floor(x / multiple + 0.5) * multiple },
  floor: { arity: [1, 1], usage: 'floor(x)', of: (x = 0) => Math.floor(x) },
  ceil: { arity: [1, 1], usage: 'ceil(x)', of: (x = 0) => Math.ceil(x) },
};

/** The functions that an expression may call. */
export const functionNames: readonly string[] = ['if', ...Object.keys(builtins)];

/** The value of an expression; undefined after reporting. */
export function evaluate(expression: Expression, site: Site): Value | undefined {
  switch (expression.kind) {
    case 'number':
      return bounded(expression.value, expression, site);
    case 'shape':
      return expression.sizes;
    case 'name':
      return named(expression, site);
    case 'call':
      return called(expression, site);
    case 'unary': {
      if (expression.operator === 'not') {
        const value = operand(expression.operand, 'boolean', 'not', site);
        return value === undefined ? undefined : !value;
      }
      const value = operand(expression.operand, 'number', expression.operator, site);
      return value === undefined || expression.operator === '+' ? value : -value;
    }
    case 'binary':
      return combined(expression, site);
  }
}

/**
 * The part of an expression that leaves a fraction: the operator or name that is not whole although all it works on is.
 * For an expression whose value is a fraction.
 */
export function fractionIn(expression: Expression, names: Names): Place {
  const silent: Site = { names, text: '', span: () => ({ source: { path: '', text: '' }, start: 0, end: 0 }), report: () => undefined };
  const parts =
    expression.kind === 'binary' ? [expression.left, expression.right]
    : expression.kind === 'unary' ? [expression.operand]
    : expression.kind === 'call' ? expression.args
    : [];
  const part = parts.find((candidate) => {
    const value = evaluate(candidate, silent);
    return typeof value === 'number' && !Number.isInteger(value);
  });
  if (part) return fractionIn(part, names);
  return 'at' in expression ? expression.at : expression;
}

function named(expression: Expression & { readonly kind: 'name' }, { names, report, span }: Site): Value | undefined {
  const { name } = expression;
  if (names.has(name)) return names.get(name);
  const known = [...names.keys()];
  const near = suggest(name, known);
  const minus = name.includes('-') && known.includes(name.split('-')[0] ?? '') ? name.split('-').join(' - ') : undefined;
  const help =
    minus !== undefined ? `a name may hold a \`-\`; to subtract, put blanks around it: \`${minus}\``
    : near !== undefined ? `did you mean \`${near}\`?`
    : functionNames.includes(name) ? `${name} is a function: write ${builtins[name]?.usage ?? 'if(condition, then, else)'}`
    : known.length > 0 ? `the spec's params are ${listOf(known, 'and')}`
    : 'declare it below `params:`, with its value';
  const fix = minus === undefined ? respell(span(expression), name, known) : undefined;
  report(catalog.unknownParam, span(expression), { name }, { help, fix });
  return undefined;
}

function called(expression: Expression & { readonly kind: 'call' }, site: Site): Value | undefined {
  const { name, args } = expression;
  const builtin = Object.hasOwn(builtins, name) ? builtins[name] : undefined;
  if (name !== 'if' && !builtin) {
    const near = suggest(name, functionNames);
    const help = near === undefined ? `the functions are ${listOf(functionNames, 'and')}` : `did you mean \`${near}\`?`;
    const at = site.span(expression.at);
    site.report(catalog.unknownFunction, at, { name }, { help, fix: respell(at, name, functionNames) });
    return undefined;
  }
  const [least, most] = builtin?.arity ?? [3, 3];
  if (args.length < least || args.length > most) {
    const takes = most === Infinity ? `${least} or more arguments` : `${least === most ? least : `${least} or ${most}`} argument${most === 1 ? '' : 's'}`;
    const usage = builtin?.usage ?? 'if(condition, then, else)';
    site.report(catalog.wrongArguments, site.span(expression.at), { name, takes, count: args.length, usage });
    return undefined;
  }
  if (!builtin) {
    const [condition, then, otherwise] = args;
    const holds = condition && operand(condition, 'boolean', 'if', site);
    const chosen = holds === true ? then : otherwise;
    return holds === undefined || !chosen ? undefined : evaluate(chosen, site);
  }
  const values = args.map((arg) => operand(arg, 'number', name, site));
  if (!values.every((value) => value !== undefined)) return undefined;
  if (name === 'round' && values[1] === 0) {
    site.report(catalog.divisionByZero, site.span(args[1] ?? expression.at), { left: 'round(x', operator: ',', right: '0)' });
    return undefined;
  }
  return bounded(tidy(builtin.of(...values)), expression.at, site);
}

function combined(expression: Expression & { readonly kind: 'binary' }, site: Site): Value | undefined {
  const { operator, left, right, at } = expression;
  if (operator === 'and' || operator === 'or') {
    const first = operand(left, 'boolean', operator, site);
    if (first === undefined || first === (operator === 'or')) return first;
    return operand(right, 'boolean', operator, site);
  }
  if (operator === '==' || operator === '!=') {
    const a = evaluate(left, site);
    const b = a === undefined ? undefined : operand(right, kindOf(a), operator, site);
    return a === undefined || b === undefined ? undefined : same(a, b) === (operator === '==');
  }
  const a = operand(left, 'number', operator, site);
  const b = operand(right, 'number', operator, site);
  if (a === undefined || b === undefined) return undefined;
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  if (operator === '>') return a > b;
  if (operator === '>=') return a >= b;
  if ((b === 0 && (operator === '/' || operator === '//' || operator === '%')) || (operator === '**' && a === 0 && b < 0)) {
    const textOf = (part: Expression): string => site.text.slice(part.start, part.end);
    site.report(catalog.divisionByZero, site.span(at), { left: textOf(left), operator, right: textOf(right) });
    return undefined;
  }
  return bounded(tidy(arithmetic(operator, a, b)), at, site);
}

function arithmetic(operator: Exclude<BinaryOperator, '==' | '!=' | '<' | '<=' | '>' | '>=' | 'and' | 'or'>, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '//':
      return Math.floor(tidy(a / b));
    case '%':
      return a - b * Math.floor(tidy(a / b));
    case '**':
      return a ** b;
  }
}

/** 0.29 * 100 is 29 to whoever writes it; binary fractions make it 28.999999999999996. */
function tidy(value: number): number {
  const whole = Math.round(value);
  return whole !== 0 && Math.abs(value - whole) <= 1e-12 * Math.abs(value) ? whole : value;
}

function bounded(value: number, place: Place, site: Site): number | undefined {
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
  const what = 'the result';
  const shown = Number.isNaN(value) ? 'no number' : Number.isFinite(value) ? value.toPrecision(6) : 'infinite';
  site.report(catalog.overflow, site.span(place), { what, value: shown });
  return undefined;
}

const kindOf = (value: Value): 'number' | 'boolean' | 'shape' => (typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'shape');

const kinds = { number: 'a number', boolean: 'a comparison', shape: 'a shape' } as const;

interface Kinds {
  readonly number: number;
  readonly boolean: boolean;
  readonly shape: readonly (number | '?')[];
}

/** A part's value, which must be of this kind. */
function operand<Kind extends keyof Kinds>(expression: Expression, kind: Kind, operator: string, site: Site): Kinds[Kind] | undefined {
  const value = evaluate(expression, site);
  if (value === undefined) return undefined;
  if (kindOf(value) === kind) return value as Kinds[Kind];
  const text = site.text.slice(expression.start, expression.end);
  site.report(catalog.wrongOperand, site.span(expression), { operator, wanted: kinds[kind], text, found: kinds[kindOf(value)] });
  return undefined;
}

function same(a: Value, b: Value): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  return a.length === b.length && a.every((size, axis) => size === '?' || b[axis] === '?' || size === b[axis]);
}
