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

/** The layers that a contract may ask about. One that is not right has no shape and no parameters. */
export interface LayerFacts {
  has(name: string): boolean;
  keys(): Iterable<string>;
  shape(name: string): readonly number[] | undefined;
  parameters(name: string): number | undefined;
}

/** Amounts of the whole network, which a contract may use like params. */
export const amounts = ['parameters', 'macs', 'flops', 'weights', 'activations'] as const;

export const isAmount = (name: string): boolean => (amounts as readonly string[]).includes(name);

export interface Site {
  readonly names: Names;
  /** Present in a contract. */
  readonly layers?: LayerFacts;
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

/** Those of a contract on top: what they say of a layer. */
export const layerFunctions = ['shape', 'parameters'] as const;

const isLayerFunction = (name: string): name is (typeof layerFunctions)[number] => (layerFunctions as readonly string[]).includes(name);

/** The value of an expression; undefined after reporting. Names are right in all of it, also where nothing depends on them. */
export function evaluate(expression: Expression, site: Site): Value | undefined {
  return judge(expression, site) ? valueOf(expression, site) : undefined;
}

const partsOf = (expression: Expression): readonly Expression[] =>
  expression.kind === 'binary' ? [expression.left, expression.right]
  : expression.kind === 'unary' ? [expression.operand]
  : expression.kind === 'call' ? expression.args
  : [];

/** Whether all names and functions are there; reports those that are not. */
function judge(expression: Expression, site: Site): boolean {
  if (expression.kind === 'name') return judgeName(expression, site);
  if (expression.kind === 'call') {
    if (!judgeCall(expression, site)) return false;
    if (site.layers && isLayerFunction(expression.name)) return true;
  }
  return partsOf(expression).map((part) => judge(part, site)).every((right) => right);
}

/** The value of an expression whose names are right. */
export function valueOf(expression: Expression, site: Site): Value | undefined {
  switch (expression.kind) {
    case 'number':
      return bounded(expression.value, expression, site);
    case 'shape':
      return expression.sizes;
    case 'name':
      return site.names.get(expression.name);
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
  const part = partsOf(expression).find((candidate) => {
    const value = valueOf(candidate, silent);
    return typeof value === 'number' && !Number.isInteger(value);
  });
  if (part) return fractionIn(part, names);
  return 'at' in expression ? expression.at : expression;
}

function judgeName(expression: Expression & { readonly kind: 'name' }, { names, layers, report, span }: Site): boolean {
  const { name } = expression;
  if (names.has(name)) return true;
  const known = [...names.keys()];
  const near = suggest(name, known);
  const minus = name.includes('-') && known.includes(name.split('-')[0] ?? '') ? name.split('-').join(' - ') : undefined;
  const help =
    minus !== undefined ? `a name may hold a \`-\`; to subtract, put blanks around it: \`${minus}\``
    : near !== undefined ? `did you mean \`${near}\`?`
    : functionNames.includes(name) ? `${name} is a function: write ${builtins[name]?.usage ?? 'if(condition, then, else)'}`
    : layers?.has(name) === true ? `${name} is a layer: write shape(${name}) or parameters(${name})`
    : isAmount(name) ? `${name} is known to \`check:\` alone`
    : known.length > 0 ? `declare it below \`params:\`, or use one that is: ${listOf(known)}`
    : 'declare it below `params:`, with its value';
  const fix = minus === undefined ? respell(span(expression), name, known) : undefined;
  report(catalog.unknownParam, span(expression), { name }, { help, fix });
  return false;
}

const builtinOf = (name: string): Builtin | undefined => (Object.hasOwn(builtins, name) ? builtins[name] : undefined);

function judgeCall(expression: Expression & { readonly kind: 'call' }, site: Site): boolean {
  const { name, args } = expression;
  if (isLayerFunction(name) && site.layers) return judgeLayer(name, expression, site.layers, site);
  const builtin = builtinOf(name);
  if (name !== 'if' && !builtin) {
    const known = site.layers ? [...functionNames, ...layerFunctions] : functionNames;
    const near = suggest(name, known);
    const help =
      isLayerFunction(name) ? `\`check:\` alone knows what becomes of a layer`
      : near === undefined ? `the functions are ${listOf(known, 'and')}`
      : `did you mean \`${near}\`?`;
    const at = site.span(expression.at);
    site.report(catalog.unknownFunction, at, { name }, { help, fix: respell(at, name, known) });
    return false;
  }
  const [least, most] = builtin?.arity ?? [3, 3];
  if (args.length < least || args.length > most) {
    const takes = most === Infinity ? `${least} or more arguments` : `${least === most ? least : `${least} or ${most}`} argument${most === 1 ? '' : 's'}`;
    const usage = builtin?.usage ?? 'if(condition, then, else)';
    site.report(catalog.wrongArguments, site.span(expression.at), { name, takes, count: args.length, usage });
    return false;
  }
  return true;
}

/** Whether `shape(…)` names a layer. */
function judgeLayer(name: string, { args, at }: Expression & { readonly kind: 'call' }, layers: LayerFacts, { report, span }: Site): boolean {
  const [layer] = args;
  if (layer?.kind !== 'name' || args.length !== 1) {
    report(catalog.wrongArguments, span(args.length === 1 && layer ? layer : at), { name, takes: 'the name of a layer', count: args.length === 1 ? 'this' : args.length, usage: `${name}(layer)` });
    return false;
  }
  if (layers.has(layer.name)) return true;
  const known = [...layers.keys()];
  const near = suggest(layer.name, known);
  const help = near === undefined ? `the layers are ${listOf(known, 'and')}` : `did you mean \`${near}\`?`;
  report(catalog.unknownLayer, span(layer), { where: `${name}()`, name: layer.name }, { help, fix: respell(span(layer), layer.name, known) });
  return false;
}

function called(expression: Expression & { readonly kind: 'call' }, site: Site): Value | undefined {
  const { name, args } = expression;
  const [first] = args;
  if (isLayerFunction(name) && site.layers && first?.kind === 'name') return site.layers[name](first.name);
  const builtin = builtinOf(name);
  if (!builtin) {
    const [condition, then, otherwise] = args;
    const holds = condition && operand(condition, 'boolean', 'if', site);
    const chosen = holds === true ? then : otherwise;
    return holds === undefined || !chosen ? undefined : valueOf(chosen, site);
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
    const a = valueOf(left, site);
    const b = a === undefined ? undefined : operand(right, kindOf(a), operator, site);
    return a === undefined || b === undefined ? undefined : same(a, b) === (operator === '==');
  }
  const a = operand(left, 'number', operator, site);
  const b = a === undefined ? undefined : operand(right, 'number', operator, site);
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
  const value = valueOf(expression, site);
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
