// A shader as it is put together: what it binds, what it calls, its entry point. Skeletons (`conv.ts`, `dense.ts`, …) own
// a loop each; this file owns what they share: bindings, addresses, and the tail that is applied to each result.

import type { Folded, FusedKernel } from '../ir/kernel.ts';
import type { Target } from '../ir/target.ts';
import type { Shape } from '../ir/tensor.ts';
import type { Layout, PackedWeight, PackLoop, Precision, WeightSource } from '../../runtime/plan.ts';
import { indent, namer, type Lines } from './wgsl.ts';
import { bytesOf, obey, spread, type Slice } from './workgroups.ts';

/** What a skeleton is asked to write. */
export interface KernelSite {
  readonly kernel: FusedKernel;
  readonly target: Target;
  /** In what the weights of its core are stored. */
  readonly precision: Precision;
  /** The spec's file name, for the shader's first line. */
  readonly model: string;
  /** How the value that the core reads lies, as the core sees it. */
  readonly x: Layout;
  /** The shape of the results: of the core and of every step of the tail. */
  readonly shape: Shape;
  readonly layout: (value: string) => Layout;
}

/** One of the dispatches that a kernel consists of, in their order. */
export interface Stage {
  /** Tells it from the kernel's others; absent where it is the only one. */
  readonly name?: string;
  /** What it has to do at the least; absent where that is what the kernel's layers ask for. */
  readonly work?: Work;
  /** The same work for one image at a time and, where that pays, for several; all bind the same buffers. */
  readonly shaders: readonly Shader[];
}

/** For one image: operations, two per multiply-add, and bytes of values. Parts of it read all, and write their share. */
export interface Work {
  readonly flops: number;
  readonly readBytes: number;
  readonly resultBytes: number;
}

