// Convolution in two dimensions, as networks mean it (the kernel is not flipped).

import { defineOp } from '../ir/op.ts';
import type { Site } from '../ir/op.ts';
import { elements, Tensor } from '../ir/tensor.ts';
import type { Shape } from '../ir/tensor.ts';
import { catalog } from '../source/catalog.ts';
import { flag, int, optional, padding, pair } from '../spec/attr.ts';
import type { Padding, Pair } from '../spec/attr.ts';
import { axesOf, padsOf } from './reference.ts';
import { picture } from './picture.ts';
import { nearbyWindows } from './nearby.ts';
import { rounding, slide, windowOf } from './sliding.ts';
import type { Rounding, Sliding } from './sliding.ts';

interface Conv {
  readonly filters: number;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pad: Padding;
  readonly dilation: Pair;
  readonly groups: number;
  readonly bias: boolean;
  readonly rounding: Rounding;
  readonly in_channels: number | undefined;
}

const sliding = ({ kernel, stride, dilation, pad, rounding }: Conv): Sliding => ({ kernel, stride, dilation, pad, rounding, pool: false });

/** Input channels that one filter sees. */
const depth = ({ groups }: Conv, [input]: readonly Shape[]): number => (input?.at(-1) ?? 0) / groups;

export const conv = defineOp({
  name: 'conv',
  summary:
    'Convolution: each filter is laid over every window of the picture, and the sum of the products is one value of its channel. ' +
    'y[o] = bias[o] + sum of x[i, r, s] * weight[o, i, r, s]. As `torch.nn.Conv2d`; AlexNet paper, section 3.5.',
  arity: 1,
  attrs: {
    filters: int({ min: 1 }, 'How many filters there are, which is how many channels come out.'),
    kernel: pair(int({ min: 1 }), 'Height and width of a filter, in pixels of its input.'),
    stride: pair(int({ min: 1 }), 'How far apart neighbouring windows start, in pixels.', 1),
    pad: padding('Zeros around the picture; `same` is as many as it takes for size / stride windows, rounded up (TensorFlow).'),
    dilation: pair(int({ min: 1 }), "How far apart a filter's taps lie; 1 is a plain filter.", 1),
    groups: int({ min: 1 }, "Parts the channels are divided into; a filter sees only its own part's input. Equal to the channels: depthwise.", 1),
    bias: flag('Whether a learned number is added to each channel.', true),
    rounding,
    in_channels: optional(int({ min: 1 }, 'How many channels must arrive; checked where written, and otherwise taken from the input.')),
  },
  infer(site) {
    const input = picture(site, 'a convolution');
    if (input === undefined) return undefined;
    const { filters, groups, in_channels: written } = site.attrs;
    const [, , channels] = input;
    const [from = ''] = site.from;
    if (written !== undefined && written !== channels) {
      const holes = { layer: site.name, written, arrived: channels, from, shape: input.join('x') };
      site.report(catalog.inChannels, site.at('in_channels'), holes, { help: `write \`in_channels: ${channels}\`, or leave it out` });
    } else {
      judgeGroups(site, filters, channels, groups);
    }
    const windows = slide(site, input, sliding(site.attrs));
    return windows && [...windows, filters];
  },
  alternatives: (attrs, channels) => [
    ...nearbyWindows(attrs, sliding(attrs)),
    ...(channels === undefined || channels === attrs.filters
      ? []
      : [{ attribute: 'filters', text: `filters: ${channels}`, attrs: { ...attrs, filters: channels }, gentle: false }]),
  ],
  params({ name, attrs, inputs }) {
    const { filters, kernel, bias } = attrs;
    const shape = [filters, depth(attrs, inputs), ...kernel];
    const fanIn = elements(shape.slice(1));
    return [
      { name: `${name}.weight`, shape, trained: true, synthetic: { bound: Math.sqrt(6 / fanIn), shape: 'v' } },
      ...(bias ? [{ name: `${name}.bias`, shape: [filters], trained: true, synthetic: { bound: 0.05, shape: 'v' } } as const] : []),
    ];
  },
  macs: ({ attrs, inputs, output }) => elements(output) * depth(attrs, inputs) * elements(attrs.kernel),
  otherFlops: ({ attrs, output }) => (attrs.bias ? elements(output) : 0),
  lower: ({ name, attrs, inputs: [input = [0, 0, 0]] }) => ({
    kind: 'conv',
    window: windowOf(input, sliding(attrs)),
    groups: attrs.groups,
    weight: `${name}.weight`,
    ...(attrs.bias ? { bias: `${name}.bias` } : {}),
  }),
  // The one hot loop among the references (AlexNet: 0.7 G multiply-adds): indices are spelled out instead of `Tensor.at`.
  reference({ attrs, inputs: [x = new Tensor([0])], param, output }) {
    const { kernel, stride, dilation, pad, groups } = attrs;
    const [images, inHeight, inWidth, channels] = axesOf(x.shape);
    const [, height, width, filters] = axesOf(output);
    const [kernelHeight, kernelWidth] = kernel;
    const along = (axis: 0 | 1, input: number, out: number): number =>
      padsOf(pad, axis, { input, output: out, kernel: kernel[axis], stride: stride[axis], dilation: dilation[axis] })[0];
    const top = along(0, inHeight, height);
    const left = along(1, inWidth, width);
    const depth = channels / groups;
    const weight = param('weight')?.data ?? new Float64Array();
    const bias = param('bias')?.data;
    const y = new Tensor(output);
    let index = 0;
    for (let n = 0; n < images; n++) {
      for (let h = 0; h < height; h++) {
        for (let w = 0; w < width; w++) {
          for (let o = 0; o < filters; o++) {
            const group = Math.floor(o / (filters / groups));
            let sum = bias?.[o] ?? 0;
            for (let r = 0; r < kernelHeight; r++) {
              const row = h * stride[0] - top + r * dilation[0];
              if (row < 0 || row >= inHeight) continue;
              for (let s = 0; s < kernelWidth; s++) {
                const column = w * stride[1] - left + s * dilation[1];
                if (column < 0 || column >= inWidth) continue;
                const pixel = ((n * inHeight + row) * inWidth + column) * channels + group * depth;
                const tap = (o * depth * kernelHeight + r) * kernelWidth + s;
                for (let i = 0; i < depth; i++) {
                  sum += (x.data[pixel + i] as number) * (weight[tap + i * kernelHeight * kernelWidth] as number);
                }
              }
            }
            y.data[index++] = sum;
          }
        }
      }
    }
    return y;
  },
});

