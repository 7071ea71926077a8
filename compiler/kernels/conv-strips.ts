// Depthwise convolution where loads are dear: a thread goes down a strip of a channel (`strips.ts`), whose few weights it keeps.

import { asPicture } from '../ir/tensor.ts';
import type { ConvCore } from './conv-tile.ts';
import { header, millions } from './header.ts';
import { Results } from './results.ts';
import { describe, ShaderWriter, weightBytes, weightSource, type KernelSite, type Shader } from './shader.ts';
import { strip, stripColumn, stripColumns } from './strips.ts';
import { component, each, plus, u, type Lines } from './wgsl.ts';

export function convStrips(site: KernelSite, core: ConvCore): Shader {
  const { kernel, target } = site;
  const { window, groups } = core;
  const channels = asPicture(site.shape)[2];
  const [kernelRows, kernelColumns] = window.kernel;
  const taps = kernelRows * kernelColumns;
  const quads = Math.ceil(taps / 4);
  const { at, array, write, details, workgroups, workgroupSize } = strip(site, window);
  const writer = new ShaderWriter(site, [{ firstChannel: 0, workgroups }]);
  writer.read('x', kernel.reads, 'vec4f', describe(site.x));
  const weights = writer.weights('weight', 4, `[${channels}][${quads}] of 4 taps`, [
    {
      name: core.weight,
      source: weightSource('weight', core.weight, [channels, taps], kernel.folded),
      order: [
        { axis: 0, size: channels, step: 1 },
        { axis: 1, size: quads * 4, step: 1 },
      ],
    },
  ]);
  const hasBias = writer.bias(core, channels);
  const results = new Results(writer);

  const multiply = Array.from({ length: kernelRows }, (_, r) =>
    Array.from({ length: kernelColumns }, (_unused, s) => {
      const tap = r * kernelColumns + s;
      return each(target.unroll, 'i', stripColumns, (i) => [
        `${at('sum', i)} = fma(${at(`row_${r * window.dilation[0]}`, stripColumn(site, window, i, s))}, ${component(`taps_${Math.floor(tap / 4)}`, tap % 4)}, ${at('sum', i)});`,
      ]);
    }).flat()).flat();
  const start: Lines = each(target.unroll, 'i', stripColumns, (i) => [`${at('sum', i)} = ${hasBias ? 'bias_of_channel' : '0.0'};`]);
  return writer.finish({
    header: header(
      site,
      `x[${kernel.readsShape.join('x')}] ∗ ${core.weight}[${channels},1,${window.kernel.join(',')}]${core.bias === undefined ? '' : ` + ${core.bias}`}`,
      `Depthwise convolution, stride ${window.stride.join('x')}, pad ${window.before.join('x')}, ${groups} groups. ${details} ` +
        `${millions(kernel.nodes[0]?.macs ?? 0)} multiply-adds, ${millions(channels * taps * weightBytes(site))}B of weights.`,
    ),
    workgroupSize,
    builtins: ['@builtin(global_invocation_id) id: vec3u'],
    body: write({
      plane: channels === groups ? 'channel' : `channel / ${u(channels / groups)}`,
      before: [
        ...Array.from({ length: quads }, (_, quad) => `let taps_${quad} = ${weights(plus(`channel * ${u(quads)}`, quad))};`),
        ...(hasBias ? ['let bias_of_channel = bias[channel];'] : []),
      ],
      make: () => [...array('sum', stripColumns), ...start, ...multiply],
      made: (column) => at('sum', column),
      results,
    }),
  });
}
