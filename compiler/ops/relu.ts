// The rectifier.

import { constant, input, max } from '../ir/expr.ts';
import { activation } from './pointwise.ts';

export const relu = activation(
  'relu',
  'What is below zero becomes zero. y = max(x, 0). As `torch.nn.ReLU`; AlexNet paper, section 3.1.',
  max(input(), constant(0)),
  (x) => Math.max(x, 0),
);
