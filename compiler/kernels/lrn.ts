// Local response normalisation, alone or together with the max pool that reads it (Krizhevsky et al. 2012, section 3.3).
// Alone: one thread per value. Together: one thread per pooled pixel sweeps a run of channels, keeping for each cell of its
// window the squares of the last few channels, so that each value is loaded once and no normalised one is stored.

import type { Core } from '../ir/kernel.ts';
import type { Lowering } from '../ir/op.ts';
import { asPicture } from '../ir/tensor.ts';
import { pixels } from './pixels.ts';
import { header } from './header.ts';
import { Results } from './results.ts';
import { describe, ShaderWriter, type KernelSite, type Shader } from './shader.ts';
import { each, f, lowest, modulo, over, plus, text, times, u, type Lines } from './wgsl.ts';

type Lrn = Extract<Lowering, { readonly kind: 'lrn' }>;

const formula = ({ size, alpha, beta, k }: Lrn): string => `x / (${k} + ${Number(alpha.toPrecision(7))} * sum of x² over ${size} channels)^${beta}`;

/** So many channels before `channel`, or after it where the number is negative. */
const before = (channel: string, distance: number): string => (distance > 0 ? `${channel} - ${u(distance)}` : plus(channel, -distance));

/** `value * base^-beta`, by square roots where they do. */
function normalised(value: string, base: string, beta: number): { readonly lines: Lines; readonly value: string } {
  if (beta === 0.75) return { lines: [`let root = inverseSqrt(${base});`], value: `${value} * root * sqrt(root)` };
  if (beta === 0.5) return { lines: [], value: `${value} * inverseSqrt(${base})` };
  if (beta === 1) return { lines: [], value: `${value} / (${base})` };
  return { lines: [], value: `${value} * pow(${base}, ${f(-beta)})` };
}

export function lrn(site: KernelSite, core: Lrn): Shader {
  const { kernel, target, x } = site;
  const [height, width, channels] = asPicture(site.shape);
  const grid = pixels(target, height, width, channels);
  const half = (core.size - 1) / 2;
  const writer = new ShaderWriter(site, [{ firstChannel: 0, workgroups: grid.workgroups }]);
  writer.read('x', kernel.reads, 'f32', describe(x));
  const results = new Results(writer);
  const plane = (c: string): string => (x.planeStride === 1 ? c : `${c} * ${u(x.planeStride)}`);
  const { lines, value } = normalised(`x[at_x + ${plane('channel')}]`, `${f(core.k)} + ${f(core.alpha)} * sum`, core.beta);
  const body: Lines = [
    ...grid.place,
    `let at_x = ${plus(`n * ${u(x.imageStride)}`, ...grid.offset(x), x.firstChannel * x.planeStride)};`,
    '',
    'var sum = 0.0;',
    ...each(target.unroll, 'j', core.size, (j) => [
      '{',
      [`let c = ${typeof j === 'number' ? before('channel', half - j) : `${plus('channel', j)}${half > 0 ? ` - ${u(half)}` : ''}`};  // wraps around below channel 0`, `if (c < ${u(channels)}) { sum = fma(x[at_x + ${plane('c')}], x[at_x + ${plane('c')}], sum); }`],
      '}',
    ]),
    ...lines,
    ...results.declare({ n: 'n', channel: 'channel', y: grid.y, x: grid.x }),
    ...results.store(value, 'channel'),
  ];
  return writer.finish({
    header: header(site, formula(core), `A thread per value. Dispatch ${grid.workgroups.join(' x ')} x batch.`),
    workgroupSize: grid.workgroupSize,
    builtins: ['@builtin(global_invocation_id) id: vec3u'],
    body,
  });
}

/** How many threads share the channels of a pooled pixel: enough to keep a small picture's device busy. */
const chunksPerPixel = 8;