export type Bound =
  /** `sliced`: bound from the slice's first channel on. */
  | { readonly kind: 'read' | 'write'; readonly value: string; readonly sliced: boolean }
  /** A buffer between the stages of a kernel. */
  | { readonly kind: 'scratch'; readonly name: string; readonly access: 'read' | 'write' }
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
  /** Lanes of a workgroup, and the memory they share. */
  readonly workgroupSize: number;
  readonly workgroupBytes: number;
  /** Whether its subgroups multiply matrices. */
  readonly matrices: boolean;
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

  read(wanted: string, value: string, type: 'f32' | 'vec4f' | 'mat4x4f', comment: string): string {
    return this.bind(wanted, `var<storage, read> %: array<${type}>;`, comment, { kind: 'read', value, sliced: false });
  }

  /**
   * The weights of a core, with one packing for each slice.
   * @param together how many lie side by side that the kernel takes at once: packings hold a multiple of it, and whole words
   * @returns how they are loaded: given an index, counted in so many, the expression of a `vec4f` or an `f32`
   */
  weights(wanted: string, together: 1 | 4, comment: string, slices: readonly PackedWeight[]): (index: string) => string {
    if (this.site.precision === 'f16') return this.halves(wanted, together, comment, slices);
    const type = together === 4 ? 'vec4f' : 'f32';
    const name = this.bind(wanted, `var<storage, read> %: array<${type}>;`, comment, { kind: 'weight', slices });
    return (index) => `${name}[${index}]`;
  }

  /** The same in 16 bits: two to a word, which any device can take apart. */
  private halves(wanted: string, together: 1 | 4, comment: string, slices: readonly PackedWeight[]): (index: string) => string {
    const packed = slices.map(({ name: tensor, ...rest }): PackedWeight => ({ name: tensor, type: 'f16', ...rest }));
    const type = together === 4 ? 'vec2u' : 'u32';
    const name = this.bind(wanted, `var<storage, read> %: array<${type}>;`, comment === '' ? 'f16' : `${comment}, f16`, { kind: 'weight', slices: packed });
    const decode = this.name(`${wanted}_at`);
    const lines: Lines =
      together === 4
        ? [
            '// Four weights of 16 bits, from two words.',
            `fn ${decode}(i: u32) -> vec4f {`,
            [
              `let words = ${name}[i];`,
              ...(this.site.target.supply === 'uniform'
                ? ['// Times a one that no compiler knows: else GPUs multiply by the halves as they are, at half the rate.', `return f32(min(arrayLength(&${name}), 1u)) * vec4f(unpack2x16float(words.x), unpack2x16float(words.y));`]
                : ['return vec4f(unpack2x16float(words.x), unpack2x16float(words.y));']),
            ],
            '}',
          ]
        : ['// A weight of 16 bits: there are two in a word.', `fn ${decode}(i: u32) -> f32 {`, [`return unpack2x16float(${name}[i / 2u])[i % 2u];`], '}'];
    this.functions.set(decode, { name: decode, lines });
    return (index) => `${decode}(${index})`;
  }

  /** Weights of 16 bits as they lie, in groups of four or of eight: `subgroupMatrixLoad` counts in the elements of an array. Returns the array's name. */
  words(wanted: string, type: 'vec2u' | 'vec4u', comment: string, slices: readonly PackedWeight[]): string {
    const packed = slices.map(({ name: tensor, ...rest }): PackedWeight => ({ name: tensor, type: 'f16', ...rest }));
    return this.bind(wanted, `var<storage, read> %: array<${type}>;`, `${comment}, f16`, { kind: 'weight', slices: packed });
  }

  /** A vector with one number per channel of the result; `tensor` is what the plan calls it. */
  perChannel(wanted: string, tensor: string, source: WeightSource, channels: number): string {
    const slices = this.slices.map(({ firstChannel }, index): PackedWeight => {
      const end = this.slices[index + 1]?.firstChannel ?? channels;
      const order: PackLoop[] = [{ axis: 0, size: end - firstChannel, step: 1, ...(firstChannel > 0 ? { start: firstChannel } : {}) }];
      return { name: this.slices.length > 1 ? `${tensor}.${index + 1}` : tensor, source, order };
    });
    return this.bind(wanted, 'var<storage, read> %: array<f32>;', `[${channels}]`, { kind: 'weight', slices });
  }

  /**
   * The bias of a core with weights, batchnorms folded in.
   * @returns false where there is none
   */
  bias({ weight, bias }: { readonly weight: string; readonly bias?: string }, channels: number): boolean {
    const { folded } = this.site.kernel;
    if (bias === undefined && folded.length === 0) return false;
    this.perChannel('bias', bias ?? `${weight}.bias`, weightSource('bias', bias, [channels], folded), channels);
    return true;
  }

  /** A function of one `f32`, written once under a name of its own. */
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

  /** Code of the skeleton's own beside the entry point, under a name that is free. */
  define(wanted: string, code: (name: string) => Lines): string {
    const name = this.name(wanted);
    this.functions.set(name, { name, lines: code(name) });
    return name;
  }

  /** A buffer between the stages of a kernel. */
  scratch(wanted: string, name: string, access: 'read' | 'write', type: 'f32' | 'vec4f' | 'mat4x4f', comment: string): string {
    return this.bind(wanted, `var<storage, ${access === 'read' ? 'read' : 'read_write'}> %: array<${type}>;`, comment, { kind: 'scratch', name, access });
  }

  /** A value that is read where a result is made. */
  operand(wanted: string, value: string, comment: string): string {
    return this.bind(wanted, 'var<storage, read> %: array<f32>;', comment, { kind: 'read', value, sliced: true });
  }

  write(wanted: string, value: string, comment: string): string {
    return this.bind(wanted, 'var<storage, read_write> %: array<f32>;', comment, { kind: 'write', value, sliced: true });
  }

  finish(parts: {
    readonly header: readonly string[];
    readonly enables?: readonly string[];
    readonly shared?: readonly string[];
    readonly workgroupSize: number;
    readonly builtins: readonly string[];
    readonly body: Lines;
    readonly images?: number;
    /** Which of the kernel's stages this is. */
    readonly stage?: string;
  }): Shader {
    const { kernel, target } = this.site;
    const entryPoint = this.name([kernel.name, ...(parts.stage === undefined ? [] : [parts.stage])].join(' '));
    const { slices, lines, builtins } = spread(this.slices, parts.builtins, parts.workgroupSize, target.limits.maxComputeWorkgroupsPerDimension);
    const workgroupBytes = (parts.shared ?? []).map(bytesOf).reduce((sum, bytes) => sum + bytes, 0);
    obey(kernel.name, target, {
      maxStorageBuffersPerShaderStage: this.declared.length,
      maxComputeInvocationsPerWorkgroup: parts.workgroupSize,
      maxComputeWorkgroupStorageSize: workgroupBytes,
    });
    const bindings = this.declared.map(
      ({ type, comment }, index) => `@group(0) @binding(${index}) ${type}${comment === '' ? '' : `  // ${comment}`}`,
    );
    // Where lanes have nothing to do with each other the device knows best how many go together.
    const together = parts.enables?.includes('enable subgroups;') === true || parts.workgroupSize === target.subgroupSize;
    const size = target.asksForSize === true && together ? target.subgroupSize : undefined;
    const enables = [...new Set([...(parts.enables ?? []), ...(size === undefined ? [] : ['enable subgroups;', 'enable subgroup_size_control;'])])];
    const blocks: Lines[] = [
      parts.header.map((line) => (line === '' ? '//' : `// ${line}`)),
      ...(enables.length > 0 ? [enables] : []),
      bindings,
      ...(parts.shared?.length ? [parts.shared] : []),
      ...Array.from(this.functions.values(), ({ lines }) => lines),
      [
        `@compute @workgroup_size(${parts.workgroupSize})${size === undefined ? '' : ` @subgroup_size(${size})`}`,
        `fn ${entryPoint}(`,
        builtins.map((builtin) => `${builtin},`),
        ') {',
        [...lines, ...parts.body],
        '}',
      ],
    ];
    return {
      entryPoint,
      code: `${blocks.map((block) => indent(block)).join('\n\n')}\n`,
      images: parts.images ?? 1,
      bindings: this.declared.map(({ bound }) => bound),
      slices,
      workgroupSize: parts.workgroupSize,
      workgroupBytes,
      matrices: enables.includes('enable chromium_experimental_subgroup_matrix;'),
    };
  }
}

