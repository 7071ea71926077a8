// Pooling where loads are dear: a thread goes down a strip of a channel (`strips.ts`). Of an input row it keeps what each window
// makes of its part of it; what lies outside the picture never wins, and adds nothing.

import type { Core } from '../ir/kernel.ts';
import { asPicture } from '../ir/tensor.ts';
import { header } from './header.ts';
import { cellsOfWindow, insidePicture } from './pool.ts';
import { Results } from './results.ts';
import { describe, ShaderWriter, type KernelSite, type Shader } from './shader.ts';
import { strip, stripColumn, stripColumns, stripFirstColumn } from './strips.ts';
import { each, f, lowest, plus, u, type Lines } from './wgsl.ts';

export function poolStrips(site: KernelSite, core: Extract<Core, { kind: 'pool' }>): Shader {
  const { kernel, target } = site;
  const { window, combine } = core;
  const { unroll } = target;
  const input = asPicture(kernel.readsShape);
  const { at, array, write, details, workgroups, workgroupSize } = strip(site, window);
  const writer = new ShaderWriter(site, [{ firstChannel: 0, workgroups }]);
  writer.read('x', kernel.reads, 'vec4f', describe(site.x));
  const results = new Results(writer);

  const [rowsInside, columnsInside] = insidePicture(site, core);
  const nothing = combine === 'max' ? lowest : '0.0';
  const both = (a: string, b: string): string => (combine === 'max' ? `max(${a}, ${b})` : `${a} + ${b}`);
  const of = (parts: readonly string[]): string => parts.reduce(both);
  const loaded = Math.ceil((Number(stripColumn(site, window, stripColumns - 1, window.kernel[1] - 1)) + 1) / 4) * 4;

  const keep = (into: string, values: string, iy: string): Lines => [
    ...(columnsInside ? [] : each(unroll, 'i', loaded, (i) => [`${at(values, i)} = select(${nothing}, ${at(values, i)}, ${plus('first_column', i)} < ${u(input[1])});`])),
    ...each(unroll, 'i', stripColumns, (i) => {
      const value = of(Array.from({ length: window.kernel[1] }, (_, s) => at(values, stripColumn(site, window, i, s))));
      return [`${at(into, i)} = ${rowsInside ? value : `select(${nothing}, ${value}, ${iy} < ${u(input[0])})`};`];
    }),
  ];
  const whole = (i: string | number): string => of(Array.from({ length: window.kernel[0] }, (_, r) => at(`row_${r * window.dilation[0]}`, i)));
  const mean = (i: string | number): string => {
    const cells = rowsInside && columnsInside ? undefined : cellsOfWindow(site, core, 'oy', plus('ox', i));
    return cells === undefined ? `(${whole(i)}) * ${f(1 / (window.kernel[0] * window.kernel[1]))}` : `(${whole(i)}) / f32(${cells})`;
  };
  return writer.finish({
    header: header(
      site,
      `${combine} of x[${kernel.readsShape.join('x')}] over ${window.kernel.join('x')} windows`,
      `Stride ${window.stride.join('x')}${window.before.some((pad) => pad > 0) ? `, pad ${window.before.join('x')}` : ''}. ${details}`,
    ),
    workgroupSize,
    builtins: ['@builtin(global_invocation_id) id: vec3u'],
    body: write({
      plane: 'channel',
      before: columnsInside ? [] : ['// It wraps around to huge numbers left of the picture.', `let first_column = ${stripFirstColumn(site, window)};`],
      keep: { count: stripColumns, lines: keep },
      make: () => [...array('pooled', stripColumns), ...each(unroll, 'i', stripColumns, (i) => [`${at('pooled', i)} = ${combine === 'max' ? whole(i) : mean(i)};`])],
      made: (column) => at('pooled', column),
      results,
    }),
  });
}
