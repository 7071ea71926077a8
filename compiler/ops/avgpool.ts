// Average pooling.

import { defineOp } from '../ir/op.ts';
import { elements, Tensor } from '../ir/tensor.ts';
import { flag } from '../spec/attr.ts';
import { nearbyWindows } from './nearby.ts';
import { axesOf, fill, padsOf } from './reference.ts';
import { picture } from './picture.ts';
import { poolAttrs, poolSliding } from './pool.ts';
import { slide, windowOf } from './sliding.ts';

export const avgpool = defineOp({
  name: 'avgpool',
  summary:
    'The mean of each window, channel by channel. y = sum of x[r, s] / cells, where the cells are those inside the picture and, with ' +
    '`count_padding`, its padding; never those past both. As `torch.nn.AvgPool2d` (`count_include_pad`) and Caffe\'s AVE pooling.',
  arity: 1,
  attrs: { ...poolAttrs, count_padding: flag('Whether padding counts as cells, each worth 0, when the mean is taken.', true) },
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
    combine: 'mean',
    countPadding: attrs.count_padding,
  }),
  reference({ attrs: { kernel, stride, pad, count_padding: countPadding }, inputs: [x = new Tensor([0])], output }) {
    const [, inHeight, inWidth] = axesOf(x.shape);
    const [, height, width] = axesOf(output);
    const [top, bottom] = padsOf(pad, 0, { input: inHeight, output: height, kernel: kernel[0], stride: stride[0], dilation: 1 });
    const [left, right] = padsOf(pad, 1, { input: inWidth, output: width, kernel: kernel[1], stride: stride[1], dilation: 1 });
    return fill(output, (n, h, w, c) => {
      let sum = 0;
      let cells = 0;
      for (let r = 0; r < kernel[0]; r++) {
        for (let s = 0; s < kernel[1]; s++) {
          const row = h * stride[0] - top + r;
          const column = w * stride[1] - left + s;
          const value = x.at(n, row, column, c);
          const padded = row >= -top && row < inHeight + bottom && column >= -left && column < inWidth + right;
          sum += value ?? 0;
          if (value !== undefined || (countPadding && padded)) cells++;
        }
      }
      return sum / cells;
    });
  },
});
