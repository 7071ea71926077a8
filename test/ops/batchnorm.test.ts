import { expect, test } from 'vitest';
import { evaluate, layer } from '../support/layer.ts';

test('it counts weight and bias, and needs the statistics too', () => {
  const { params, shape, flops } = layer([2, 2, 3], { op: 'batchnorm', epsilon: 0.001 });
  expect(shape).toEqual([2, 2, 3]);
  expect(params.map(({ name, trained }) => [name, trained])).toEqual([
    ['layer.weight', true],
    ['layer.bias', true],
    ['layer.running_mean', false],
    ['layer.running_var', false],
  ]);
  expect(params.every(({ shape }) => shape.length === 1 && shape[0] === 3)).toBe(true);
  expect(flops).toBe(24);
});

test('it shifts and scales each channel', () => {
  const parameters = { weight: [2, 1], bias: [0.5, 0], running_mean: [1, 0], running_var: [3, 0.25 - 1e-5] };
  const y = evaluate([1, 2, 2], [3, 1, 1, 2], { op: 'batchnorm', epsilon: 1e-5 }, parameters);
  const scale = 2 / Math.sqrt(3 + 1e-5);
  [2 * scale + 0.5, 2, 0.5, 4].forEach((value, i) => { expect(y[i]).toBeCloseTo(value, 12); });
});

test('it lowers to x * scale + shift', () => {
  const vector = (role: string) => ({ kind: 'channel', vector: { role, batchnorm: 'layer', epsilon: 1e-5 } });
  expect(layer([5], { op: 'batchnorm' }).lowering).toEqual({
    kind: 'pointwise',
    expr: {
      kind: 'call',
      fn: 'add',
      args: [{ kind: 'call', fn: 'multiply', args: [{ kind: 'input', index: 0 }, vector('scale')] }, vector('shift')],
    },
  });
});
