// A shader as it is put together: what it binds, what it calls, its entry point. Skeletons (`conv.ts`, `dense.ts`, …) own
// a loop each; this file owns what they share: bindings, addresses, and the tail that is applied to each result.

import type { ChannelVector, Expr, ScalarFunction } from '../ir/expr.ts';
import type { Folded, FusedKernel, TailStep } from '../ir/kernel.ts';
import type { Target } from '../ir/target.ts';
import { printShape, type Shape } from '../ir/tensor.ts';
import type { Layout, PackedWeight, PackLoop, WeightSource } from '../../runtime/plan.ts';
import { f, identifier, indent, namer, plus, u, type Lines } from './wgsl.ts';

/** What a skeleton is asked to write. */
export interface KernelSite {
  readonly kernel: FusedKernel;
  readonly target: Target;
  /** The spec's file name, for the shader's first line. */
  readonly model: string;
  /** How the value that the core reads lies, as the core sees it. */
  readonly x: Layout;
  /** The shape of the results: of the core and of every step of the tail. */
  readonly shape: Shape;
  readonly layout: (value: string) => Layout;
}

/** Part of a dispatch that had to be split because one of its weights is larger than a binding may be. */
export interface Slice {
  readonly firstChannel: number;
  readonly workgroups: readonly [x: number, y: number];
}

export type Bound =
  /** `sliced`: bound from the slice's first channel on. */
  | { readonly kind: 'read' | 'write'; readonly value: string; readonly sliced: boolean }
  /** One packing for each slice. */
  | { readonly kind: 'weight'; readonly slices: readonly PackedWeight[] };

/** A kernel as text, and how it is to be dispatched. */
export interface Shader {
  readonly entryPoint: string;
  readonly code: string;
  /** Images one step of z serves. */
  readonly images: number;
  readonly bindings: readonly Bound[];
  readonly slices: readonly Slice[];
}

/** Where a result is, in the skeleton's words. */
export interface At {
  readonly n: string;
  readonly channel: string;
  readonly y: string | number;
  readonly x: string | number;
}

interface Declared {
  readonly name: string;
  readonly type: string;
  readonly comment: string;
  readonly bound: Bound;
}

export class ShaderWriter {
  readonly site: KernelSite;
  readonly name: (wanted: string) => string = namer();
  private readonly declared: Declared[] = [];
  private readonly functions = new Map<string, { readonly name: string; readonly lines: Lines }>();
  private readonly slices: readonly Slice[];

  constructor(site: KernelSite, slices: readonly Slice[]) {
    this.site = site;
    this.slices = slices;
  }

  read(wanted: string, value: string, type: 'f32' | 'vec4f', comment: string): string {
    return this.bind(wanted, `var<storage, read> %: array<${type}>;`, comment, { kind: 'read', value, sliced: false });
  }

  /** A weight buffer; `packs` has one packing for each slice. */
  weight(wanted: string, type: 'f32' | 'vec4f', comment: string, slices: readonly PackedWeight[]): string {
    return this.bind(wanted, `var<storage, read> %: array<${type}>;`, comment, { kind: 'weight', slices });
  }

  /** A vector with one number per channel of the result. */
  perChannel(wanted: string, source: WeightSource, channels: number): string {
    const slices = this.slices.map(({ firstChannel }, index): PackedWeight => {
      const end = this.slices[index + 1]?.firstChannel ?? channels;
      const order: PackLoop[] = [{ axis: 0, size: end - firstChannel, step: 1, ...(firstChannel > 0 ? { start: firstChannel } : {}) }];
      return { name: this.slices.length > 1 ? `${wanted}.${index + 1}` : wanted, source, order };
    });
    return this.weight(wanted.split('.').at(-1) ?? wanted, 'f32', `[${channels}]`, slices);
  }

  /** A function of one `f32`, written once under a name of its own; `body` is given that name. */
  fn(wanted: string, comment: string | undefined, body: Lines): string {
    const known = this.functions.get(wanted);
    if (known) return known.name;
    const name = this.name(wanted);
    const lines = [...(comment === undefined ? [] : [`// ${comment}`]), `fn ${name}(x: f32) -> f32 {`, body, '}'];
    this.functions.set(wanted, { name, lines });
    return name;
  }

