// A dense layer as a product of matrices, for batches that fill them: its weights, [outputs][inputs], times the inputs of some
// images, [inputs][images]. Weights lie as for `dense-columns.ts`, which makes the smaller batches; lanes bring them into
// workgroup memory, where an output's lie side by side, and each is loaded once for all images of a tile.

import { elements } from '../ir/tensor.ts';
import type { MatrixShape } from '../ir/target.ts';
import { cutUnits } from './cut-units.ts';
import { columnWeights, type DenseColumnsTile, type DenseCore } from './dense-columns.ts';
import { denseMultiple } from './dense.ts';
import { header, millions } from './header.ts';
import { matrixProduct, type MatrixTile, type Place } from './matrix-product.ts';
import { Results } from './results.ts';
import { describe, ShaderWriter, type KernelSite, type Shader } from './shader.ts';
import { modulo, over, plus, times, u, type Lines } from './wgsl.ts';

/** @param packing how the kernel for smaller batches has its weights */
export function matrixDense(site: KernelSite, core: DenseCore, shape: MatrixShape, tile: MatrixTile, packing: Pick<DenseColumnsTile, 'lanes' | 'blocks'>): Shader {
  const { kernel, target, x } = site;
  const { m, k } = shape;
  const { subgroups, shares, rows, depth, images } = tile;
  const { lanes, blocks } = packing;
  const inputs = elements(kernel.readsShape);
  const units = elements(site.shape);
  const pitch = Math.ceil(inputs / denseMultiple(lanes)) * denseMultiple(lanes);
  const channels = subgroups * rows * m;
  const cut = cutUnits(units, pitch * 2, target.limits, lanes * blocks);
  const counts = cut.map(({ firstChannel }, index) => (cut[index + 1]?.firstChannel ?? units) - firstChannel);
  const slices = cut.map(({ firstChannel }, index) => ({ firstChannel, workgroups: [Math.ceil((counts[index] ?? 0) / channels), 1] as const }));

  const writer = new ShaderWriter(site, slices);
  writer.read('x', kernel.reads, 'vec4f', describe(x));
  const packed = columnWeights(site, core, packing, pitch, slices);
  const weight = writer.words('weight', 'vec2u', packed.comment, packed.weights);
  const hasBias = writer.bias(core, units);
  const results = new Results(writer);
  const product = matrixProduct(writer, shape, tile, undefined, 'channels');

  const exact = counts.every((count) => count % channels === 0);
  const full = product.columns === images;
  /** Groups of four weights between two of an output's. */
  const step = lanes * blocks;
  const blockOf = (index: number): string => plus(times('group.x', channels / lanes), ...(subgroups > 1 ? [times('row', (rows * m) / lanes)] : []), index);
  const body: Lines = [
    ...product.place,
    ...Array.from({ length: product.columnsOfLane }, (_, index) => [
      `let image_${index} = group.z * ${u(images)} + ${full ? `column_${index}` : `min(column_${index}, ${u(images - 1)})`};`,
      `let inputs_${index} = ${plus(
        `image_${index} * ${u(x.imageStride / 4)}`,
        (x.firstChannel * x.planeStride) / 4,
        ...(shares > 1 ? [times('share', pitch / shares / 4)] : []),
        ...(product.valuesOfLane < depth ? [times('part', product.valuesOfLane / 4)] : []),
      )};`,
    ]).flat(),
    ...Array.from({ length: (rows * m) / lanes }, (_, index) => {
      const block = blockOf(index);
      const within = modulo(block, blocks);
      return `let weights_${index} = ${plus(times(blocks > 1 ? `(${String(over(block, blocks))})` : block, (pitch / 4) * step), ...(within === 0 ? [] : [`(${String(within)}) * ${u(lanes)}`]), ...(shares > 1 ? [times('share', (pitch / 4 / shares) * step)] : []), 'lane')};`;
    }),
    `let unit_first = ${times('group.x', channels)};`,
    ...(exact ? [] : [`let unit_end = ${slices.length > 1 ? `arrayLength(&${weight}) / ${u(pitch / 4)}` : u(units)};`]),
    ...product.start,
    '',
    'var at_x = 0u;',
    'var at_w = 0u;',
    '// The end is no constant, so that no driver unrolls this loop.',
    `let end = min(${u((pitch / 4 / shares) * step)}, arrayLength(&${weight}));`,
    'while (at_w < end) {',
    [
      ...product.turn((first, column) => `x[${plus(`inputs_${column}`, 'at_x', first / 4)}]`, (row, quad) => `${weight}[${plus(`weights_${row}`, 'at_w', quad * step)}]`),
      `at_x += ${u(depth / 4)};`,
      `at_w += ${u((depth / 4) * step)};`,
    ],
    '}',
    '',
    ...product.finish(unitAt, imageAt, store),
  ];
  const macs = kernel.nodes[0]?.macs ?? 0;
  return writer.finish({
    header: header(
      site,
      `${core.weight}[${units},${inputs}] · x[${inputs}]${core.bias === undefined ? '' : ` + ${core.bias}`}`,
      `Matrices of ${m}x${k} and ${k}x${shape.n}: a workgroup makes ${channels} outputs for ${images} images, in ${subgroups} ${subgroups > 1 ? 'subgroups' : 'subgroup'} of ${rows * m} outputs` +
        `${shares > 1 ? `, ${shares} of each, that share the inputs` : `, ${depth} inputs at a time`}. ` +
        `Dispatch ${slices.map(({ workgroups }) => workgroups[0]).join(' and ')} x 1 x batch / ${images}. ` +
        `${millions(macs)} multiply-adds, ${millions(units * pitch * 2)}B of weights.`,
    ),
    enables: product.enables,
    shared: product.shared,
    workgroupSize: product.lanes,
    builtins: product.builtins,
    body,
    images,
  });

  function unitAt(unit: string): Place {
    return { lines: [`let unit = ${plus('unit_first', unit)};`], ...(exact ? {} : { inside: 'unit < unit_end' }) };
  }

  function imageAt(column: string): Place {
    return { lines: [`let image = ${column};`], ...(full ? {} : { inside: `image < ${u(images)}` }) };
  }

  function store(sum: string): Lines {
    return [
      ...(hasBias ? [`let total = ${sum} + bias[unit];`] : []),
      ...results.declare({ n: `(group.z * ${u(images)} + image)`, channel: 'unit', y: 0, x: 0 }),
      ...results.store(hasBias ? 'total' : sum, 'unit'),
    ];
  }
}
