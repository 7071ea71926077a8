// Batch normalisation for peers that are given layers: what it multiplies a channel by and adds to it.

import type { Layer } from '../task.ts';
import type { StoredTensor } from './safetensors.ts';

/** `x * scale + shift` is `(x - running_mean) / sqrt(running_var + epsilon) * weight + bias`. */
export function batchnormOf({ id, attrs, params }: Layer, tensors: ReadonlyMap<string, StoredTensor>): { readonly scale: Float32Array; readonly shift: Float32Array } {
  const of = (suffix: string): Float32Array => {
    const values = params.filter(({ name }) => name.endsWith(`.${suffix}`)).map(({ name }) => tensors.get(name)?.values)[0];
    if (values === undefined) throw new Error(`${id}.${suffix} is not in the file`);
    return values;
  };
  const [weight, bias, mean, variance] = [of('weight'), of('bias'), of('running_mean'), of('running_var')];
  const scale = weight.map((value, channel) => value / Math.sqrt((variance[channel] ?? NaN) + Number(attrs['epsilon'])));
  return { scale, shift: bias.map((value, channel) => value - (mean[channel] ?? NaN) * (scale[channel] ?? NaN)) };
}
