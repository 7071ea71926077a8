// Max pooling.

import { defineOp } from '../ir/op.ts';
import { elements, Tensor } from '../ir/tensor.ts';
import { nearbyWindows } from './nearby.ts';
import { axesOf, fill, padsOf } from './reference.ts';
import { picture } from './picture.ts';
import { poolAttrs, poolSliding } from './pool.ts';
import { slide, windowOf } from './sliding.ts';

export const maxpool = defineOp({
  name: 'maxpool',
  summary:
    'The largest value of each window, channel by channel; padding never wins. ' +
    'y = max of x[r, s]. As `torch.nn.MaxPool2d`; AlexNet paper, section 3.4 (overlapping: kernel 3, stride 2).',
  arity: 1,
  attrs: poolAttrs,
  infer(site) {
    const input = picture(site, 'a pool');
    const windows = input && slide(site, input, poolSliding(site.attrs));
    return windows && [...windows, input[2]];
  },
  alternatives: (attrs) => nearbyWindows(attrs, poolSliding(attrs)),
  otherFlops: ({ attrs, output }) => elements(output) * elements(attrs.kernel),
  lower: ({ attrs, inputs: [input = [0]] }) => ({
    kind: 'pool',
    window: windowOf(input, poolSliding(attrs)),
    combine: 'max',
    countPadding: false,
  }),
  reference({ attrs: { kernel, stride, pad }, inputs: [x = new Tensor([0])], output }) {
    const [, inHeight, inWidth] = axesOf(x.shape);
    const [, height, width] = axesOf(output);
    const [top] = padsOf(pad, 0, { input: inHeight, output: height, kernel: kernel[0], stride: stride[0], dilation: 1 });
    const [left] = padsOf(pad, 1, { input: inWidth, output: width, kernel: kernel[1], stride: stride[1], dilation: 1 });
    return fill(output, (n, h, w, c) => {
      let best = -Infinity;
      for (let r = 0; r < kernel[0]; r++) {
        for (let s = 0; s < kernel[1]; s++) {
          best = Math.max(best, x.at(n, h * stride[0] - top + r, w * stride[1] - left + s, c) ?? -Infinity);
        }
      }
      return best;
    });
  },
});
