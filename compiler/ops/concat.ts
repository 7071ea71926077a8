// Branches side by side.

import { defineOp } from '../ir/op.ts';
import { printShape } from '../ir/tensor.ts';
import { catalog } from '../source/catalog.ts';
import { axesOf, fill, valueAt } from './reference.ts';

export const concat = defineOp({
  name: 'concat',
  summary:
    'The channels of all inputs, one input after the other, in the order of `from`; pictures of one height and width, or vectors. ' +
    'As `torch.cat(inputs, dim=1)`.',
  arity: 'many',
  attrs: {},
  infer(site) {
    const [first] = site.inputs;
    if (first === undefined) return undefined;
    const shapes = site.inputs.map((shape, i) => `${site.from[i] ?? ''} (${printShape(shape)})`).join(' and ');
    if (site.inputs.some((shape) => shape.length !== first.length)) {
      const picture = site.from[site.inputs.findIndex((shape) => shape.length === 3)] ?? '';
      site.report(catalog.concatMixed, site.at('from'), { layer: site.name, shapes, picture });
      return undefined;
    }
    const channels = site.inputs.reduce((sum, shape) => sum + (shape.at(-1) ?? 0), 0);
    if (first.length === 1) return [channels];
    const [height, width] = first;
    if (site.inputs.some((shape) => shape[0] !== height || shape[1] !== width)) {
      site.report(catalog.concatUnequal, site.at('from'), { layer: site.name, shapes });
      return undefined;
    }
    return [height, width, channels];
  },
  lower: () => ({ kind: 'concat' }),
  reference: ({ inputs, output }) =>
    fill(output, (n, h, w, c) => {
      let channel = c;
      for (const x of inputs) {
        const [, , , channels] = axesOf(x.shape);
        if (channel < channels) return valueAt(x, n, h, w, channel) ?? NaN;
        channel -= channels;
      }
      return NaN;
    }),
});
