// The rectifier that lets a little of what is below zero through.

import { constant, input, max, min, multiply } from '../ir/expr.ts';
import type { Expr } from '../ir/expr.ts';
import { defineOp } from '../ir/op.ts';
import { elements } from '../ir/tensor.ts';
import { number } from '../spec/attr.ts';
import { apply, operations } from './pointwise.ts';

/** Up to a slope of 1 the larger of both lines is the right one, beyond it the smaller. */
const expression = (slope: number): Expr => (slope <= 1 ? max : min)(input(), multiply(input(), constant(slope)));

export const leakyRelu = defineOp({
  name: 'leaky_relu',
  summary: 'What is below zero is multiplied by a small slope. y = x if x > 0, else slope * x. As `torch.nn.LeakyReLU`.',
  arity: 1,
  nature: 'activation',
  attrs: { slope: number({}, 'What values below zero are multiplied by.', 0.01) },
  infer: ({ inputs: [x] }) => x,
  otherFlops: ({ attrs, output }) => elements(output) * operations(expression(attrs.slope)),
  lower: ({ attrs }) => ({ kind: 'pointwise', expr: expression(attrs.slope) }),
  reference: ({ attrs: { slope }, inputs }) => apply({ inputs }, (x) => (x > 0 ? x : slope * x)),
});
