// The sum of several values: the end of a shortcut.

import { add as plus, input } from '../ir/expr.ts';
import type { Expr } from '../ir/expr.ts';
import { defineOp } from '../ir/op.ts';
import type { Site } from '../ir/op.ts';
import { elements, printShape } from '../ir/tensor.ts';
import { catalog } from '../source/catalog.ts';
import { fill, valueAt } from './reference.ts';

export const add = defineOp({
  name: 'add',
  summary: 'The sum of two or more inputs of one shape, value by value. y = x1 + x2 + …. As PyTorch\'s `x1 + x2`; ResNet paper, section 3.2.',
  arity: 'many',
  attrs: {},
  infer(site) {
    const [first] = site.inputs;
    if (first === undefined) return undefined;
    if (site.inputs.length < 2) {
      site.report(catalog.addAlone, site.at('from'), { layer: site.name, count: site.inputs.length, from: site.from.join(', ') });
      return undefined;
    }
    if (site.inputs.some((shape) => printShape(shape) !== printShape(first))) {
      const shapes = site.inputs.map((shape, i) => `${site.from[i] ?? ''} (${printShape(shape)})`).join(' and ');
      site.report(catalog.addUnequal, site.at('from'), { layer: site.name, shapes }, { help: toMakeEqual(site) });
      return undefined;
    }
    return first;
  },
  otherFlops: ({ inputs, output }) => (inputs.length - 1) * elements(output),
  lower({ inputs }) {
    const expr = inputs.map((_, index): Expr => input(index)).reduce((sum, term) => plus(sum, term));
    return { kind: 'pointwise', expr };
  },
  reference: ({ inputs, output }) =>
    fill(output, (n, h, w, c) => inputs.reduce((sum, x) => sum + (valueAt(x, n, h, w, c) ?? NaN), 0)),
});

/** A 1x1 convolution changes channels and nothing else: what a ResNet does where its shortcut changes width. */
function toMakeEqual({ inputs: [first, ...rest], from }: Site): string | undefined {
  const odd = rest.findIndex((shape) => first !== undefined && printShape(shape) !== printShape(first));
  const other = rest[odd];
  if (first?.length !== 3 || other?.length !== 3 || first[0] !== other[0] || first[1] !== other[1]) return undefined;
  return `give both as many channels: a convolution with \`kernel: 1, filters: ${first[2]}\` after ${from[odd + 1] ?? ''} makes it ${printShape(first)}`;
}
