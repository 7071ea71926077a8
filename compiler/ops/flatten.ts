// A picture as a vector.

import { defineOp } from '../ir/op.ts';
import { elements, Tensor } from '../ir/tensor.ts';
import { axesOf } from './reference.ts';

export const flatten = defineOp({
  name: 'flatten',
  summary:
    'A picture as one long vector, channel by channel, each row by row. y[(c * height + h) * width + w] = x[h, w, c]. As `torch.flatten(x, 1)`.',
  arity: 1,
  attrs: {},
  infer: ({ inputs: [x = [0]] }) => [elements(x)],
  lower: () => ({ kind: 'view' }),
  reference({ inputs: [x = new Tensor([0])], output }) {
    const [images, height, width, channels] = axesOf(x.shape);
    const y = new Tensor(output);
    let index = 0;
    for (let n = 0; n < images; n++) {
      for (let c = 0; c < channels; c++) {
        for (let pixel = 0; pixel < height * width; pixel++) y.data[index++] = x.data[(n * height * width + pixel) * channels + c] as number;
      }
    }
    return y;
  },
});