  private bind(wanted: string, declaration: string, comment: string, bound: Bound): string {
    const name = this.name(wanted);
    this.declared.push({ name, type: declaration.replace('%', name), comment, bound });
    return name;
  }

  /**
   * The tail and the stores of a kernel. Ask for it after the core's own bindings; `declare` gives the addresses shared by
   * the results around one place, `store` the lines that finish one result.
   */
  results(): Results {
    return new Results(this, (wanted, value, comment) =>
      this.bind(wanted, 'var<storage, read_write> %: array<f32>;', comment, { kind: 'write', value, sliced: true }),
      (wanted, value, comment) => this.bind(wanted, 'var<storage, read> %: array<f32>;', comment, { kind: 'read', value, sliced: true }),
    );
  }

  finish(parts: {
    readonly header: readonly string[];
    readonly enables?: readonly string[];
    readonly constants?: readonly (readonly [name: string, value: number, comment?: string])[];
    readonly shared?: readonly string[];
    readonly workgroupSize: number;
    readonly builtins: readonly string[];
    readonly body: Lines;
    readonly images?: number;
  }): Shader {
    const entryPoint = this.name(this.site.kernel.name);
    const constants = (parts.constants ?? []).map(([name, value, comment]) => `const ${name} = ${u(value)};${comment === undefined ? '' : `  // ${comment}`}`);
    const bindings = this.declared.map(
      ({ type, comment }, index) => `@group(0) @binding(${index}) ${type}${comment === '' ? '' : `  // ${comment}`}`,
    );
    const blocks: Lines[] = [
      parts.header.map((line) => (line === '' ? '//' : `// ${line}`)),
      ...(parts.enables?.length ? [parts.enables] : []),
      ...(constants.length > 0 ? [constants] : []),
      bindings,
      ...(parts.shared?.length ? [parts.shared] : []),
      ...Array.from(this.functions.values(), ({ lines }) => lines),
      [
        `@compute @workgroup_size(${parts.workgroupSize})`,
        `fn ${entryPoint}(`,
        parts.builtins.map((builtin) => `${builtin},`),
        ') {',
        parts.body,
        '}',
      ],
    ];
    return {
      entryPoint,
      code: `${blocks.map((block) => indent(block)).join('\n\n')}\n`,
      images: parts.images ?? 1,
      bindings: this.declared.map(({ bound }) => bound),
      slices: this.slices,
    };
  }
}

type Bind = (wanted: string, value: string, comment: string) => string;

class Results {
  private readonly writer: ShaderWriter;
  private readonly stored = new Map<string, string>();
  private readonly operands = new Map<string, string>();
  private readonly vectors = new Map<string, string>();
  private readonly layouts = new Map<string, Layout>();

  constructor(writer: ShaderWriter, write: Bind, read: Bind) {
    this.writer = writer;
    const { kernel, layout } = writer.site;
    for (const { inputs } of kernel.tail) {
      for (const operand of inputs) {
        if (operand === 'previous' || this.operands.has(operand.value)) continue;
        const name = read(valueName(operand.value), operand.value, describe(layout(operand.value)));
        this.operands.set(operand.value, name);
        this.layouts.set(name, layout(operand.value));
      }
    }
    const channels = writer.site.layout(kernel.result).channels;
    for (const step of kernel.tail) {
      for (const vector of vectorsOf(step.expr)) {
        const key = keyOf(vector);
        if (this.vectors.has(key)) continue;
        const source: WeightSource = {
          role: vector.role === 'scale' ? 'weight' : 'bias',
          shape: [channels],
          batchnorms: [{ layer: vector.batchnorm, epsilon: vector.epsilon }],
        };
        this.vectors.set(key, writer.perChannel(`${vector.batchnorm}.${vector.role}`, source, channels));
      }
    }
    for (const id of [...kernel.keeps, kernel.result]) {
      const name = write(id === kernel.result ? 'y' : valueName(id), id, describe(layout(id)));
      this.stored.set(id, name);
      this.layouts.set(name, layout(id));
    }
  }