/** How many bytes a weight takes. */
export const weightBytes = ({ precision }: Pick<KernelSite, 'precision'>): number => (precision === 'f16' ? 2 : 4);

/** So many weights side by side and what fills up their last word: a packing's innermost loops make whole words. */
export const wholeWords = ({ precision }: KernelSite, weights: number): number => (precision === 'f16' ? weights + (weights % 2) : weights);

/** `[n][256][15][16]`, and where the picture stands in it. */
export function describe(layout: Layout): string {
  if (layout.height === 1 && layout.width === 1 && layout.planeStride === 1) return `[n][${layout.imageStride}]`;
  const rows = layout.planeStride / layout.rowStride;
  const total = Math.floor(layout.imageStride / layout.planeStride);
  const margin = layout.top > 0 || layout.left > 0 ? ', zeros around' : '';
  const channels = layout.firstChannel > 0 ? `, channels ${layout.firstChannel}..${layout.firstChannel + layout.channels - 1}` : '';
  return `[n][${total}][${rows}][${layout.rowStride}]${margin}${channels}`;
}

/** Where a core's weights come from: the tensor as the file has it, batchnorms multiplied in. */
export function weightSource(role: 'weight' | 'bias', tensor: string | undefined, shape: readonly number[], folded: readonly Folded[]): WeightSource {
  return { role, ...(tensor === undefined ? {} : { tensor }), shape, batchnorms: folded };
}
