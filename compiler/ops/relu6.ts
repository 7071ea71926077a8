// The rectifier that is bounded above.

import { constant, input, max, min } from '../ir/expr.ts';
import { activation } from './pointwise.ts';

export const relu6 = activation(
  'relu6',
  'What is below zero becomes zero, what is above six becomes six. y = min(max(x, 0), 6). As `torch.nn.ReLU6`; MobileNet.',
  min(max(input(), constant(0)), constant(6)),
  (x) => Math.min(Math.max(x, 0), 6),
);
