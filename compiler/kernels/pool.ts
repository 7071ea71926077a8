// Pooling: one thread per pooled value looks at its window. Positions outside the picture wrap around to huge numbers and
// fail the one comparison, so padding needs no sign.

import type { Core } from '../ir/kernel.ts';
import type { Window } from '../ir/op.ts';
import { asPicture } from '../ir/tensor.ts';
import { pixels } from './pixels.ts';
import { header } from './header.ts';
import { Results } from './results.ts';
import { describe, ShaderWriter, type KernelSite, type Shader } from './shader.ts';
import { each, f, lowest, modulo, mostTurns, over, plus, text, times, u, type Lines } from './wgsl.ts';

export function pool(site: KernelSite, core: PoolCore): Shader {
  const { kernel, target, x } = site;
  const { window, combine } = core;
  const [height, width, channels] = asPicture(site.shape);
  const input = asPicture(kernel.readsShape);
  const grid = pixels(target, height, width, channels);
  const writer = new ShaderWriter(site, [{ firstChannel: 0, workgroups: grid.workgroups }]);
  writer.read('x', kernel.reads, 'f32', describe(x));
  const results = new Results(writer);

  const inside = insidePicture(site, core);
  const [rowsInside, columnsInside] = inside;
  const places = [grid.y, grid.x] as const;
  /** The picture's row or column that cell `index` of the window looks at. */
  const position = (axis: 0 | 1, index: string | number): string => {
    const cell = times(index, window.dilation[axis]);
    const start = times(places[axis], window.stride[axis]);
    const at = plus(start, cell);
    return window.before[axis] > 0 ? `${at} - ${u(window.before[axis])}` : at;
  };

  const address = `at_x + iy${x.rowStride === 1 ? '' : ` * ${u(x.rowStride)}`} + ix`;
  const take = combine === 'max' ? `largest = max(largest, x[${address}]);` : `sum += x[${address}];`;
  const column: Lines = columnsInside ? [take] : [`if (ix < ${u(input[1])}) { ${take} }`];
  const inRow = (lines: Lines): Lines => (rowsInside ? lines : [`if (iy < ${u(input[0])}) {`, lines, '}']);
  const cells = window.kernel[0] * window.kernel[1];
  // Two loops around a large window would be unrolled into thousands of instructions, which take seconds to compile.
  const windowLoop: Lines =
    cells > mostTurns
      ? [
          `for (var cell = 0u; cell < ${u(cells)}; cell++) {`,
          [`let iy = ${position(0, text(over('cell', window.kernel[1])))};`, `let ix = ${position(1, text(modulo('cell', window.kernel[1])))};`, ...inRow(column)],
          '}',
        ]
      : scoped('r', window.kernel[0], (r) => [
          `let iy = ${position(0, r)};`,
          ...inRow(scoped('s', window.kernel[1], (s) => [`let ix = ${position(1, s)};`, ...column])),
        ]);

  const body: Lines = [
    ...grid.place,
    `let at_x = ${plus(
      `n * ${u(x.imageStride)}`,
      x.firstChannel > 0 ? `(channel + ${u(x.firstChannel)}) * ${u(x.planeStride)}` : `channel * ${u(x.planeStride)}`,
      x.top * x.rowStride + x.left,
    )};`,
    '',
    combine === 'max' ? `var largest = ${lowest};` : 'var sum = 0.0;',
    ...windowLoop,
    '',
    ...results.declare({ n: 'n', channel: 'channel', y: grid.y, x: grid.x }),
    ...(combine === 'max' ? results.store('largest', 'channel') : [...cellCount(), ...results.store(inside.every(Boolean) ? `sum * ${f(1 / cells)}` : 'sum / f32(cells)', 'channel')]),
  ];
  return writer.finish({
    header: header(
      site,
      `${combine} of x[${kernel.readsShape.join('x')}] over ${window.kernel.join('x')} windows`,
      `Stride ${window.stride.join('x')}${window.before.some((pad) => pad > 0) ? `, pad ${window.before.join('x')}` : ''}. A thread per value. Dispatch ${grid.workgroups.join(' x ')} x batch.`,
    ),
    workgroupSize: grid.workgroupSize,
    builtins: ['@builtin(global_invocation_id) id: vec3u'],
    body,
  });

  /** Turns written out one by one keep their names apart by a block each. */
  function scoped(name: string, count: number, turn: (index: string | number) => Lines): Lines {
    const apart = target.unroll === 'written' && count > 1;
    return each(target.unroll, name, count, (index) => (apart ? ['{', turn(index), '}'] : turn(index)));
  }

  /** The cells a mean divides by. */
  function cellCount(): Lines {
    return inside.every(Boolean) ? [] : [`let cells = ${cellsOfWindow(site, core, ...places)};`];
  }
}

type PoolCore = Extract<Core, { kind: 'pool' }>;

/** How many rows or columns a window reaches over. */
const reach = ({ kernel, dilation }: Window, axis: 0 | 1): number => (kernel[axis] - 1) * dilation[axis] + 1;

/** Whether all windows lie within the picture's rows, and its columns. */
export function insidePicture({ kernel, shape }: Pick<KernelSite, 'kernel' | 'shape'>, { window }: PoolCore): readonly [rows: boolean, columns: boolean] {
  const input = asPicture(kernel.readsShape);
  const output = asPicture(shape);
  const inside = (axis: 0 | 1): boolean => window.before[axis] === 0 && (output[axis] - 1) * window.stride[axis] + reach(window, axis) <= input[axis];
  return [inside(0), inside(1)];
}

/** The cells of the window at row `y` and column `x`: those inside the picture, and its padding where that counts; never those past both. */
export function cellsOfWindow({ kernel }: Pick<KernelSite, 'kernel'>, { window, countPadding }: PoolCore, y: string | number, x: string | number): string {
  const input = asPicture(kernel.readsShape);
  const along = (axis: 0 | 1, place: string | number): string => {
    const start = text(times(place, window.stride[axis]));
    const end = countPadding ? window.before[axis] + input[axis] + window.after[axis] : window.before[axis] + input[axis];
    const first = countPadding || window.before[axis] === 0 ? start : `max(${start}, ${u(window.before[axis])})`;
    return `min(${start} + ${u(reach(window, axis))}, ${u(end)}) - ${first}`;
  };
  return `(${along(0, y)}) * (${along(1, x)})`;
}
