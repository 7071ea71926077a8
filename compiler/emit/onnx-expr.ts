// Scalar expressions as ONNX operators. Those that have a name there get it (`Relu`, `Clip`, `Sigmoid`): that is what
// people look for, and what other runtimes have kernels for. The rest is spelled out, operation by operation.

import type { ChannelVector, Expr, ScalarFunction } from '../ir/expr.ts';
import { float, floatTerm, operator, value, type Term } from './onnx-term.ts';

const names: Readonly<Record<ScalarFunction, string>> = {
  add: 'Add',
  multiply: 'Mul',
  divide: 'Div',
  max: 'Max',
  min: 'Min',
  negate: 'Neg',
  exp: 'Exp',
  tanh: 'Tanh',
  erf: 'Erf',
};

/** What `expr` makes of `inputs`, the terms that its inputs are. */
export function termOfExpr(expr: Expr, inputs: readonly Term[]): Term {
  const term = (part: Expr): Term => termOfExpr(part, inputs);
  switch (expr.kind) {
    case 'input':
      return inputs[expr.index] ?? missing(`input ${expr.index}`);
    case 'constant':
      return floatTerm(expr.value);
    case 'channel':
      return missing(`a batch normalisation around the ${expr.vector.role} of ${expr.vector.batchnorm}`);
    case 'call':
      return known(expr, term) ?? operator(names[expr.fn], expr.args.map(term));
  }
}

/** The operator that says all of `expr` at once, where ONNX has one. */
function known(expr: Expr, term: (part: Expr) => Term): Term | undefined {
  const shifted = call('add', expr);
  const scaled = shifted && call('multiply', shifted[0]);
  if (shifted?.[1].kind === 'channel' && scaled?.[1].kind === 'channel' && equal({ ...shifted[1], vector: { ...shifted[1].vector, role: 'scale' } }, scaled[1])) {
    return batchnorm(term(scaled[0]), scaled[1].vector);
  }

  const upper = call('min', expr);
  const lower = call('max', upper?.[0] ?? expr);
  if (lower?.[1].kind === 'constant') {
    if (upper?.[1].kind === 'constant') return operator('Clip', [term(lower[0]), term(lower[1]), term(upper[1])]);
    if (upper === undefined && lower[1].value === 0) return operator('Relu', [term(lower[0])]);
  }

  // The larger of both lines up to a slope of 1, the smaller beyond it.
  const fold = call('max', expr) ?? call('min', expr);
  const steep = fold && call('multiply', fold[1]);
  if (fold && steep?.[1].kind === 'constant' && equal(fold[0], steep[0])) {
    const [x, slope] = [fold[0], steep[1].value];
    if (slope <= 1 === (call('max', expr) !== undefined)) return operator('LeakyRelu', [term(x)], { alpha: float(slope) });
  }

  const quotient = call('divide', expr);
  const sum = quotient && call('add', quotient[1]);
  const power = sum?.[1].kind === 'call' && sum[1].fn === 'exp' ? sum[1].args[0] : undefined;
  if (quotient && sum && power?.kind === 'call' && power.fn === 'negate' && isOne(quotient[0]) && isOne(sum[0])) {
    return power.args[0] && operator('Sigmoid', [term(power.args[0])]);
  }
  return undefined;
}

function batchnorm(x: Term, { batchnorm, epsilon }: ChannelVector): Term {
  const tensors = ['weight', 'bias', 'running_mean', 'running_var'].map((name) => value(`${batchnorm}.${name}`));
  return operator('BatchNormalization', [x, ...tensors], { epsilon: float(epsilon) });
}

/** Both arguments of a call of `fn`; undefined for any other expression. */
function call(fn: ScalarFunction, expr: Expr): readonly [Expr, Expr] | undefined {
  const [a, b] = expr.kind === 'call' && expr.fn === fn ? expr.args : [];
  return a && b && [a, b];
}

const isOne = (expr: Expr): boolean => expr.kind === 'constant' && expr.value === 1;

const equal = (a: Expr, b: Expr): boolean => JSON.stringify(a) === JSON.stringify(b);

function missing(what: string): never {
  throw new Error(`an expression lacks ${what}`);
}