  /** The buffers that `base` makes an address for: all that are stored or read at the place of the result. */
  private get buffers(): readonly string[] {
    return [...this.operands.values(), ...this.stored.values()];
  }

  /** `let at_y = …;` for every buffer: the address of the result at `at`. */
  declare(at: At): Lines {
    return this.buffers.map((name) => `let at_${name} = ${this.address(name, at)};`);
  }

  /** The address in buffer `name` of the result at `at`. */
  private address(name: string, { n, channel, y, x }: At): string {
    const layout = this.layouts.get(name);
    if (!layout) throw new Error(`no buffer ${name}`);
    const image = `${n} * ${u(layout.imageStride)}`;
    const plane = layout.planeStride === 1 ? channel : `${layout.firstChannel > 0 || channel.includes(' ') ? `(${plus(channel, layout.firstChannel)})` : channel} * ${u(layout.planeStride)}`;
    const shiftedPlane = layout.planeStride === 1 ? plus(channel, layout.firstChannel) : plane;
    if (layout.height === 1 && layout.width === 1) return plus(image, shiftedPlane, layout.top * layout.rowStride + layout.left);
    const row = typeof y === 'number' ? (layout.top + y) * layout.rowStride : `${layout.top > 0 || y.includes(' ') ? `(${plus(y, layout.top)})` : y} * ${u(layout.rowStride)}`;
    return plus(image, shiftedPlane, row, x, layout.left);
  }

  /** Lines that finish the result `value` of the core, `dy` rows and `dx` columns from the declared address. */
  store(value: string, channel: string, offset: { readonly dy?: number; readonly dx?: string | number } = {}): Lines {
    const { kernel } = this.writer.site;
    const lines: string[] = [];
    const atOffset = (name: string): string => plus(`at_${name}`, (offset.dy ?? 0) * (this.layouts.get(name)?.rowStride ?? 0), offset.dx ?? 0);
    let current = value;
    const settle = (id: string): void => {
      const name = this.stored.get(id);
      if (name === undefined) return;
      if (id !== kernel.result) {
        const held = this.writer.name(`${id}_value`);
        if (current !== held) lines.push(`let ${held} = ${current};`);
        current = held;
      }
      lines.push(`${name}[${atOffset(name)}] = ${current};`);
    };
    settle(kernel.coreResult);
    for (const step of kernel.tail) {
      current = this.apply(step, current, channel, atOffset);
      settle(step.node.id);
    }
    return lines;
  }

  /** Stores a value that never passes through the tail: what a fused pool saw before it. */
  storeKept(id: string, value: string, at: At): Lines {
    const name = this.stored.get(id);
    return name === undefined ? [] : [`${name}[${this.address(name, at)}] = ${value};`];
  }

  keeps(id: string): boolean {
    return this.stored.has(id);
  }

