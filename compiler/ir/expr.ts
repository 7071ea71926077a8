// Scalar expressions: what may join the tail of a kernel. An operator that works value by value lowers to one, and
// the kernel before it applies it to each result while that is still in a register.

/** Functions of one or two scalars that every shader can compute. */
export type ScalarFunction = 'add' | 'multiply' | 'divide' | 'max' | 'min' | 'negate' | 'exp' | 'tanh' | 'erf';

export type Expr =
  /** The operator's input number `index`, at the position being computed. */
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'constant'; readonly value: number }
  /** A number per channel that is worked out when weights are loaded. */
  | { readonly kind: 'channel'; readonly vector: ChannelVector }
  | { readonly kind: 'call'; readonly fn: ScalarFunction; readonly args: readonly Expr[] };

/**
 * What batch normalisation does to each channel at inference, as `x * scale + shift`:
 * `scale = weight / sqrt(running_var + epsilon)`, `shift = bias - running_mean * scale` (PyTorch's `BatchNorm2d.eval()`).
 */
export interface ChannelVector {
  readonly role: 'scale' | 'shift';
  /** The layer whose `.weight`, `.bias`, `.running_mean` and `.running_var` make it. */
  readonly batchnorm: string;
  readonly epsilon: number;
}

export const input = (index = 0): Expr => ({ kind: 'input', index });
export const constant = (value: number): Expr => ({ kind: 'constant', value });
export const channel = (vector: ChannelVector): Expr => ({ kind: 'channel', vector });
const call = (fn: ScalarFunction, ...args: readonly Expr[]): Expr => ({ kind: 'call', fn, args });

export const add = (a: Expr, b: Expr): Expr => call('add', a, b);
export const multiply = (a: Expr, b: Expr): Expr => call('multiply', a, b);
export const divide = (a: Expr, b: Expr): Expr => call('divide', a, b);
export const max = (a: Expr, b: Expr): Expr => call('max', a, b);
export const min = (a: Expr, b: Expr): Expr => call('min', a, b);
export const negate = (a: Expr): Expr => call('negate', a);
export const exp = (a: Expr): Expr => call('exp', a);
export const tanh = (a: Expr): Expr => call('tanh', a);
/** The error function, exact to float32's last bits. */
export const erf = (a: Expr): Expr => call('erf', a);

/** Bounds of a number, which may be infinite. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

const anything: Range = { low: -Infinity, high: Infinity };

/** Between which bounds an expression's values lie, whatever its inputs are. */
export function rangeOf(expr: Expr): Range {
  if (expr.kind === 'constant') return { low: expr.value, high: expr.value };
  if (expr.kind !== 'call') return anything;
  const [a = anything, b = anything] = expr.args.map(rangeOf);
  switch (expr.fn) {
    case 'add':
      return { low: a.low + b.low, high: a.high + b.high };
    case 'multiply':
      return spanned(a, b);
    case 'divide':
      return b.low > 0 || b.high < 0 ? spanned(a, { low: 1 / b.high, high: 1 / b.low }) : anything;
    case 'max':
      return { low: Math.max(a.low, b.low), high: Math.max(a.high, b.high) };
    case 'min':
      return { low: Math.min(a.low, b.low), high: Math.min(a.high, b.high) };
    case 'negate':
      return { low: -a.high, high: -a.low };
    case 'exp':
      return { low: Math.exp(a.low), high: Math.exp(a.high) };
    case 'tanh':
    case 'erf':
      return { low: -1, high: 1 };
  }
}

/** Of all products of a number of one range with one of the other; zero times infinity is zero. */
function spanned(a: Range, b: Range): Range {
  const products = [a.low, a.high].flatMap((x) => [b.low, b.high].map((y) => (x === 0 || y === 0 ? 0 : x * y)));
  return { low: Math.min(...products), high: Math.max(...products) };
}
