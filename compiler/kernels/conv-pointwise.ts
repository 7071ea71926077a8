// Convolution of single pixels (1x1 kernels): a product of matrices, whose columns are the pixels. A lane has four neighbouring
// pixels of a row, so that all of what it loads is its own, and makes many channels of them; the weights of these are loaded
// together, each by one lane, and handed around. So a value that is loaded serves all the channels, and a weight all the
// pixels, of a workgroup. For targets where loads are what costs.

import type { PackedWeight } from '../../runtime/plan.ts';
import type { ConvCore, ConvSize } from './conv-tile.ts';
import { header, millions } from './header.ts';
import { Results } from './results.ts';
import { describe, ShaderWriter, weightBytes, weightSource, type KernelSite, type Shader } from './shader.ts';
import { component, each, handAround, plus, text, times, u, type Lines } from './wgsl.ts';

/** How the work is cut. */
export interface PointwiseTile {
  /** Groups of four pixels side by side. */
  readonly lanes: number;
  /** Input channels of one turn; divides `lanes`, and the input channels. */
  readonly channels: number;
  /** Loads of weights in one turn, of four for each lane. */
  readonly loads: number;
}

/** Output channels of a workgroup. */
export const pointwiseOutputs = ({ lanes, channels, loads }: PointwiseTile): number => (loads * lanes * 4) / channels;

/** Groups of four pixels in a row; a row whose columns follow each other in memory begins `shift` values after a multiple of four. */
export const pointwiseQuads = ({ width, stride, shift }: ConvSize): number => Math.ceil(((stride[1] === 1 ? shift : 0) + width) / 4);