/** Says so where filters or input channels cannot be dealt out to the groups. */
function judgeGroups(site: Site, filters: number, channels: number, groups: number): void {
  if (filters % groups === 0 && channels % groups === 0) return;
  const layer = site.name;
  const common = divisors(filters).filter((divisor) => channels % divisor === 0);
  const shown = common.length > 12 ? `${common.slice(0, 12).join(', ')}, …` : common.join(', ');
  const help = `use a divisor of both the ${filters} filters and the ${channels} input channels: ${shown}`;
  if (filters % groups !== 0) {
    site.report(catalog.groupsDoNotDivide, site.at('groups'), { layer, groups, filters, rest: filters % groups }, {
      related: [{ span: site.at('filters'), note: 'the filters to share' }],
      help,
    });
  } else {
    const holes = { layer, groups, channels, from: site.from[0] ?? 'its input', rest: channels % groups };
    site.report(catalog.groupsDoNotDivideInput, site.at('groups'), holes, { help });
  }
}

function divisors(n: number): readonly number[] {
  const small: number[] = [];
  const large: number[] = [];
  for (let divisor = 1; divisor * divisor <= n; divisor++) {
    if (n % divisor !== 0) continue;
    small.push(divisor);
    if (divisor * divisor !== n) large.unshift(n / divisor);
  }
  return [...small, ...large];
}