export function lrnPool(site: KernelSite, core: Extract<Core, { kind: 'lrn-pool' }>): Shader {
  const { kernel, target, x } = site;
  const { window } = core.pool;
  const { size, alpha, beta, k } = core.lrn;
  const [height, width, channels] = asPicture(site.shape);
  const chunk = Math.ceil(channels / Math.min(chunksPerPixel, channels));
  const chunks = Math.ceil(channels / chunk);
  const grid = pixels(target, height, width, chunks, 'chunk');
  const half = (size - 1) / 2;
  const cells = window.kernel[0] * window.kernel[1];
  const normId = kernel.nodes[0]?.id ?? '';
  const writer = new ShaderWriter(site, [{ firstChannel: 0, workgroups: grid.workgroups }]);
  writer.read('x', kernel.reads, 'f32', describe(x));
  const results = new Results(writer);
  const { unroll } = target;
  const written = unroll === 'written';

  const array = (name: string): Lines =>
    written ? Array.from({ length: cells }, (_, i) => `var ${name}_${i} = 0.0;`) : [`var ${name}: array<f32, ${cells}>;`];
  const at = (name: string, i: string | number): string => (written ? `${name}_${i}` : `${name}[${text(i)}]`);
  const cell = (i: string | number): string => plus(times(over(i, window.kernel[1]), x.rowStride), modulo(i, window.kernel[1]));
  const squares = Array.from({ length: size - 1 }, (_, j) => `square_${j}`);
  const centres = Array.from({ length: half }, (_, j) => `value_${j}`);

  const shift = (names: readonly string[], newest: string, i: string | number): Lines =>
    names.map((name, j) => `${at(name, i)} = ${names[j + 1] === undefined ? newest : at(names[j + 1] ?? '', i)};`);
  /** Loads each cell's value of a channel, zero beyond the last and below the first, where the number wraps around; then `use`. */
  const take = (channel: string, use: (i: string | number) => Lines): Lines => {
    const cellLines = (i: string | number): Lines => [`let newest = select(0.0, x[${plus('at_newest', cell(i))}], inside);`, ...use(i), ...shift(squares, 'newest * newest', i), ...shift(centres, 'newest', i)];
    return [
      `let inside = ${channel} < ${u(channels)};`,
      `let at_newest = at_x + ${channel.includes(' ') ? `(${channel})` : channel} * ${u(x.planeStride)};`,
      ...(written ? Array.from({ length: cells }, (_, i): Lines => ['{', cellLines(i), '}']).flat() : each(unroll, 'i', cells, cellLines)),
    ];
  };
  const normalise = (i: string | number): Lines => {
    const sum = [...squares.map((square) => at(square, i)), 'newest * newest'].join(' + ');
    const { lines, value } = normalised(centres[0] === undefined ? 'newest' : at(centres[0], i), `${f(k)} + ${f(alpha)} * (${sum})`, beta);
    const [r, s] = [over(i, window.kernel[1]), modulo(i, window.kernel[1])];
    const place = { n: 'n', channel: 'channel', y: plus(times(grid.y, window.stride[0]), r), x: plus(times(grid.x, window.stride[1]), s) };
    return [
      ...lines,
      `let value = ${value};`,
      'largest = max(largest, value);',
      ...(results.keeps(normId) ? [`if (${own(r, s)}) {`, results.storeKept(normId, 'value', place), '}'] : []),
    ];
  };

  /** Windows overlap: a normalised value is stored by the first window that sees it. */
  function own(r: string | number, s: string | number): string {
    return `(${text(r)} < ${u(window.stride[0])} || ${text(grid.y)} == ${u(height - 1)}) && (${text(s)} < ${u(window.stride[1])} || ${text(grid.x)} == ${u(width - 1)})`;
  }

  // Unrolled, a GPU has all of these loads under way at once; a software GPU takes a quarter of a second to compile them. No
  // driver unrolls a loop whose bound is no constant.
  const primed = target.supply === 'uniform' ? u(size - 1) : `min(${u(size - 1)}, arrayLength(&x))`;
  const body: Lines = [
    ...grid.place,
    `let first = chunk * ${u(chunk)};`,
    `let end = ${channels % chunk === 0 ? `first + ${u(chunk)}` : `min(first + ${u(chunk)}, ${u(channels)})`};`,
    `let at_x = ${plus(
      `n * ${u(x.imageStride)}`,
      ...(height > 1 ? [`oy * ${u(window.stride[0] * x.rowStride)}`] : []),
      ...(width > 1 ? [text(times('ox', window.stride[1]))] : []),
      x.firstChannel * x.planeStride + x.top * x.rowStride + x.left,
    )};`,
    '',
    ...(size > 1 ? [`// For each of the ${cells} cells: the squares of the ${size - 1} channels before the newest, oldest first,`, `// and the values from the one being normalised on.`] : []),
    ...squares.flatMap(array),
    ...centres.flatMap(array),
    ...(size > 1 ? [`for (var j = 0u; j < ${primed}; j++) {`, [`let c = first + j - ${u(half)};`, ...take('c', () => [])], '}'] : []),
    '',
    'for (var channel = first; channel < end; channel++) {',
    [
      `var largest = ${lowest};`,
      ...take(plus('channel', half), normalise),
      ...results.declare({ n: 'n', channel: 'channel', y: grid.y, x: grid.x }),
      ...results.store('largest', 'channel'),
    ],
    '}',
  ];
  return writer.finish({
    header: header(
      site,
      `max over ${window.kernel.join('x')} windows, stride ${window.stride.join('x')}, of ${formula(core.lrn)}`,
      `A thread sweeps ${chunk} channels of a pooled pixel. Dispatch ${grid.workgroups.join(' x ')} x batch.`,
    ),
    workgroupSize: grid.workgroupSize,
    builtins: ['@builtin(global_invocation_id) id: vec3u'],
    body,
  });
}