  private apply(step: TailStep, previous: string, channel: string, atOffset: (name: string) => string): string {
    const inputs = step.inputs.map((operand) => {
      if (operand === 'previous') return previous;
      const name = this.operands.get(operand.value) ?? '';
      return `${name}[${atOffset(name)}]`;
    });
    const vector = (v: ChannelVector): string => `${this.vectors.get(keyOf(v)) ?? ''}[${channel}]`;
    if (uses(step.expr, 0) > 1 && !/^\w+$/.test(previous)) {
      const name = this.writer.fn(step.node.op.name, undefined, [`return ${render(step.expr, ['x'], vector, this.writer)};`]);
      return `${name}(${inputs[0] ?? ''})`;
    }
    return render(step.expr, inputs, vector, this.writer);
  }
}

export type { Results };

/** `[n][256][15][16]`, and where the picture stands in it. */
export function describe(layout: Layout): string {
  if (layout.height === 1 && layout.width === 1 && layout.planeStride === 1) return `[n][${layout.imageStride}]`;
  const rows = layout.planeStride / layout.rowStride;
  const total = Math.floor(layout.imageStride / layout.planeStride);
  const margin = layout.top > 0 || layout.left > 0 ? ', zeros around' : '';
  const channels = layout.firstChannel > 0 ? `, channels ${layout.firstChannel}..${layout.firstChannel + layout.channels - 1}` : '';
  return `[n][${total}][${rows}][${layout.rowStride}]${margin}${channels}`;
}

/** The first lines of a shader: what it is, the formula of all it computes, `core` being that of its loop. */
export function header({ kernel, model }: KernelSite, core: string, details: string): readonly string[] {
  const shape = printShape(kernel.nodes.at(-1)?.shape ?? kernel.readsShape);
  const layers = [...new Set(kernel.nodes.map((node) => node.origin.name.value))];
  const quiet = { fn: (name: string): string => name };
  const formula = kernel.tail.reduce((text, { expr, inputs }) => {
    const names = inputs.map((operand) => (operand === 'previous' ? text : operand.value));
    return render(expr, names, (v) => `${v.batchnorm}.${v.role}`, quiet).replace(/(\d)\.0\b/g, '$1');
  }, core);
  const what = layers.length === 0 ? 'a copy' : `layer${layers.length > 1 ? 's' : ''} ${layers.join(', ')}`;
  return [
    `${kernel.name}, ${what} of ${model}. Generated by netloom; change the spec or the compiler, not this file.`,
    '',
    `  y[${shape}] = ${formula}`,
    '',
    details,
  ];
}

/** Where a core's weights come from: the tensor as the file has it, batchnorms multiplied in. */
export function weightSource(role: 'weight' | 'bias', tensor: string | undefined, shape: readonly number[], folded: readonly Folded[]): WeightSource {
  return { role, ...(tensor === undefined ? {} : { tensor }), shape, batchnorms: folded };
}

/** A value's buffer is called like its layer, unless skeletons call a variable so. */
const valueName = (id: string): string => (/^(n|x|y|c|i|k|r|channel|lane|group|id|o[xy]|block|row|part|tap|sum|total|largest|weight|bias|at)([_\d].*)?$/.test(identifier(id)) ? `value_of_${id}` : id);

const keyOf = (vector: ChannelVector): string => `${vector.batchnorm}.${vector.role}`;

function vectorsOf(expr: Expr): readonly ChannelVector[] {
  if (expr.kind === 'channel') return [expr.vector];
  return expr.kind === 'call' ? expr.args.flatMap(vectorsOf) : [];
}

/** How often an expression mentions one of its inputs. */
function uses(expr: Expr, index: number): number {
  if (expr.kind === 'input') return expr.index === index ? 1 : 0;
  return expr.kind === 'call' ? expr.args.reduce((count, arg) => count + uses(arg, index), 0) : 0;
}

const infix: Partial<Record<ScalarFunction, string>> = { add: '+', multiply: '*', divide: '/' };

function render(
  expr: Expr,
  inputs: readonly string[],
  vector: (v: ChannelVector) => string,
  writer: Pick<ShaderWriter, 'fn'>,
  nested = false,
): string {
  switch (expr.kind) {
    case 'input':
      return inputs[expr.index] ?? '';
    case 'constant':
      return f(expr.value);
    case 'channel':
      return vector(expr.vector);
    case 'call': {
      const operator = infix[expr.fn];
      const args = expr.args.map((arg) => render(arg, inputs, vector, writer, operator !== undefined || expr.fn === 'negate'));
      if (operator !== undefined) return nested ? `(${args.join(` ${operator} `)})` : args.join(` ${operator} `);
      if (expr.fn === 'negate') return `-${args[0] ?? ''}`;
      const name = expr.fn === 'erf' ? writer.fn('erf', ...erf) : expr.fn === 'tanh' ? writer.fn('tanh_safe', ...tanhSafe) : expr.fn;
      return `${name}(${args.join(', ')})`;
    }
  }
}

const erf: readonly [string, Lines] = [
  'The error function, by Abramowitz and Stegun 7.1.26: off by at most 1.5e-7.',
  [
    'let t = 1.0 / (1.0 + 0.3275911 * abs(x));',
    'let sum = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));',
    'return sign(x) * (1.0 - sum * exp(-x * x));',
  ],
];

const tanhSafe: readonly [string, Lines] = [
  'Some devices work tanh out as a quotient of exponentials, which overflows; beyond 9 it is 1 in f32.',
  ['return tanh(clamp(x, -9.5, 9.5));'],
];
