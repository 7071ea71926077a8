// Average pooling over the whole picture.

import { defineOp } from '../ir/op.ts';
import { elements, Tensor } from '../ir/tensor.ts';
import { axesOf, fill } from './reference.ts';
import { picture } from './picture.ts';

export const globalAvgpool = defineOp({
  name: 'global_avgpool',
  summary:
    'The mean of each channel over the whole picture, as a picture of one pixel (1x1xC). ' +
    'As `torch.nn.AdaptiveAvgPool2d(1)`; Network in Network, section 3.2.',
  arity: 1,
  attrs: {},
  infer(site) {
    const input = picture(site, 'a global pool');
    return input && [1, 1, input[2]];
  },
  otherFlops: ({ inputs: [input = [0]] }) => elements(input),
  lower: ({ inputs: [[height = 1, width = 1] = [1, 1, 1]] }) => ({
    kind: 'pool',
    window: { kernel: [height, width], stride: [1, 1], dilation: [1, 1], before: [0, 0], after: [0, 0] },
    combine: 'mean',
    countPadding: false,
  }),
  reference({ inputs: [x = new Tensor([0])], output }) {
    const [, height, width] = axesOf(x.shape);
    return fill(output, (n, _h, _w, c) => {
      let sum = 0;
      for (let h = 0; h < height; h++) {
        for (let w = 0; w < width; w++) sum += x.at(n, h, w, c) ?? 0;
      }
      return sum / (height * width);
    });
  },
});
