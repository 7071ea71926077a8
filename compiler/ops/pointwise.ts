// What the activations share: one number in, one number out.

import type { Expr } from '../ir/expr.ts';
import { defineOp } from '../ir/op.ts';
import type { Evaluation, Op } from '../ir/op.ts';
import { elements, Tensor } from '../ir/tensor.ts';

/** An activation without attributes: `expr` is what the GPU computes, `meaning` what it means. */
export function activation(name: string, summary: string, expr: Expr, meaning: (x: number) => number): Op {
  return defineOp({
    name,
    summary,
    arity: 1,
    nature: 'activation',
    attrs: {},
    infer: ({ inputs: [x] }) => x,
    otherFlops: ({ output }) => elements(output) * operations(expr),
    lower: () => ({ kind: 'pointwise', expr }),
    reference: (evaluation) => apply(evaluation, meaning),
  });
}

/** How many operations an expression takes for one value. */
export function operations(expr: Expr): number {
  return expr.kind === 'call' ? expr.args.reduce((sum, arg) => sum + operations(arg), 1) : 0;
}

/** A function of each value of the only input. */
export function apply({ inputs: [x = new Tensor([0])] }: Pick<Evaluation<unknown>, 'inputs'>, meaning: (x: number) => number): Tensor {
  return new Tensor(x.shape, x.data.map(meaning));
}
