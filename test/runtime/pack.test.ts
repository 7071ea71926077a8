// Packing against a packer that is too simple to be wrong.

import { describe, expect, test } from 'vitest';
import { InputError } from '../../runtime/errors.ts';
import { toHalves } from '../../runtime/half.ts';
import { packedBytes, packWeight } from '../../runtime/pack.ts';
import type { PackedWeight, WeightSpec } from '../../runtime/plan.ts';
import { syntheticTensor } from '../../runtime/synthetic.ts';
import { openWeights, type Weights } from '../../runtime/weights.ts';

const product = (shape: readonly number[]) => shape.reduce((total, extent) => total * extent, 1);

function specs(shapes: Record<string, readonly number[]>): WeightSpec[] {
  return Object.entries(shapes).map(([name, shape]) => ({
    name, shape, synthetic: { bound: 1, shape: name.endsWith('running_var') ? '0.5 + v * v' : 'v' },
  }));
}

async function pack(weight: PackedWeight, weights: Weights): Promise<Float32Array> {
  const packed = new Float32Array(packedBytes(weight) / 4).fill(NaN);
  await packWeight(weight, weights, (values, first) => {
    packed.set(values, first);
  });
  return packed;
}

/** Value by value, in float64, as the contract reads. */
async function packSlowly({ source, order }: PackedWeight, weights: Weights): Promise<Float32Array> {
  const whole = async (name: string) => {
    const values = new Float32Array(product(weights.shapes.get(name) ?? []));
    await weights.read(name, 0, values);
    return values;
  };
  const tensor = source.tensor === undefined ? undefined : await whole(source.tensor);
  const channels = source.batchnorms[0] === undefined ? 1 : product(weights.shapes.get(`${source.batchnorms[0].layer}.weight`) ?? []);
  const channelOf = (flat: number) => Math.floor(flat / (product(source.shape) / channels));
  const value = async (flat: number) => {
    let x = source.role === 'bias' ? tensor?.[flat] ?? 0 : tensor?.[flat] ?? 1;
    for (const { layer, epsilon } of source.batchnorms) {
      const [gamma, beta, mean, variance] = [
        await whole(`${layer}.weight`), await whole(`${layer}.bias`), await whole(`${layer}.running_mean`), await whole(`${layer}.running_var`),
      ].map((values) => values[channelOf(flat)] ?? NaN);
      const s = (gamma ?? NaN) / Math.sqrt((variance ?? NaN) + epsilon);
      x = source.role === 'weight' ? x * s : (x - (mean ?? NaN)) * s + (beta ?? NaN);
    }
    return x;
  };
  const packed = new Float32Array(product(order.map(({ size }) => size)));
  for (let i = 0; i < packed.length; i++) {
    const at = source.shape.map(() => 0);
    let rest = i;
    for (const { axis, size, step, start = 0 } of order.toReversed()) {
      at[axis] = (at[axis] ?? 0) + start + (rest % size) * step;
      rest = Math.floor(rest / size);
    }
    const inside = at.every((coordinate, axis) => coordinate >= 0 && coordinate < (source.shape[axis] ?? 0));
    packed[i] = inside ? await value(at.reduce((flat, coordinate, axis) => flat * (source.shape[axis] ?? 1) + coordinate, 0)) : 0;
  }
  return packed;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  return a.reduce((most, value, i) => Number.isNaN(value) ? Infinity : Math.max(most, Math.abs(value - (b[i] ?? NaN))), 0);
}

/** `toEqual` takes seconds for millions of values. */
function sameBytes(a: Float32Array, b: Float32Array): boolean {
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));
}

const none: readonly never[] = [];

