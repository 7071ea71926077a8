// Batch normalisation as it acts at inference.

import { add, channel, input, multiply } from '../ir/expr.ts';
import { defineOp } from '../ir/op.ts';
import { elements, Tensor } from '../ir/tensor.ts';
import { number } from '../spec/attr.ts';
import { fill, valueAt } from './reference.ts';

export const batchnorm = defineOp({
  name: 'batchnorm',
  summary:
    'Batch normalisation with the statistics gathered in training: each channel is shifted and scaled to mean 0 and variance 1, then to a learned ' +
    'scale and shift. y = (x - running_mean) / sqrt(running_var + epsilon) * weight + bias. As `torch.nn.BatchNorm2d` after `eval()`.',
  arity: 1,
  nature: 'centres',
  attrs: { epsilon: number({ above: 0 }, 'Added to the variance before its root is taken.', 1e-5) },
  infer: ({ inputs: [x] }) => x,
  params({ name, output }) {
    const shape = output.slice(-1);
    return [
      { name: `${name}.weight`, shape, trained: true, synthetic: { bound: 0.5, shape: '1 + v' } },
      { name: `${name}.bias`, shape, trained: true, synthetic: { bound: 0.05, shape: 'v' } },
      { name: `${name}.running_mean`, shape, trained: false, synthetic: { bound: 0.5, shape: 'v' } },
      { name: `${name}.running_var`, shape, trained: false, synthetic: { bound: 1, shape: '0.5 + v * v' } },
    ];
  },
  otherFlops: ({ output }) => 2 * elements(output),
  lower({ name, attrs: { epsilon } }) {
    const scale = channel({ role: 'scale', batchnorm: name, epsilon });
    const shift = channel({ role: 'shift', batchnorm: name, epsilon });
    return { kind: 'pointwise', expr: add(multiply(input(), scale), shift) };
  },
  reference({ attrs: { epsilon }, inputs: [x = new Tensor([0])], param, output }) {
    const of = (suffix: string, c: number): number => param(suffix)?.at(c) ?? NaN;
    return fill(output, (n, h, w, c) => {
      const centred = (valueAt(x, n, h, w, c) ?? NaN) - of('running_mean', c);
      return (centred / Math.sqrt(of('running_var', c) + epsilon)) * of('weight', c) + of('bias', c);
    });
  },
});
