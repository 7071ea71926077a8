// One thread per value: what a kernel is when nothing but a tail is left of it. Copies, and pointwise layers that find no
// kernel to join.

import { asPicture } from '../ir/tensor.ts';
import { header } from './header.ts';
import { Results } from './results.ts';
import { describe, ShaderWriter, type KernelSite, type Shader } from './shader.ts';
import { pixels } from './pixels.ts';
import { plus, u, type Lines } from './wgsl.ts';

export function map(site: KernelSite): Shader {
  const { kernel, target, x } = site;
  const [height, width, channels] = asPicture(site.shape);
  const grid = pixels(target, height, width, channels);
  const writer = new ShaderWriter(site, [{ firstChannel: 0, workgroups: grid.workgroups }]);
  writer.read('x', kernel.reads, 'f32', describe(x));
  const results = new Results(writer);
  const body: Lines = [
    ...grid.place,
    `let at_x = ${plus(`n * ${u(x.imageStride)}`, ...(x.planeStride === 1 ? ['channel'] : [`channel * ${u(x.planeStride)}`]), x.firstChannel * x.planeStride, ...grid.offset(x))};`,
    ...results.declare({ n: 'n', channel: 'channel', y: grid.y, x: grid.x }),
    ...results.store('x[at_x]', 'channel'),
  ];
  return writer.finish({
    header: header(site, 'x', `A thread per value. Dispatch ${grid.workgroups.join(' x ')} x batch.`),
    workgroupSize: grid.workgroupSize,
    builtins: ['@builtin(global_invocation_id) id: vec3u'],
    body,
  });
}
