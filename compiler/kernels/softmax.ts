// Softmax over the channels of each pixel, or over a vector. A workgroup takes one pixel: its lanes find the largest value
// together, then the sum of `exp(x - largest)`, which cannot overflow, then store.

import { lanesWithin } from '../ir/target.ts';
import { asPicture } from '../ir/tensor.ts';
import { header } from './header.ts';
import { Results } from './results.ts';
import { describe, ShaderWriter, type KernelSite, type Shader } from './shader.ts';
import { lowest, plus, u, type Lines } from './wgsl.ts';

export function softmax(site: KernelSite): Shader {
  const { kernel, target, x } = site;
  const [height, width, channels] = asPicture(site.shape);
  const lanes = lanesWithin(target.limits, channels > 64 ? 64 : 16);
  const turns = Math.ceil(channels / lanes);
  const writer = new ShaderWriter(site, [{ firstChannel: 0, workgroups: [width, height] }]);
  writer.read('x', kernel.reads, 'f32', describe(x));
  const results = new Results(writer);
  const address = plus(
    `n * ${u(x.imageStride)}`,
    ...(height > 1 ? [`(oy${x.top > 0 ? ` + ${u(x.top)}` : ''}) * ${u(x.rowStride)}`] : [x.top * x.rowStride]),
    ...(width > 1 ? ['ox'] : []),
    x.left + x.firstChannel * x.planeStride,
  );
  const value = `x[at_x + ${x.planeStride === 1 ? 'channel' : `channel * ${u(x.planeStride)}`}]`;
  const forEachChannel = (lines: Lines): Lines => [`for (var channel = lane; channel < ${u(channels)}; channel += ${u(lanes)}) {`, lines, '}'];
  const combine = (line: string): Lines => [
    'workgroupBarrier();',
    `for (var half = ${u(lanes / 2)}; half > 0u; half /= 2u) {`,
    ['if (lane < half) {', [line], '}', 'workgroupBarrier();'],
    '}',
  ];
  const body: Lines = [
    'let ox = group.x;',
    'let oy = group.y;',
    'let n = group.z;',
    `let at_x = ${address};`,
    '',
    `var largest = ${lowest};`,
    ...forEachChannel([`largest = max(largest, ${value});`]),
    'part[lane] = largest;',
    ...combine('part[lane] = max(part[lane], part[lane + half]);'),
    'largest = part[0];',
    'workgroupBarrier();',
    '',
    'var sum = 0.0;',
    ...forEachChannel([`sum += exp(${value} - largest);`]),
    'part[lane] = sum;',
    ...combine('part[lane] += part[lane + half];'),
    'let scale = 1.0 / part[0];',
    '',
    ...forEachChannel([
      ...results.declare({ n: 'n', channel: 'channel', y: height > 1 ? 'oy' : 0, x: width > 1 ? 'ox' : 0 }),
      ...results.store(`exp(${value} - largest) * scale`, 'channel'),
    ]),
  ];
  return writer.finish({
    header: header(
      site,
      `exp(x - max x) / sum of exp(x - max x) over ${channels} channels`,
      `A workgroup takes one ${height * width > 1 ? 'pixel' : 'image'}, ${lanes} lanes ${turns} ${turns > 1 ? 'channels' : 'channel'} each. Dispatch ${width} x ${height} x batch.`,
    ),
    shared: [`var<workgroup> part: array<f32, ${lanes}>;`],
    workgroupSize: lanes,
    builtins: ['@builtin(workgroup_id) group: vec3u', '@builtin(local_invocation_index) lane: u32'],
    body,
  });
}
