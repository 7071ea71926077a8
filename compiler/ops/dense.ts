// A fully connected layer.

import { defineOp } from '../ir/op.ts';
import { elements, printShape, Tensor } from '../ir/tensor.ts';
import { catalog } from '../source/catalog.ts';
import { flag, int, optional } from '../spec/attr.ts';
import { axesOf } from './reference.ts';

export const dense = defineOp({
  name: 'dense',
  summary:
    'Fully connected layer: every output is a weighted sum of all input values, and a picture is read channel by channel. ' +
    'y[o] = bias[o] + sum of x[i] * weight[o, i]. As `torch.flatten` and `torch.nn.Linear`; Caffe calls it InnerProduct.',
  arity: 1,
  attrs: {
    units: int({ min: 1 }, 'How many values come out.'),
    bias: flag('Whether a learned number is added to each output.', true),
    in_features: optional(int({ min: 1 }, 'How many values must arrive; checked where written, and otherwise taken from the input.')),
  },
  infer(site) {
    const { units, in_features: written } = site.attrs;
    const [input = [0]] = site.inputs;
    const arrived = elements(input);
    if (written !== undefined && written !== arrived) {
      const [from = 'the input'] = site.from;
      const sum = input.length === 1 ? String(arrived) : `${printShape(input)} = ${arrived}`;
      site.report(catalog.inFeatures, site.at('in_features'), { layer: site.name, written, arrived: sum, from, sum }, {
        help: `write \`in_features: ${arrived}\`, or leave it out`,
      });
    }
    return [units];
  },
  alternatives: (attrs, channels) =>
    channels === undefined || channels === attrs.units
      ? []
      : [{ attribute: 'units', text: `units: ${channels}`, attrs: { ...attrs, units: channels }, gentle: false }],
  params({ name, attrs: { units, bias }, inputs: [input = [0]] }) {
    const features = elements(input);
    return [
      { name: `${name}.weight`, shape: [units, features], trained: true, synthetic: { bound: Math.sqrt(6 / features), shape: 'v' } },
      ...(bias ? [{ name: `${name}.bias`, shape: [units], trained: true, synthetic: { bound: 0.05, shape: 'v' } } as const] : []),
    ];
  },
  macs: ({ inputs: [input = [0]], output }) => elements(input) * elements(output),
  otherFlops: ({ attrs, output }) => (attrs.bias ? elements(output) : 0),
  lower: ({ name, attrs }) => ({ kind: 'dense', weight: `${name}.weight`, ...(attrs.bias ? { bias: `${name}.bias` } : {}) }),
  reference({ inputs: [x = new Tensor([0])], param, output }) {
    const [images, height, width, channels] = axesOf(x.shape);
    const [, , , units] = axesOf(output);
    const features = height * width * channels;
    const weight = param('weight')?.data ?? new Float64Array();
    const bias = param('bias')?.data;
    const y = new Tensor(output);
    for (let n = 0; n < images; n++) {
      // Channel-major, as the weights are.
      const values = new Float64Array(features);
      for (let c = 0, i = 0; c < channels; c++) {
        for (let pixel = 0; pixel < height * width; pixel++) values[i++] = x.data[(n * height * width + pixel) * channels + c] as number;
      }
      for (let o = 0; o < units; o++) {
        let sum = bias?.[o] ?? 0;
        for (let i = 0; i < features; i++) sum += (values[i] as number) * (weight[o * features + i] as number);
        y.data[n * units + o] = sum;
      }
    }
    return y;
  },
});
