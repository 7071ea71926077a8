// The logistic function.

import { add, constant, divide, exp, input, negate } from '../ir/expr.ts';
import { activation } from './pointwise.ts';

export const sigmoid = activation(
  'sigmoid',
  'Squeezes every number into 0 to 1. y = 1 / (1 + exp(-x)). As `torch.nn.Sigmoid`.',
  divide(constant(1), add(constant(1), exp(negate(input())))),
  (x) => 1 / (1 + Math.exp(-x)),
);
