// The Gaussian error linear unit, the exact one.

import { add, constant, erf as erfOf, input, multiply } from '../ir/expr.ts';
import { activation } from './pointwise.ts';

export const gelu = activation(
  'gelu',
  'Each number times the share of a normal distribution that lies below it. y = x / 2 * (1 + erf(x / sqrt(2))). ' +
    "As `torch.nn.GELU` (exact, without the tanh approximation); Hendrycks and Gimpel 2016.",
  multiply(multiply(input(), constant(0.5)), add(constant(1), erfOf(multiply(input(), constant(Math.SQRT1_2))))),
  (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
);

/**
 * The error function to float64's precision, by the series whose terms are all positive
 * (Abramowitz and Stegun 7.1.6): `2 / sqrt(pi) * exp(-x²) * sum of 2^n x^(2n+1) / (1 * 3 * … * (2n+1))`.
 */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