export function convPointwise(site: KernelSite, core: ConvCore, size: ConvSize, tile: PointwiseTile): Shader {
  const { kernel, target, x } = site;
  const { unroll } = target;
  const { inChannels, outChannels, groups, height, width, stride } = size;
  const { lanes, channels, loads } = tile;
  const outputs = pointwiseOutputs(tile);
  const written = unroll === 'written';
  const adjacent = stride[1] === 1;
  const shift = adjacent ? size.shift : 0;
  const rowQuads = pointwiseQuads(size);
  const quads = rowQuads * height;
  const blocksPerGroup = Math.ceil(outChannels / outputs);
  const workgroups = [groups * blocksPerGroup, Math.ceil(quads / lanes)] as const;

  const writer = new ShaderWriter(site, [{ firstChannel: 0, workgroups }]);
  writer.read('x', kernel.reads, adjacent ? 'vec4f' : 'f32', describe(x));
  const weightQuads = loads * lanes;
  const turns = inChannels / channels;
  const weights = writer.weights('weight', 4, `[${groups * blocksPerGroup}][${turns}][${loads}][${channels}][${lanes / channels}] of 4 outputs`, [packed()]);
  const hasBias = writer.bias(core, groups * outChannels);
  const results = new Results(writer);

  /** Of addresses: values, or groups of four. */
  const unit = adjacent ? 4 : 1;
  const plane = x.planeStride / unit;
  const outputsOfLoad = outputs / loads;
  const take = handAround(unroll);
  const sumAt = (output: string | number): string => (written ? `sum_${text(output).replace('u', '')}` : `sum[${text(output)}]`);
  const eachOutput = (lines: (output: string | number) => Lines): Lines => each(unroll, 'o', outputs, lines);
  const eachLoad = (lines: (load: number) => Lines): Lines => Array.from({ length: loads }, (_, load) => lines(load)).flat();

  const body: Lines = [
    `let quad = ${plus(`group.y * ${u(lanes)}`, 'lane')};`,
    `let oy = quad / ${u(rowQuads)};`,
    ...(shift > 0 ? ['// Begins left of the picture: what is there wraps around to huge columns.'] : []),
    `let ox = quad % ${u(rowQuads)} * 4u${shift > 0 ? ` - ${u(shift)}` : ''};`,
    ...(groups > 1 ? [`let g = group.x / ${u(blocksPerGroup)};`] : []),
    `let first = ${groups > 1 ? `g * ${u(outChannels)} + ${times(`group.x % ${u(blocksPerGroup)}`, outputs)}` : `group.x * ${u(outputs)}`};`,
    'let n = group.z;',
    '',
    ...start(),
    '',
    `var at_x = ${plus(
      `n * ${u(x.imageStride / unit)}`,
      groups > 1 ? `${x.firstChannel > 0 ? `(${plus(`g * ${u(inChannels)}`, x.firstChannel)})` : `g * ${u(inChannels)}`} * ${u(plane)}` : x.firstChannel * plane,
      `oy * ${u((stride[0] * x.rowStride) / unit)}`,
      String(adjacent ? `quad % ${u(rowQuads)}` : times('ox', stride[1])),
      ((x.top - core.window.before[0]) * x.rowStride + x.left - core.window.before[1] - shift) / unit,
    )};`,
    `var at_w = group.x * ${u(turns * weightQuads)};`,
    `// A turn takes in ${channels > 1 ? `${channels} input channels` : 'an input channel'}. Its end is no constant, so that no driver unrolls this loop.`,
    `let end = at_w + ${u(turns * weightQuads)};`,
    'while (at_w < end) {',
    [
      ...Array.from({ length: channels }, (_, channel) => `let values_${channel} = ${load(plus('at_x', channel * plane))};`),
      ...eachLoad((load) => [`let weights_${load} = ${weights(plus('at_w', 'lane', load * lanes))};`]),
      ...eachLoad(multiply),
      `at_x += ${u(channels * plane)};`,
      `at_w += ${u(weightQuads)};`,
    ],
    '}',
    '',
    ...finish(),
  ];
  return writer.finish({
    header: header(
      site,
      `x[${kernel.readsShape.join('x')}] ∗ ${core.weight}[${groups * outChannels},${inChannels},1,1]${core.bias === undefined ? '' : ` + ${core.bias}`}`,
      `Convolution of single pixels, stride ${stride.join('x')}, pad ${core.window.before.join('x')}${groups > 1 ? `, ${groups} groups` : ''}: a lane makes ${outputs} channels of four pixels, ` +
        `a workgroup those of ${lanes * 4} pixels; weights are handed around among its lanes. Dispatch ${workgroups.join(' x ')} x batch. ` +
        `${millions(kernel.nodes[0]?.macs ?? 0)} multiply-adds, ${millions(groups * outChannels * inChannels * weightBytes(site))}B of weights.`,
    ),
    enables: ['enable subgroups;'],
    workgroupSize: lanes,
    builtins: ['@builtin(workgroup_id) group: vec3u', '@builtin(subgroup_invocation_id) lane: u32'],
    body,
  });

  function packed(): PackedWeight {
    return {
      name: core.weight,
      source: weightSource('weight', core.weight, [groups, outChannels, inChannels], kernel.folded),
      order: [
        { axis: 0, size: groups, step: 1 },
        { axis: 1, size: blocksPerGroup, step: outputs },
        { axis: 2, size: turns, step: channels },
        { axis: 1, size: loads, step: (lanes / channels) * 4 },
        { axis: 2, size: channels, step: 1 },
        { axis: 1, size: lanes / channels, step: 4 },
        { axis: 1, size: 4, step: 1 },
      ],
    };
  }

  /** Four pixels, which a stride keeps apart. */
  function load(at: string): string {
    return adjacent ? `x[${at}]` : `vec4f(${[0, 1, 2, 3].map((i) => `x[${plus(at, i * stride[1])}]`).join(', ')})`;
  }

  /** Declares the sums, which start at the bias: lanes load one each, and hand it around. */
  function start(): Lines {
    if (!hasBias) return written ? eachOutput((output) => [`var ${sumAt(output)} = vec4f();`]) : [`var sum: array<vec4f, ${outputs}>;`];
    const biasLoads = Math.ceil(outputs / lanes);
    return [
      ...Array.from({ length: biasLoads }, (_, load) => `let bias_${load} = bias[${plus('first', 'lane', load * lanes)}];`),
      ...(written ? [] : [`var sum: array<vec4f, ${outputs}>;`]),
      ...Array.from({ length: biasLoads }, (_, load) =>
        each(unroll, 'o', Math.min(lanes, outputs - load * lanes), (o) => [`${written ? 'var ' : ''}${sumAt(add(o, load * lanes))} = vec4f(${take}(bias_${load}, ${text(o)}));`])).flat(),
    ];
  }

  /** Takes the weights of load `load` into the sums of its outputs. */
  function multiply(load: number): Lines {
    return each(unroll, 'q', lanes / channels, (q) => {
      const name = (channel: number): string => `of_${channel}${written ? `_${load}_${q}` : ''}`;
      return [
        ...Array.from({ length: channels }, (_, channel) => `let ${name(channel)} = ${take}(weights_${load}, ${text(add(q, (channel * lanes) / channels))});`),
        ...[0, 1, 2, 3].map((k) => {
          const sum = sumAt(add(times(q, 4), load * outputsOfLoad + k));
          return `${sum} = ${Array.from({ length: channels }).reduce<string>((total, _, channel) => `fma(vec4f(${component(name(channel), k)}), values_${channel}, ${total})`, sum)};`;
        }),
      ];
    });
  }

  /** Applies the tail and stores, leaving out what lies beyond the picture or the group. */
  function finish(): Lines {
    const inside = shift === 0 && width % 4 === 0;
    const stores = (sum: string): Lines =>
      [0, 1, 2, 3].flatMap((dx) => {
        const lines = results.store(component(sum, dx), 'channel', { dx });
        return inside ? lines : [`if (${plus('ox', dx)} < ${u(width)}) {`, lines, '}'];
      });
    const channelsLeft = groups > 1 ? `(g + 1u) * ${u(outChannels)} - first` : `${u(outChannels)} - first`;
    const one = (output: string | number, sum: string): Lines => [
      `let channel = ${plus('first', output)};`,
      ...results.declare({ n: 'n', channel: 'channel', y: 'oy', x: 'ox' }),
      ...stores(sum),
    ];
    const all: Lines = written
      ? eachOutput((output) => [
          outChannels % outputs === 0 || output === 0 ? '{' : `if (${text(output)} < ${channelsLeft}) {`,
          one(output, sumAt(output)),
          '}',
        ])
      : [
          `var finished: array<vec4f, ${outputs}>;`,
          ...eachOutput((output) => [`finished[${text(output)}] = ${sumAt(output)};`]),
          `for (var o = 0u; o < min(${u(outputs)}, ${channelsLeft}); o++) {`,
          one('o', 'finished[o]'),
          '}',
        ];
    return quads % lanes === 0 ? all : [`if (oy < ${u(height)}) {`, all, '}'];
  }
}

/** `a + b`, worked out where both are known. */
const add = (a: string | number, b: number): string | number => (typeof a === 'number' ? a + b : plus(a, b));
