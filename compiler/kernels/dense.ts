// A dense layer: a workgroup makes a few rows of outputs. Its lanes run along the inputs side by side, four values at a
// time, and add up what they have at the end. For a batch each weight is loaded once for several images.

import type { PackedWeight, PackLoop } from '../../runtime/plan.ts';
import type { Core } from '../ir/kernel.ts';
import { elements } from '../ir/tensor.ts';
import { header, millions } from './header.ts';
import { Results } from './results.ts';
import { describe, ShaderWriter, weightSource, type KernelSite, type Shader, type Slice } from './shader.ts';
import { plus, u, type Lines } from './wgsl.ts';

export interface DenseTile {
  readonly lanes: number;
  /** Outputs of a workgroup. */
  readonly rows: number;
  /** Images of a workgroup. */
  readonly images: number;
}

/** Values past the end of an input vector that lanes may read: they must be zero. */
export const denseMultiple = (lanes: number): number => lanes * 4;

export function dense(site: KernelSite, core: Extract<Core, { kind: 'dense' }>, tile: DenseTile): Shader {
  const { kernel, target, x } = site;
  const { lanes, rows, images } = tile;
  const inputs = elements(kernel.readsShape);
  const units = elements(site.shape);
  const pitch = Math.ceil(inputs / denseMultiple(lanes)) * denseMultiple(lanes);
  const slices = cut(units, pitch * 4, target.limits.maxStorageBufferBindingSize, rows);

  const writer = new ShaderWriter(site, slices);
  writer.read('x', kernel.reads, 'vec4f', describe(x));
  writer.weight(
    'weight',
    'vec4f',
    `[${units}][${pitch}]${slices.length > 1 ? `, in ${slices.length} parts, as a binding may hold ${target.limits.maxStorageBufferBindingSize >> 20} MiB` : ''}`,
    slices.map(({ firstChannel }, index): PackedWeight => {
      const count = (slices[index + 1]?.firstChannel ?? units) - firstChannel;
      const order: PackLoop[] = [
        { axis: 0, size: count, step: 1, ...(firstChannel > 0 ? { start: firstChannel } : {}) },
        { axis: 1, size: pitch, step: 1 },
      ];
      return { name: slices.length > 1 ? `${core.weight}.${index + 1}` : core.weight, source: weightSource('weight', core.weight, [units, inputs], kernel.folded), order };
    }),
  );
  const hasBias = core.bias !== undefined || kernel.folded.length > 0;
  if (hasBias) writer.perChannel(core.bias ?? `${core.weight}.bias`, weightSource('bias', core.bias, [units], kernel.folded), units);
  const results = new Results(writer);

  const exact = units % rows === 0;
  const image = (index: number): string => (images > 1 ? `_${index}` : '');
  const indices = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
  const sum = (row: number, index: number): string => `sum_${row}${image(index)}`;
  const subgroups = target.subgroupSize === lanes;

  const turn: Lines = [
    ...indices(images).map((index) => `let values${image(index)} = x[${plus('at_x', (index * x.imageStride) / 4)}];`),
    ...indices(rows).flatMap((row) => [
      `let weights_${row} = weight[${plus('at_w', row * (pitch / 4))}];`,
      ...indices(images).map((index) => `${sum(row, index)} = fma(values${image(index)}, weights_${row}, ${sum(row, index)});`),
    ]),
    `at_w += ${u(lanes)};`,
  ];

  const body: Lines = [
    `let first = group.x * ${u(rows)};`,
    `let n = ${images > 1 ? `group.z * ${u(images)}` : 'group.z'};`,
    `let begin = ${plus(`n * ${u(x.imageStride / 4)}`, (x.firstChannel * x.planeStride) / 4)};`,
    `var at_w = first * ${u(pitch / 4)} + lane;`,
    '',
    ...indices(rows).flatMap((row) => indices(images).map((index) => `var ${sum(row, index)} = vec4f();`)),
    `for (var at_x = begin + lane; at_x < begin + ${u(pitch / 4)}; at_x += ${u(lanes)}) {`,
    turn,
    '}',
    '',
    ...(subgroups ? addUp() : addUpInMemory()),
  ];
  const macs = kernel.nodes[0]?.macs ?? 0;
  return writer.finish({
    header: header(
      site,
      `${core.weight}[${units},${inputs}] · x[${inputs}]${core.bias === undefined ? '' : ` + ${core.bias}`}`,
      `A workgroup makes ${rows} outputs${images > 1 ? ` for ${images} images` : ''}, ${lanes} lanes run along the inputs. ` +
        `Dispatch ${slices.map(({ workgroups }) => workgroups[0]).join(' and ')} x 1 x ${images > 1 ? `batch / ${images}` : 'batch'}. ` +
        `${millions(macs)} multiply-adds, ${millions(units * pitch * 4)}B of weights.`,
    ),
    enables: subgroups ? ['enable subgroups;'] : [],
    shared: subgroups ? [] : [`var<workgroup> part: array<f32, ${lanes * rows * images}>;  // [output]${images > 1 ? '[image]' : ''}[lane]`],
    workgroupSize: lanes,
    builtins: ['@builtin(workgroup_id) group: vec3u', subgroups ? '@builtin(subgroup_invocation_id) lane: u32' : '@builtin(local_invocation_index) lane: u32'],
    body,
    images,
  });

  /** Lane 0 finishes and stores output `row` of image `index`, whose sum is `total`. */
  function finishOne(row: number, index: number, total: string): Lines {
    const channel = plus('first', row);
    const n = images > 1 ? plus('n', index) : 'n';
    const guards = [...(exact || row === 0 ? [] : [`${channel} < unit_end`]), ...(images > 1 && index > 0 ? [`${n} < images`] : [])];
    const lines: Lines = [
      ...(hasBias ? [`let sum = ${total} + bias[${channel}];`] : []),
      ...results.declare({ n: n.includes(' ') ? `(${n})` : n, channel, y: 0, x: 0 }),
      ...results.store(hasBias ? 'sum' : total, channel),
    ];
    return guards.length > 0 ? [`if (${guards.join(' && ')}) {`, lines, '}'] : ['{', lines, '}'];
  }

  function endings(): Lines {
    return [...(exact ? [] : [`let unit_end = ${slices.length > 1 ? `arrayLength(&weight) / ${u(pitch / 4)}` : u(units)};`]), ...(images > 1 ? [`let images = arrayLength(&x) / ${u(x.imageStride / 4)};`] : [])];
  }

  function addUp(): Lines {
    const totals = indices(rows).flatMap((row) => indices(images).map((index) => `let total_${row}${image(index)} = subgroupAdd(dot(${sum(row, index)}, vec4f(1.0)));`));
    return [
      ...totals,
      'if (lane == 0u) {',
      [...endings(), ...indices(rows).flatMap((row) => indices(images).flatMap((index) => finishOne(row, index, `total_${row}${image(index)}`)))],
      '}',
    ];
  }

  /** Halves the number of parts until one is left of each output. */
  function addUpInMemory(): Lines {
    const at = (row: number, index: number): number => (row * images + index) * lanes;
    const sums = indices(rows).flatMap((row) => indices(images).map((index) => [row, index] as const));
    return [
      ...sums.map(([row, index]) => `part[${plus(at(row, index), 'lane')}] = dot(${sum(row, index)}, vec4f(1.0));`),
      `for (var half = ${u(lanes / 2)}; half > 0u; half /= 2u) {`,
      [
        'workgroupBarrier();',
        'if (lane < half) {',
        sums.map(([row, index]) => `part[${plus(at(row, index), 'lane')}] += part[${plus(at(row, index), 'lane')} + half];`),
        '}',
      ],
      '}',
      'if (lane == 0u) {',
      [...endings(), ...sums.flatMap(([row, index]) => finishOne(row, index, `part[${u(at(row, index))}]`))],
      '}',
    ];
  }
}

/** Rows of weights in parts that fit a binding; a part begins at a multiple of 64 outputs, whose addresses are multiples of 256 bytes. */
function cut(units: number, rowBytes: number, limit: number, rows: number): readonly Slice[] {
  const most = units * rowBytes <= limit ? units : Math.floor(limit / rowBytes / 64) * 64;
  if (most === 0) throw new Error(`64 rows of ${rowBytes} bytes do not fit a binding of ${limit} bytes`);
  const parts = Math.ceil(units / most);
  const each = Math.min(most, Math.ceil(units / parts / 64) * 64);
  return Array.from({ length: Math.ceil(units / each) }, (_, index) => {
    const firstChannel = index * each;
    return { firstChannel, workgroups: [Math.ceil(Math.min(each, units - firstChannel) / rows), 1] as const };
  });
}
