// Convolution for groups of few channels (depthwise ones above all): a thread makes one value, its neighbours those beside
// it, so that a whole workgroup reads the same weight at once. Zeros stand around the picture, as for `conv.ts`.

import type { Core } from '../ir/kernel.ts';
import { asPicture, elements } from '../ir/tensor.ts';
import { pixels } from './pixels.ts';
import { header, millions } from './header.ts';
import { Results } from './results.ts';
import { describe, ShaderWriter, weightBytes, weightSource, wholeWords, type KernelSite, type Shader } from './shader.ts';
import { each, plus, times, u, type Lines } from './wgsl.ts';

export function convPixels(site: KernelSite, core: Extract<Core, { kind: 'conv' }>): Shader {
  const { kernel, target, x } = site;
  const { window, groups } = core;
  const [height, width, channels] = asPicture(site.shape);
  const inputs = asPicture(kernel.readsShape)[2] / groups;
  const outputs = channels / groups;
  const [kernelRows, kernelColumns] = window.kernel;
  const grid = pixels(target, height, width, channels);
  const writer = new ShaderWriter(site, [{ firstChannel: 0, workgroups: grid.workgroups }]);
  writer.read('x', kernel.reads, 'f32', describe(x));
  const shape = [channels, inputs * kernelRows * kernelColumns] as const;
  const pitch = wholeWords(site, shape[1]);
  const weights = writer.weights('weight', 1, `[${channels}][${inputs}][${kernelRows}][${kernelColumns}]`, [
    {
      name: core.weight,
      source: weightSource('weight', core.weight, shape, kernel.folded),
      order: [
        { axis: 0, size: shape[0], step: 1 },
        { axis: 1, size: pitch, step: 1 },
      ],
    },
  ]);
  const hasBias = writer.bias(core, channels);
  const results = new Results(writer);

  const start = (axis: 0 | 1): string | number => times([grid.y, grid.x][axis] ?? 0, window.stride[axis]);
  const row = plus(start(0), x.top - window.before[0]);
  const firstInput = outputs === 1 ? times('channel', inputs) : times(`(channel / ${u(outputs)})`, inputs);
  const plane = inputs === 1 && outputs === 1 ? 'channel' : String(firstInput);
  const cell = (r: string | number, s: string | number): Lines => [
    `sum = fma(x[${plus('at_x', times(r, window.dilation[0] * x.rowStride), times(s, window.dilation[1]))}], ${weights(plus('at_w', times(r, kernelColumns), s))}, sum);`,
  ];
  const taps: Lines = each(target.unroll, 'r', kernelRows, (r) => each(target.unroll, 's', kernelColumns, (s) => cell(r, s)));
  const body: Lines = [
    ...grid.place,
    `var at_x = ${plus(
      `n * ${u(x.imageStride)}`,
      `${x.firstChannel > 0 || plane.includes(' ') ? `(${plus(plane, x.firstChannel)})` : plane} * ${u(x.planeStride)}`,
      row === '0u' ? 0 : `(${row}) * ${u(x.rowStride)}`,
      typeof start(1) === 'number' ? 0 : start(1),
      x.left - window.before[1],
    )};`,
    `var at_w = channel * ${u(pitch)};`,
    '',
    `var sum = ${hasBias ? 'bias[channel]' : '0.0'};`,
    ...(inputs === 1
      ? taps
      : [`for (var c = 0u; c < ${u(inputs)}; c++) {`, [...taps, `at_x += ${u(x.planeStride)};`, `at_w += ${u(kernelRows * kernelColumns)};`], '}']),
    ...results.declare({ n: 'n', channel: 'channel', y: grid.y, x: grid.x }),
    ...results.store('sum', 'channel'),
  ];
  return writer.finish({
    header: header(
      site,
      `x[${kernel.readsShape.join('x')}] ∗ ${core.weight}[${channels},${inputs},${window.kernel.join(',')}]${core.bias === undefined ? '' : ` + ${core.bias}`}`,
      `A thread per value, stride ${window.stride.join('x')}, pad ${window.before.join('x')}, ${groups} ${groups > 1 ? 'groups' : 'group'}. Dispatch ${grid.workgroups.join(' x ')} x batch. ` +
        `${millions(kernel.nodes[0]?.macs ?? 0)} multiply-adds, ${millions(elements(shape) * weightBytes(site))}B of weights.`,
    ),
    workgroupSize: grid.workgroupSize,
    builtins: ['@builtin(global_invocation_id) id: vec3u'],
    body,
  });
}
