// What is done to each result of a kernel while it is still in a register: the tail's expressions, and the stores. Skeletons
// say where a result is; the addresses of all buffers that lie along it follow.

import type { ChannelVector, Expr, ScalarFunction } from '../ir/expr.ts';
import type { TailStep } from '../ir/kernel.ts';
import type { Layout, WeightSource } from '../../runtime/plan.ts';
import { describe, type ShaderWriter } from './shader.ts';
import { f, plus, times, u, type Lines } from './wgsl.ts';

/** Where a result is, in the skeleton's words. */
export interface At {
  readonly n: string;
  readonly channel: string;
  readonly y: string | number;
  readonly x: string | number;
}

/**
 * The tail and the stores of a kernel; made after the core's own bindings. `declare` gives the addresses shared by the
 * results around one place, `store` the lines that finish one result.
 */
export class Results {
  private readonly writer: ShaderWriter;
  private readonly stored = new Map<string, string>();
  private readonly operands = new Map<string, string>();
  private readonly vectors = new Map<string, string>();
  private readonly layouts = new Map<string, Layout>();

  constructor(writer: ShaderWriter) {
    this.writer = writer;
    const { kernel, layout } = writer.site;
    for (const { inputs } of kernel.tail) {
      for (const operand of inputs) {
        if (operand === 'previous' || this.operands.has(operand.value)) continue;
        const name = writer.operand(valueName(operand.value), operand.value, describe(layout(operand.value)));
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
        this.vectors.set(key, writer.perChannel(key, key, source, channels));
      }
    }
    for (const id of [...kernel.keeps, kernel.result]) {
      const name = writer.write(id === kernel.result ? 'y' : valueName(id), id, describe(layout(id)));
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
    const shifted = plus(channel, layout.firstChannel);
    const plane = layout.planeStride === 1 ? shifted : `${shifted.includes(' ') ? `(${shifted})` : shifted} * ${u(layout.planeStride)}`;
    if (layout.height === 1 && layout.width === 1) return plus(image, plane, layout.top * layout.rowStride + layout.left);
    const row = typeof y === 'number' ? (layout.top + y) * layout.rowStride : `${layout.top > 0 || y.includes(' ') ? `(${plus(y, layout.top)})` : y} * ${u(layout.rowStride)}`;
    return plus(image, plane, row, x, layout.left);
  }

  /** Lines that finish the result `value` of the core, `dy` rows and `dx` columns from the declared address. */
  store(value: string, channel: string, offset: { readonly dy?: string | number; readonly dx?: string | number } = {}): Lines {
    const { kernel } = this.writer.site;
    const lines: string[] = [];
    const atOffset = (name: string): string => plus(`at_${name}`, times(offset.dy ?? 0, this.layouts.get(name)?.rowStride ?? 0), offset.dx ?? 0);
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

/** A value's buffer: its layer's name with an ending that no variable of a skeleton has, so that none can hide it. */
const valueName = (id: string): string => `${id}_values`;

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

/** An expression as WGSL; `vector` names the number a channel has. */
export function render(
  expr: Expr,
  inputs: readonly string[],
  vector: (v: ChannelVector) => string,
  functions: Pick<ShaderWriter, 'fn'>,
  nested = false,
): string {
  switch (expr.kind) {
    case 'input': {
      const value = inputs[expr.index] ?? '';
      return nested && value.includes(' + ') ? `(${value})` : value;
    }
    case 'constant':
      return f(expr.value);
    case 'channel':
      return vector(expr.vector);
    case 'call': {
      const operator = infix[expr.fn];
      const args = expr.args.map((arg) => render(arg, inputs, vector, functions, operator !== undefined || expr.fn === 'negate'));
      if (operator !== undefined) return nested ? `(${args.join(` ${operator} `)})` : args.join(` ${operator} `);
      if (expr.fn === 'negate') return `-${args[0] ?? ''}`;
      const name = expr.fn === 'erf' ? functions.fn('erf', ...erf) : expr.fn === 'tanh' ? functions.fn('tanh_safe', ...tanhSafe) : expr.fn;
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
