// Scores to probabilities.

import { defineOp } from '../ir/op.ts';
import { elements, Tensor } from '../ir/tensor.ts';
import { axesOf } from './reference.ts';

export const softmax = defineOp({
  name: 'softmax',
  summary:
    'Scores to probabilities that add up to 1, over a vector or over the channels of each pixel. ' +
    'y[c] = exp(x[c] - max) / sum of exp(x - max). As `torch.nn.Softmax(dim=1)`.',
  arity: 1,
  attrs: {},
  infer: ({ inputs: [x] }) => x,
  // Compare, subtract, exponential, add, divide.
  otherFlops: ({ output }) => 5 * elements(output),
  lower: () => ({ kind: 'softmax' }),
  reference({ inputs: [x = new Tensor([0])], output }) {
    const [, , , channels] = axesOf(x.shape);
    const y = new Tensor(output);
    for (let start = 0; start < x.data.length; start += channels) {
      const scores = x.data.subarray(start, start + channels);
      const max = scores.reduce((a, b) => Math.max(a, b), -Infinity);
      const powers = scores.map((score) => Math.exp(score - max));
      const sum = powers.reduce((a, b) => a + b, 0);
      y.data.set(powers.map((power) => power / sum), start);
    }
    return y;
  },
});
