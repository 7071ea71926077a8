// A dense layer: a workgroup makes a few rows of outputs. Its lanes run along the inputs side by side, four values at a
// time, and add up what they have at the end. For a batch each weight is loaded once for several images.

import type { PackedWeight, PackLoop } from '../../runtime/plan.ts';
import type { Core } from '../ir/kernel.ts';
import { elements } from '../ir/tensor.ts';
import { cutUnits } from './cut-units.ts';
import { header, millions } from './header.ts';
import { Results } from './results.ts';
import { describe, ShaderWriter, weightBytes, weightSource, type KernelSite, type Shader } from './shader.ts';
import { each, plus, text, times, u, type Lines } from './wgsl.ts';

export interface DenseTile {
  readonly lanes: number;
  /** Outputs of a workgroup. */
  readonly rows: number;
  /** Images of a workgroup. */
  readonly images: number;
  /** Groups of four inputs that a lane takes in each turn of the loop, whose loads are then on their way together; absent: one. */
  readonly quads?: number;
}

/** Values past the end of an input vector that lanes may read: they must be zero. */
export const denseMultiple = (lanes: number): number => lanes * 4;

/** @param fewest outputs of a workgroup in the version that has the fewest: all versions' weights are cut alike */
export function dense(site: KernelSite, core: Extract<Core, { kind: 'dense' }>, tile: DenseTile, fewest: number): Shader {
  const { kernel, target, x } = site;
  const { lanes, rows, images, quads = 1 } = tile;
  const inputs = elements(kernel.readsShape);
  const units = elements(site.shape);
  const pitch = Math.ceil(inputs / denseMultiple(lanes)) * denseMultiple(lanes);
  if ((pitch / 4 / lanes) % quads !== 0) throw new Error(`${inputs} inputs do not come in ${quads} groups for each of ${lanes} lanes`);
  const slices = cutUnits(units, pitch * weightBytes(site), target.limits, fewest)
    .map(({ firstChannel, workgroups: [count] }) => ({ firstChannel, workgroups: [Math.ceil((count * fewest) / rows), 1] as const }));

  const writer = new ShaderWriter(site, slices);
  writer.read('x', kernel.reads, 'vec4f', describe(x));
  const weights = writer.weights(
    'weight',
    4,
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
  const hasBias = writer.bias(core, units);
  const results = new Results(writer);

  const exact = units % rows === 0;
  const subgroups = target.subgroupSize === lanes;
  const { unroll } = target;
  const eachRow = (lines: (row: number) => Lines): Lines => Array.from({ length: rows }, (_, row) => lines(row)).flat();
  const eachQuad = (lines: (quad: number) => Lines): Lines => Array.from({ length: quads }, (_, quad) => lines(quad)).flat();
  const eachImage = (lines: (image: string | number) => Lines): Lines => each(unroll, 'i', images, lines);
  /** Something that each image has one of: an array in a loop, else a variable for each. */
  const ofImage = (name: string, image: string | number): string =>
    images === 1 ? name : unroll === 'written' ? `${name}_${image}` : `${name}[${text(image)}]`;
  const declare = (name: string): Lines =>
    images === 1 || unroll === 'written' ? eachImage((image) => [`var ${ofImage(name, image)} = vec4f();`]) : [`var ${name}: array<vec4f, ${images}>;`];

  const weightsOf = (quad: number, row: number): string => `weights_${row}${quads > 1 ? `_${quad}` : ''}`;
  const valuesOf = (quad: number): string => `values${quads > 1 ? `_${quad}` : ''}`;
  const inRegisters = images === 1 || unroll === 'written';
  const loadWeights = (quad: number, row: number): Lines => [`let ${weightsOf(quad, row)} = ${weights(plus('at_w', 'lane', row * (pitch / 4) + quad * lanes))};`];
  const turn: Lines = [
    ...(quads > 1 ? eachQuad((quad) => eachRow((row) => loadWeights(quad, row))) : []),
    ...eachQuad((quad) => [
      ...(inRegisters ? [] : [`var ${valuesOf(quad)}: array<vec4f, ${images}>;`]),
      ...eachImage((image) => [
        `${inRegisters ? 'let ' : ''}${ofImage(valuesOf(quad), image)} = x[${plus('at_x', 'lane', times(image, x.imageStride / 4), quad * lanes)}];`,
      ]),
      ...eachRow((row) => [
        ...(quads > 1 ? [] : loadWeights(quad, row)),
        ...eachImage((image) => {
          const sum = ofImage(`sum_${row}`, image);
          return [`${sum} = fma(${ofImage(valuesOf(quad), image)}, ${weightsOf(quad, row)}, ${sum});`];
        }),
      ]),
    ]),
    `at_x += ${u(quads * lanes)};`,
    `at_w += ${u(quads * lanes)};`,
  ];

  const body: Lines = [
    `let first = group.x * ${u(rows)};`,
    `let n = ${images > 1 ? `group.z * ${u(images)}` : 'group.z'};`,
    `var at_x = ${plus(`n * ${u(x.imageStride / 4)}`, (x.firstChannel * x.planeStride) / 4)};`,
    `var at_w = first * ${u(pitch / 4)};`,
    '',
    ...eachRow((row) => declare(`sum_${row}`)),
    '// The end is no constant, so that no driver unrolls this loop.',
    `let end = at_w + ${u(pitch / 4)};`,
    'while (at_w < end) {',
    turn,
    '}',
    '',
    ...(subgroups ? [] : addUpInMemory()),
    ...(exact ? [] : [`let unit_end = ${slices.length > 1 ? `arrayLength(&weight) / ${u(pitch / 4)}` : u(units)};`]),
    ...eachRow(finishRow),
  ];
  const macs = kernel.nodes[0]?.macs ?? 0;
  return writer.finish({
    header: header(
      site,
      `${core.weight}[${units},${inputs}] · x[${inputs}]${core.bias === undefined ? '' : ` + ${core.bias}`}`,
      `A workgroup makes ${rows} outputs${images > 1 ? ` for ${images} images` : ''}, ${lanes} lanes run along the inputs. ` +
        `Dispatch ${slices.map(({ workgroups }) => workgroups[0]).join(' and ')} x 1 x ${images > 1 ? `batch / ${images}` : 'batch'}. ` +
        `${millions(macs)} multiply-adds, ${millions(units * pitch * weightBytes(site))}B of weights.`,
    ),
    enables: subgroups ? ['enable subgroups;'] : [],
    shared: subgroups ? [] : [`var<workgroup> part: array<f32, ${lanes * rows * images}>;  // [output]${images > 1 ? '[image]' : ''}[lane]`],
    workgroupSize: lanes,
    builtins: ['@builtin(workgroup_id) group: vec3u', subgroups ? '@builtin(subgroup_invocation_id) lane: u32' : '@builtin(local_invocation_index) lane: u32'],
    body,
    images,
  });

  /** Adds the lanes' sums of output `row` up; lane 0 stores what comes out. */
  function finishRow(row: number): Lines {
    const channel = plus('first', row);
    const mine = exact || row === 0 ? 'lane == 0u' : `lane == 0u && ${channel} < unit_end`;
    return eachImage((image) => {
      const n = images === 1 ? 'n' : `(${plus('n', image)})`;
      const total = subgroups ? `subgroupAdd(dot(${ofImage(`sum_${row}`, image)}, vec4f(1.0)))` : `part[${plus(...partAt(row, image))}]`;
      const lines: Lines = [
        `let sum = ${total}${hasBias ? ` + bias[${channel}]` : ''};`,
        `if (${mine}) {`,
        [...results.declare({ n: images === 1 || image !== 0 ? n : 'n', channel, y: 0, x: 0 }), ...results.store('sum', channel)],
        '}',
      ];
      return images === 1 || unroll === 'written' ? ['{', lines, '}'] : lines;
    });
  }

  function partAt(row: number, image: string | number): readonly (string | number)[] {
    return [row * images * lanes, times(image, lanes)];
  }

  /** Halves the number of parts until one is left of each output. */
  function addUpInMemory(): Lines {
    return [
      ...eachRow((row) => eachImage((image) => [`part[${plus(...partAt(row, image), 'lane')}] = dot(${ofImage(`sum_${row}`, image)}, vec4f(1.0));`])),
      `for (var half = ${u(lanes / 2)}; half > 0u; half /= 2u) {`,
      [
        'workgroupBarrier();',
        'if (lane < half) {',
        eachRow((row) =>
          eachImage((image) => [`part[${plus(...partAt(row, image), 'lane')}] += part[${plus(...partAt(row, image), 'lane', 'half')}];`]),
        ),
        '}',
      ],
      '}',
    ];
  }
}
