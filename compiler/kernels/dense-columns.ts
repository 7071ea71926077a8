// A dense layer where a lane is an output: lanes hold a weight each of neighbouring outputs, packed side by side, and the
// inputs, which all outputs need, are handed around among them, or loaded by all at once. Where loads cost much and handing
// around little, this is the fastest for one image, and for several, whose inputs are columns that share each weight, by far.
// On a GPU each subgroup reads its weights from end to end, and there are enough of them because they share the inputs.

import type { PackedWeight, PackLoop } from '../../runtime/plan.ts';
import type { Core } from '../ir/kernel.ts';
import { elements } from '../ir/tensor.ts';
import { columnProduct } from './column-product.ts';
import { cutUnits } from './cut-units.ts';
import { denseMultiple } from './dense.ts';
import { header, millions } from './header.ts';
import { Results } from './results.ts';
import { describe, ShaderWriter, weightBytes, weightSource, type KernelSite, type Shader } from './shader.ts';
import type { Slice } from './workgroups.ts';
import { plus, times, u, type Lines } from './wgsl.ts';

export interface DenseColumnsTile {
  /** Outputs side by side. */
  readonly lanes: number;
  /** Outputs a lane works on. */
  readonly blocks: number;
  /** Images of a workgroup. */
  readonly images: number;
  /** What one turn of the loop takes in of each image's inputs, in groups of four values; divides `lanes`. */
  readonly quads: number;
  /** Subgroups of a workgroup that share the inputs among them; absent: there is one. */
  readonly shares?: number;
}

export type DenseCore = Extract<Core, { kind: 'dense' }>;

/** Weights of neighbouring outputs side by side, four inputs each, `atOnce` outputs in a block; zeros at the end of the inputs. */
export function columnWeights(
  { kernel, shape, target }: KernelSite, core: DenseCore, { lanes, blocks }: Pick<DenseColumnsTile, 'lanes' | 'blocks'>, pitch: number, slices: readonly Slice[],
): { readonly weights: readonly PackedWeight[]; readonly comment: string } {
  const [inputs, units] = [elements(kernel.readsShape), elements(shape)];
  const atOnce = lanes * blocks;
  return {
    weights: slices.map(({ firstChannel }, index): PackedWeight => {
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
    comment: `[${Math.ceil(units / atOnce)}][${pitch / 4}]${blocks > 1 ? `[${blocks}]` : ''}[${lanes}] of 4 inputs${slices.length > 1 ? `, in ${slices.length} parts, as a binding may hold ${target.limits.maxStorageBufferBindingSize >> 20} MiB` : ''}`,
  };
}

export function denseColumns(site: KernelSite, core: DenseCore, tile: DenseColumnsTile): Shader {
  const { kernel, target, x } = site;
  const { lanes, blocks, images, quads, shares = 1 } = tile;
  const inputs = elements(kernel.readsShape);
  const units = elements(site.shape);
  const atOnce = lanes * blocks;
  const pitch = Math.ceil(inputs / denseMultiple(lanes)) * denseMultiple(lanes);
  const slices = cutUnits(units, pitch * weightBytes(site), target.limits, atOnce);
  const exact = units % atOnce === 0;
  if (!exact && slices.length > 1) throw new Error('parts of weights that end within a workgroup');

  const firstInput = x.firstChannel * x.planeStride;
  const groupsOfShare = pitch / 4 / shares;
  if (groupsOfShare % quads !== 0) throw new Error(`${shares} subgroups cannot share ${inputs} inputs, ${quads * 4} at a time`);
  /** Values that one load takes: a matrix has sixteen, which a GPU loads at once. */
  const together = target.supply === 'uniform' && quads % 4 === 0 && firstInput % 16 === 0 ? 4 : 1;
  const loaded = together * 4;

  const writer = new ShaderWriter(site, slices);
  writer.read('x', kernel.reads, together === 4 ? 'mat4x4f' : 'vec4f', describe(x));
  const packed = columnWeights(site, core, tile, pitch, slices);
  const weights = writer.weights('weight', 4, packed.comment, packed.weights);
  const hasBias = writer.bias(core, units);
  const results = new Results(writer);

  const sums = columnProduct({ lanes, blocks, columns: images, quads, shares }, target, {
    groups: groupsOfShare,
    input: (columnsOn, quadsOn) => `x[${plus('at_x', times(columnsOn, x.imageStride / loaded), quadsOn / together)}]`,
    together,
    weights,
  });
  const { sharing } = sums;
  const share = (count: number): readonly string[] => (sharing === undefined ? [] : [String(times('share', count))]);
  const body: Lines = [
    ...(sharing?.place ?? []),
    `let n = ${images > 1 ? `group.z * ${u(images)}` : 'group.z'};`,
    `let unit = ${plus(String(times('group.x', atOnce)), 'lane')};`,
    '',
    ...sums.start,
    '',
    `var at_x = ${plus(String(times(images > 1 ? plus('n', sums.place.column) : 'n', x.imageStride / loaded)), ...share(groupsOfShare / together), ...sums.place.quad, firstInput / loaded)};`,
    `var at_w = ${plus(`group.x * ${u((pitch / 4) * atOnce)}`, ...share(groupsOfShare * atOnce))};`,
    `let end = at_w + ${u(groupsOfShare * atOnce)};`,
    ...sums.loop('at_x'),
    '',
    ...sums.store({ count: `min(${u(images)}, end)` }, finish),
  ];
  const macs = kernel.nodes[0]?.macs ?? 0;
  return writer.finish({
    header: header(
      site,
      `${core.weight}[${units},${inputs}] · x[${inputs}]${core.bias === undefined ? '' : ` + ${core.bias}`}`,
      `A lane makes ${blocks > 1 ? `${blocks} outputs` : 'an output'}${images > 1 ? ` for ${images} images` : ''}, a workgroup ${atOnce}` +
        `${sharing === undefined ? '' : `, in ${shares} subgroups that share the inputs`}${target.supply === 'uniform' ? '' : '; the inputs are handed around among its lanes'}. ` +
        `Dispatch ${slices.map(({ workgroups }) => workgroups[0]).join(' and ')} x 1 x ${images > 1 ? `batch / ${images}` : 'batch'}. ` +
        `${millions(macs)} multiply-adds, ${millions(units * inputs * weightBytes(site))}B of weights.`,
    ),
    enables: sharing?.enables ?? ['enable subgroups;'],
    shared: sharing?.shared ?? [],
    workgroupSize: lanes * shares,
    builtins: ['@builtin(workgroup_id) group: vec3u', ...(sharing?.builtins ?? ['@builtin(subgroup_invocation_id) lane: u32'])],
    body,
    images,
  });

  function finish(block: number | string, image: number | string, value: string): Lines {
    const shifts = block !== 0;
    const unit = shifts ? 'own_unit' : 'unit';
    const store = [
      ...results.declare({ n: image === 0 ? 'n' : `(${plus('n', image)})`, channel: unit, y: 0, x: 0 }),
      ...results.store(hasBias ? `${value} + bias[${unit}]` : value, unit),
    ];
    const lines = [
      ...(shifts ? [`let ${unit} = ${plus('unit', times(block, lanes))};`] : []),
      ...(exact ? store : [`if (${unit} < ${u(units)}) {`, store, '}']),
    ];
    return typeof image === 'number' && typeof block === 'number' && images * blocks > 1 ? ['{', lines, '}'] : lines;
  }
}
