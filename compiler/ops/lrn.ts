// Local response normalisation across channels.

import { defineOp } from '../ir/op.ts';
import type { Site } from '../ir/op.ts';
import { elements, Tensor } from '../ir/tensor.ts';
import { catalog } from '../source/catalog.ts';
import { int, number, oneOf } from '../spec/attr.ts';
import { fill, valueAt } from './reference.ts';

export const lrn = defineOp({
  name: 'lrn',
  summary:
    'Local response normalisation: each value is damped by its neighbours in the channels around it. ' +
    'y = x / (k + alpha * reduce(x² over size channels))^beta. AlexNet paper, section 3.3 (`reduce: sum`, k = 2, size 5, alpha 1e-4, beta 0.75); ' +
    '`torch.nn.LocalResponseNorm` and Caffe take the mean.',
  arity: 1,
  attrs: {
    size: int({ min: 1 }, 'How many neighbouring channels are taken together, itself in the middle; odd.'),
    alpha: number({}, 'What the squares are multiplied by.'),
    beta: number({}, 'The power the sum is raised to.'),
    k: number({}, 'What is added to the squares, so that dark places are not divided by nothing.'),
    reduce: oneOf(
      ['sum', 'mean'],
      "How the squares are put together: `sum` as the AlexNet paper writes, `mean` (divided by size, at the edges too) as its code, Caffe and PyTorch do. " +
        'The two differ by a factor of size, so there is no default.',
    ),
  },
  infer(site) {
    const { size } = site.attrs;
    if (size % 2 === 0) site.report(catalog.evenNorm, site.at('size'), { layer: site.name, size, less: size - 1, more: size + 1 });
    warnOfNaN(site);
    return site.inputs[0];
  },
  // Each value is squared once, added up `size - 1` times; then multiply, add, power, divide.
  otherFlops: ({ attrs, output }) => elements(output) * (attrs.size + 4),
  lower: ({ attrs: { size, alpha, beta, k, reduce } }) => ({ kind: 'lrn', size, alpha: reduce === 'mean' ? alpha / size : alpha, beta, k }),
  reference({ attrs: { size, alpha, beta, k, reduce }, inputs: [x = new Tensor([0])], output }) {
    const reach = (size - 1) / 2;
    return fill(output, (n, h, w, c) => {
      let squares = 0;
      for (let neighbour = c - reach; neighbour <= c + reach; neighbour++) squares += (valueAt(x, n, h, w, neighbour) ?? 0) ** 2;
      if (reduce === 'mean') squares /= size;
      return (valueAt(x, n, h, w, c) ?? 0) / (k + alpha * squares) ** beta;
    });
  },
});

interface Lrn {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
  readonly reduce: 'sum' | 'mean';
}

/** Tells of a divisor that is no number, or 0 where what is divided is 0: `k + alpha * s` to the power of `beta`, `s` from 0 on. */
function warnOfNaN({ name: layer, attrs: { size, alpha, beta, k, reduce }, at, report }: Site<Lrn>): void {
  // Any number to the power of 0 is 1.
  if (beta === 0) return;
  const squares = `the ${reduce} of ${size} squares`;
  // A division by a negative number is one, but WGSL's `pow` takes logarithms.
  const negative = 'is negative there, and a GPU makes no powers of negative numbers';
  if (alpha < 0 && beta !== 1) {
    const where = k > 0 ? `${squares} is above ${short(k / -alpha)}` : `${squares} is above 0`;
    report(catalog.normMakesNaN, at('alpha'), { layer, where, why: `${k} - ${-alpha} * ${reduce} ${negative}` }, { help: `write \`alpha: ${-alpha}\`` });
  } else if (k < 0 && beta !== 1) {
    const where = alpha > 0 ? `${squares} is below ${short(-k / alpha)}` : 'anything arrives';
    report(catalog.normMakesNaN, at('k'), { layer, where, why: `${k} + ${alpha} * ${reduce} ${negative}` }, { help: `write \`k: ${-k}\`` });
  } else if (k === 0 && beta > 0) {
    const where = alpha !== 0 ? `all of ${size} channels are 0` : 'a 0 arrives';
    report(catalog.normMakesNaN, at('k'), { layer, where, why: '0 is divided by 0 there' }, { help: 'write a `k` above 0, such as 1 (Caffe, PyTorch) or 2 (AlexNet)' });
  }
}

/** With as many digits as a person reads. */
const short = (value: number): string => String(Number(value.toPrecision(4)));
