// Dropout, which at inference does nothing.

import { defineOp } from '../ir/op.ts';
import { Tensor } from '../ir/tensor.ts';
import { number } from '../spec/attr.ts';

export const dropout = defineOp({
  name: 'dropout',
  summary:
    'Sets values to zero at random while training, and does nothing when the network is used (training scales by 1 / (1 - rate)). ' +
    'y = x. As `torch.nn.Dropout` after `eval()`; AlexNet paper, section 4.2.',
  arity: 1,
  nature: 'drops',
  attrs: { rate: number({ min: 0, below: 1 }, 'The share of values that training drops.', 0.5) },
  infer: ({ inputs: [x] }) => x,
  lower: () => ({ kind: 'view' }),
  reference: ({ inputs: [x = new Tensor([0])] }) => x,
});