describe('packing', () => {
  test('nothing to do is nothing changed', async () => {
    const weights = await openWeights('synthetic:3', specs({ 'fc.weight': [5, 7] }));
    const weight: PackedWeight = {
      name: 'fc.weight', source: { role: 'weight', tensor: 'fc.weight', shape: [5, 7], batchnorms: none },
      order: [{ axis: 0, size: 5, step: 1 }, { axis: 1, size: 7, step: 1 }],
    };
    expect(await pack(weight, weights)).toEqual(syntheticTensor('fc.weight', 35, 3, 1));
  });

  test.each<[string, Record<string, readonly number[]>, PackedWeight]>([
    ['channel blocks that the channels do not fill, taps in fours', { 'c.weight': [10, 3, 3, 3] }, {
      name: 'c', source: { role: 'weight', tensor: 'c.weight', shape: [10, 3, 9], batchnorms: none },
      order: [{ axis: 0, size: 2, step: 8 }, { axis: 1, size: 3, step: 1 }, { axis: 2, size: 3, step: 4 }, { axis: 0, size: 8, step: 1 }, { axis: 2, size: 4, step: 1 }],
    }],
    ['rows padded on both sides', { 'f.weight': [4, 2 * 3 * 3] }, {
      name: 'f', source: { role: 'weight', tensor: 'f.weight', shape: [4, 2, 3, 3], batchnorms: none },
      order: [{ axis: 0, size: 4, step: 1 }, { axis: 1, size: 2, step: 1 }, { axis: 2, size: 5, step: 1, start: -1 }, { axis: 3, size: 8, step: 1, start: -1 }],
    }],
    ['a transpose with a kernel turned round', { 't.weight': [6, 5, 3] }, {
      name: 't', source: { role: 'weight', tensor: 't.weight', shape: [6, 5, 3], batchnorms: none },
      order: [{ axis: 2, size: 3, step: -1, start: 2 }, { axis: 1, size: 5, step: 1 }, { axis: 0, size: 6, step: 1 }],
    }],
    ['a slice', { 's.weight': [8, 6] }, {
      name: 's', source: { role: 'weight', tensor: 's.weight', shape: [8, 6], batchnorms: none },
      order: [{ axis: 0, size: 3, step: 1, start: 4 }, { axis: 1, size: 6, step: 1 }],
    }],
    ['one value', { 'o.bias': [1] }, { name: 'o', source: { role: 'bias', tensor: 'o.bias', shape: [1], batchnorms: none }, order: [] }],
    ['all padding', { 'p.bias': [2] }, {
      name: 'p', source: { role: 'bias', tensor: 'p.bias', shape: [2], batchnorms: none }, order: [{ axis: 0, size: 4, step: 1, start: 2 }],
    }],
  ])('%s', async (_, shapes, weight) => {
    const weights = await openWeights('synthetic:1', specs(shapes));
    expect(await pack(weight, weights)).toEqual(await packSlowly(weight, weights));
  });

  test('kernels are transformed, G g Gᵀ, once batchnorms are in them', async () => {
    const weights = await openWeights('synthetic:6', specs({ 'c.weight': [4, 2, 3, 3], 'n.weight': [4], 'n.bias': [4], 'n.running_mean': [4], 'n.running_var': [4] }));
    const filter = [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]];
    const source = { role: 'weight', tensor: 'c.weight', batchnorms: [{ layer: 'n', epsilon: 1e-5 }] } as const;
    const plain = await packSlowly({ name: 'c', source: { ...source, shape: [4, 2, 9] }, order: [{ axis: 0, size: 4, step: 1 }, { axis: 1, size: 2, step: 1 }, { axis: 2, size: 9, step: 1 }] }, weights);
    // Places before channels, as the kernels read them, so that no block of the tensor is read in its order.
    const packed = await pack({
      name: 'c', source: { ...source, shape: [4, 2, 16], winograd: { kernel: 3, stride: 1, filter } },
      order: [{ axis: 2, size: 16, step: 1 }, { axis: 1, size: 2, step: 1 }, { axis: 0, size: 4, step: 1 }],
    }, weights);
    for (let o = 0; o < 4; o++) {
      for (let c = 0; c < 2; c++) {
        const g = (r: number, s: number) => plain[(o * 2 + c) * 9 + r * 3 + s] ?? NaN;
        for (let i = 0; i < 4; i++) {
          for (let j = 0; j < 4; j++) {
            let expected = 0;
            for (let r = 0; r < 3; r++) for (let s = 0; s < 3; s++) expected += (filter[i]?.[r] ?? 0) * g(r, s) * (filter[j]?.[s] ?? 0);
            expect(packed[((i * 4 + j) * 2 + c) * 4 + o]).toBeCloseTo(expected, 6);
          }
        }
      }
    }
  });

  test('a kernel with a stride is transformed phase by phase', async () => {
    const weights = await openWeights('synthetic:6', specs({ 'c.weight': [2, 3, 5, 5] }));
    const raw = syntheticTensor('c.weight', 2 * 3 * 25, 6, 1);
    // With one result for each tile G is nothing: three taps are three values.
    const filter = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
    const source = { role: 'weight', tensor: 'c.weight', batchnorms: none, shape: [2, 12, 9], winograd: { kernel: 5, stride: 2, filter } } as const;
    const packed = await pack({ name: 'c', source, order: [{ axis: 0, size: 2, step: 1 }, { axis: 1, size: 12, step: 1 }, { axis: 2, size: 9, step: 1 }] }, weights);
    for (let kernel = 0; kernel < 6; kernel++) {
      for (let down = 0; down < 2; down++) {
        for (let across = 0; across < 2; across++) {
          const found = packed.subarray((kernel * 4 + down * 2 + across) * 9, (kernel * 4 + down * 2 + across + 1) * 9);
          const expected = [0, 1, 2].flatMap((r) => [0, 1, 2].map((s) => (2 * r + down < 5 && 2 * s + across < 5 ? raw[kernel * 25 + (2 * r + down) * 5 + 2 * s + across] ?? NaN : 0)));
          expect(Array.from(found)).toEqual(expected);
        }
      }
    }
  });

  test.each(['weight', 'bias'] as const)('two batchnorms fold into a %s, with and without a tensor', async (role) => {
    const norm = (layer: string) => Object.fromEntries(['weight', 'bias', 'running_mean', 'running_var'].map((name) => [`${layer}.${name}`, [6]]));
    const shape = role === 'weight' ? [2, 3, 4] : [6];
    const weights = await openWeights('synthetic:5', specs({ 'c.x': [6, ...shape.slice(2)], ...norm('bn1'), ...norm('bn2') }));
    for (const tensor of ['c.x', undefined]) {
      const weight: PackedWeight = {
        name: 'c',
        source: { role, ...(tensor === undefined ? {} : { tensor }), shape, batchnorms: [{ layer: 'bn1', epsilon: 1e-5 }, { layer: 'bn2', epsilon: 1e-3 }] },
        order: shape.map((size, axis) => ({ axis, size, step: 1 })),
      };
      expect(largestDifference(await pack(weight, weights), await packSlowly(weight, weights))).toBeLessThan(1e-6);
    }
  });

  test('a tensor of many blocks comes in blocks, whatever its order', async () => {
    const [rows, columns] = [1030, 2100];
    const weights = await openWeights('synthetic:2', specs({ 'big.weight': [rows, columns] }));
    const source = { role: 'weight', tensor: 'big.weight', shape: [rows, columns], batchnorms: none } as const;
    const expected = syntheticTensor('big.weight', rows * columns, 2, 1);
    const padded = await pack({ name: 'big', source, order: [{ axis: 0, size: 1032, step: 1 }, { axis: 1, size: columns, step: 1 }] }, weights);
    expect(sameBytes(padded.subarray(0, expected.length), expected)).toBe(true);
    expect(padded.subarray(expected.length).every((value) => value === 0)).toBe(true);

    const transposed = await pack({ name: 'big', source, order: [{ axis: 1, size: columns, step: 1 }, { axis: 0, size: rows, step: 1 }] }, weights);
    expect(transposed.every((value, i) => value === expected[(i % rows) * columns + Math.floor(i / rows)])).toBe(true);

    const flat = await pack({ name: 'big', source: { ...source, shape: [rows * columns] }, order: [{ axis: 0, size: rows * columns, step: 1 }] }, weights);
    expect(sameBytes(flat, expected)).toBe(true);
  });

  test('no more than a few blocks of a large tensor are asked for at once', async () => {
    let most = 0;
    const shape = [64, 1 << 17];
    const weights: Weights = {
      name: 'counted', shapes: new Map([['w', shape]]), close: () => Promise.resolve(),
      read: (_, __, into) => {
        most = Math.max(most, into.length);
        return Promise.resolve();
      },
    };
    const source = { role: 'weight', tensor: 'w', shape, batchnorms: none } as const;
    await pack({ name: 'w', source, order: [{ axis: 0, size: 8, step: 8 }, { axis: 1, size: 1 << 15, step: 4 }, { axis: 0, size: 8, step: 1 }, { axis: 1, size: 4, step: 1 }] }, weights);
    expect(most).toBeLessThanOrEqual(8 << 17);
  });

  test('in 16 bits: the same values in the same order, rounded, and half the bytes', async () => {
    const shapes = { 'c.weight': [10, 3, 3, 3], 'bn.weight': [10], 'bn.bias': [10], 'bn.running_mean': [10], 'bn.running_var': [10] };
    const weights = await openWeights('synthetic:4', specs(shapes));
    const whole: PackedWeight = {
      name: 'c', source: { role: 'weight', tensor: 'c.weight', shape: [10, 3, 9], batchnorms: [{ layer: 'bn', epsilon: 1e-5 }] },
      order: [{ axis: 0, size: 2, step: 8 }, { axis: 1, size: 3, step: 1 }, { axis: 2, size: 3, step: 4 }, { axis: 0, size: 8, step: 1 }, { axis: 2, size: 4, step: 1 }],
    };
    const expected = await pack(whole, weights);
    const half: PackedWeight = { ...whole, type: 'f16' };
    expect(packedBytes(half)).toBe(packedBytes(whole) / 2);
    const got = new Uint16Array(expected.length).fill(0xffff);
    await packWeight(half, weights, (values, first) => {
      got.set(values, first);
    });
    const rounded = new Uint16Array(expected.length);
    toHalves(Float32Array.from(expected), rounded);
    expect(got).toEqual(rounded);
    expect(new Set(got).size).toBeGreaterThan(200);
  });

  test.each([
    ['a tensor as it is', [], 'fc.weight[2,1] in large.safetensors is 70000, and f16 ends at 65504: compile the model with precision f32'],
    ['one that a batchnorm scales', [{ layer: 'bn', epsilon: 0 }], 'fc.weight[2,1] in large.safetensors, scaled by bn, is -140000, and f16'],
  ])('a value that 16 bits cannot hold is told with its place: %s', async (_, batchnorms, message) => {
    const weights: Weights = {
      name: 'large.safetensors', shapes: new Map(Object.entries({ 'fc.weight': [3, 5], 'bn.weight': [3], 'bn.bias': [3], 'bn.running_mean': [3], 'bn.running_var': [3] })), close: () => Promise.resolve(),
      read: (tensor, first, into) => {
        for (let i = 0; i < into.length; i++) {
          if (tensor === 'fc.weight') into[i] = first + i === 11 ? 70_000 : 1;
          else into[i] = { 'bn.weight': -2, 'bn.running_var': 1 }[tensor] ?? 0;
        }
        return Promise.resolve();
      },
    };
    const source = { role: 'weight', tensor: 'fc.weight', shape: [3, 5], batchnorms } as const;
    const weight: PackedWeight = { name: 'fc.weight', type: 'f16', source, order: [{ axis: 0, size: 2, step: 1, start: 1 }, { axis: 1, size: 8, step: 1 }] };
    await expect(packWeight(weight, weights, () => undefined)).rejects.toThrow(message);
    await expect(packWeight(weight, weights, () => undefined)).rejects.toThrow(InputError);
  });

  test('a value that is not finite is told with its place', async () => {
    const weights: Weights = {
      name: 'broken.safetensors', shapes: new Map([['conv1.weight', [2, 3]]]), close: () => Promise.resolve(),
      read: (_, first, into) => {
        for (let i = 0; i < into.length; i++) into[i] = first + i === 4 ? -Infinity : 1;
        return Promise.resolve();
      },
    };
    const source = { role: 'weight', tensor: 'conv1.weight', shape: [2, 3], batchnorms: none } as const;
    await expect(pack({ name: 'conv1.weight', source, order: [{ axis: 0, size: 2, step: 1 }, { axis: 1, size: 3, step: 1 }] }, weights))
      .rejects.toThrow('conv1.weight[1,1] in broken.safetensors is -Infinity');
  });
});
