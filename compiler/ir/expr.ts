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
