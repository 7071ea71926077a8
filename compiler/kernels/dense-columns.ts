// A dense layer where a lane is an output: lanes hold a weight each of neighbouring outputs, packed side by side, and the
// inputs, which all outputs need, are handed around among them. Where loads cost much and handing around little, this is
// the fastest for one image, and for several, whose inputs are columns that share each weight, by far.

import type { PackedWeight, PackLoop } from '../../runtime/plan.ts';
import type { Core } from '../ir/kernel.ts';
import { elements } from '../ir/tensor.ts';
import { cutUnits } from './cut-units.ts';
import { denseMultiple } from './dense.ts';
import { header, millions } from './header.ts';
import { Results } from './results.ts';
import { describe, ShaderWriter, weightBytes, weightSource, type KernelSite, type Shader } from './shader.ts';
import { each, multiplyAdd, plus, text, times, u, type Lines } from './wgsl.ts';

export interface DenseColumnsTile {
  /** Outputs side by side. */
  readonly lanes: number;
  /** Outputs a lane works on. */
  readonly blocks: number;
  /** Images of a workgroup. */
  readonly images: number;
  /** What one turn of the loop takes in of each image's inputs, in groups of four values; divides `lanes`. */
  readonly quads: number;
}

export function denseColumns(site: KernelSite, core: Extract<Core, { kind: 'dense' }>, tile: DenseColumnsTile): Shader {
  const { kernel, target, x } = site;
  const { lanes, blocks, images, quads } = tile;
  const inputs = elements(kernel.readsShape);
  const units = elements(site.shape);
  const atOnce = lanes * blocks;
  const pitch = Math.ceil(inputs / denseMultiple(lanes)) * denseMultiple(lanes);
  const slices = cutUnits(units, pitch * weightBytes(site), target.limits, atOnce);
  const exact = units % atOnce === 0;
  if (!exact && slices.length > 1) throw new Error('parts of weights that end within a workgroup');

  const writer = new ShaderWriter(site, slices);
  writer.read('x', kernel.reads, 'vec4f', describe(x));
  const weights = writer.weights(
    'weight',
    4,
    `[${Math.ceil(units / atOnce)}][${pitch / 4}]${blocks > 1 ? `[${blocks}]` : ''}[${lanes}] of 4 inputs${slices.length > 1 ? `, in ${slices.length} parts, as a binding may hold ${target.limits.maxStorageBufferBindingSize >> 20} MiB` : ''}`,
    slices.map(({ firstChannel }, index): PackedWeight => {
      const count = (slices[index + 1]?.firstChannel ?? units) - firstChannel;
      const order: PackLoop[] = [
        { axis: 0, size: Math.ceil(count / atOnce), step: atOnce, ...(firstChannel > 0 ? { start: firstChannel } : {}) },
        { axis: 1, size: pitch / 4, step: 4 },
        { axis: 0, size: blocks, step: lanes },
        { axis: 0, size: lanes, step: 1 },
        { axis: 1, size: 4, step: 1 },
      ];
      return { name: slices.length > 1 ? `${core.weight}.${index + 1}` : core.weight, source: weightSource('weight', core.weight, [units, inputs], kernel.folded), order };
    }),
  );
  const hasBias = writer.bias(core, units);
  const results = new Results(writer);

  const { unroll } = target;
  const written = unroll === 'written';
  /** Blocks of outputs are told apart by letters, where there are several. */
  const named = (name: string, block: number): string => (blocks > 1 ? `${name}_${'abcd'[block] ?? block}` : name);
  const eachBlock = (lines: (block: number) => Lines): Lines => Array.from({ length: blocks }, (_, block) => lines(block)).flat();
  const sumAt = (block: number, image: string | number): string => {
    const name = named('sum', block);
    return images === 1 ? name : written ? `${name}_${image}` : `${name}[${text(image)}]`;
  };

  // Each image's groups of four lie side by side in the lanes, `quads` of them: as many loads as that takes.
  const parts = images * quads;
  const loads = Math.ceil(parts / lanes);
  const partName = (load: number): string => (loads > 1 ? `part_${load}` : 'part');
  const place = parts < lanes ? `lane % ${u(parts)}` : 'lane';
  const imageOf = quads === 1 ? place : `(${place}) / ${u(quads)}`;
  const quadOf = quads === 1 ? [] : [parts < lanes ? place : `lane % ${u(quads)}`];
  const imagesPerLoad = lanes / quads;
  const take = written ? 'subgroupBroadcast' : 'subgroupShuffle';

  const turn: Lines = [
    ...Array.from({ length: loads }, (_, load) => `let ${partName(load)} = x[${plus('at_x', load * imagesPerLoad * (x.imageStride / 4))}];`),
    ...Array.from({ length: quads }, (_, quad) => [
      ...eachBlock((block) => [`let ${weightsOf(quad, block)} = ${weights(plus('at_w', 'lane', (quad * blocks + block) * lanes))};`]),
      ...multiply(quad),
    ]).flat(),
    `at_x += ${u(quads)};`,
    `at_w += ${u(quads * atOnce)};`,
  ];

  const body: Lines = [
    `let n = ${images > 1 ? `group.z * ${u(images)}` : 'group.z'};`,
    ...eachBlock((block) => [`let ${named('unit', block)} = ${plus(String(times('group.x', atOnce)), block * lanes, 'lane')};`]),
    '',
    ...eachBlock((block) => startSums(block)),
    '',
    `var at_x = ${plus(`${images > 1 ? `(${plus('n', imageOf)})` : 'n'} * ${u(x.imageStride / 4)}`, ...quadOf, (x.firstChannel * x.planeStride) / 4)};`,
    `var at_w = group.x * ${u((pitch / 4) * atOnce)};`,
    '// The end is no constant, so that no driver unrolls this loop.',
    `let end = at_w + ${u((pitch / 4) * atOnce)};`,
    'while (at_w < end) {',
    turn,
    '}',
    '',
    ...eachBlock((block) => finishBlock(block)),
  ];
  const macs = kernel.nodes[0]?.macs ?? 0;
  return writer.finish({
    header: header(
      site,
      `${core.weight}[${units},${inputs}] · x[${inputs}]${core.bias === undefined ? '' : ` + ${core.bias}`}`,
      `A lane makes ${blocks > 1 ? `${blocks} outputs` : 'an output'}${images > 1 ? ` for ${images} images` : ''}, a workgroup ${atOnce}; the inputs are handed around among its lanes. ` +
        `Dispatch ${slices.map(({ workgroups }) => workgroups[0]).join(' and ')} x 1 x ${images > 1 ? `batch / ${images}` : 'batch'}. ` +
        `${millions(macs)} multiply-adds, ${millions(units * inputs * weightBytes(site))}B of weights.`,
    ),
    enables: ['enable subgroups;'],
    workgroupSize: lanes,
    builtins: ['@builtin(workgroup_id) group: vec3u', '@builtin(subgroup_invocation_id) lane: u32'],
    body,
    images,
  });

  function weightsOf(quad: number, block: number): string {
    return `${named('weights', block)}${quads > 1 ? `_${quad}` : ''}`;
  }

  /** Takes the turn's group `quad` of four inputs into the sums, for all images. */
  function multiply(quad: number): Lines {
    return Array.from({ length: loads }, (_, load): Lines => {
      const first = load * imagesPerLoad;
      return each(unroll, 'i', Math.min(images - first, imagesPerLoad), (image) => {
        const values = `inputs${quads > 1 ? `_${quad}` : ''}${written && images > 1 ? `_${image}` : ''}`;
        const from = plus(times(typeof image === 'number' ? image - first : first === 0 ? image : `(${image} - ${u(first)})`, quads), quad);
        return [
          `let ${values} = ${take}(${partName(load)}, ${from});`,
          ...eachBlock((block) => [`${sumAt(block, image)} = ${multiplyAdd(values, weightsOf(quad, block), sumAt(block, image))};`]),
        ];
      }, first);
    }).flat();
  }

  function startSums(block: number): Lines {
    const initial = hasBias ? `bias[${named('unit', block)}]` : '0.0';
    if (images === 1) return [`var ${sumAt(block, 0)} = ${initial};`];
    if (written) {
      const name = named('bias_of_unit', block);
      return [...(hasBias ? [`let ${name} = ${initial};`] : []), ...each(unroll, 'i', images, (image) => [`var ${sumAt(block, image)} = ${hasBias ? name : '0.0'};`])];
    }
    return [`var ${named('sum', block)}: array<f32, ${images}>;`, ...(hasBias ? each(unroll, 'i', images, (image) => [`${sumAt(block, image)} = ${initial};`]) : [])];
  }

  function finishBlock(block: number): Lines {
    const unit = named('unit', block);
    const store = (image: string | number, value: string): Lines => [
      ...results.declare({ n: image === 0 ? 'n' : `(${plus('n', image)})`, channel: unit, y: 0, x: 0 }),
      ...results.store(value, unit),
    ];
    const lines = images === 1 ? store(0, sumAt(block, 0)) : written ? each(unroll, 'i', images, (image) => ['{', store(image, sumAt(block, image)), '}']) : storeInLoop(block, store);
    if (!exact) return [`if (${unit} < ${u(units)}) {`, lines, '}'];
    return blocks > 1 ? ['{', lines, '}'] : lines;
  }

  /** A store costs its driver milliseconds to compile, so there is one, in a loop that is not unrolled, over a copy of the sums. */
  function storeInLoop(block: number, store: (image: string, value: string) => Lines): Lines {
    const all = named('finished', block);
    return [
      `var ${all}: array<f32, ${images}>;`,
      ...each(unroll, 'i', images, (image) => [`${all}[${text(image)}] = ${sumAt(block, image)};`]),
      `for (var i = 0u; i < min(${u(images)}, end); i++) {`,
      store('i', `${all}[i]`),
      '}',
    ];
  }
}
