// The contract between generated code and the runtime: everything needed to run a model, as data. Types only.
// Counts are of elements (f32) unless a name says bytes; sizes are for one image, and grow with the batch.

/** A compiled network. One for all devices: each device class has a variant of its own kernels. */
export interface Plan {
  readonly model: string;
  readonly input: TensorSpec;
  /** What `run` returns, in the spec's order. */
  readonly outputs: readonly TensorSpec[];
  /** What a weight file must hold. */
  readonly tensors: readonly WeightSpec[];
  /** In what the weights of convolutions and dense layers are stored; absent: f32, as everything else is. */
  readonly precision?: Precision;
  /** Best first: the loader takes the first one that the device can run. */
  readonly variants: readonly Variant[];
}

export type Precision = 'f32' | 'f16';

export interface TensorSpec {
  /** The layer's name as the spec writes it. */
  readonly name: string;
  /** H,W,C or C, without the batch. */
  readonly shape: readonly number[];
}

export interface WeightSpec {
  /** `conv1.weight`. */
  readonly name: string;
  /** In the file's order: O,I,kH,kW or O,I or O. */
  readonly shape: readonly number[];
  /** What `synthetic:SEED` makes of the formula's value `v`, which lies within `bound`. */
  readonly synthetic: { readonly bound: number; readonly shape: 'v' | '1 + v' | '0.5 + v * v' };
}

export interface Variant {
  /** The target profile it was compiled for: `portable`, `subgroups-8`. */
  readonly target: string;
  readonly needs: DeviceNeeds;
  /** Activation buffers: bytes for one image each. Zeroed when made; what no kernel writes stays zero. */
  readonly slots: readonly number[];
  /** Weight buffers, filled when the model is loaded. */
  readonly weights: readonly PackedWeight[];
  /** In order; each may read what those before it wrote. */
  readonly steps: readonly Step[];
  /** Where the input is to be put and the outputs lie, in the order of `Plan.outputs`. */
  readonly input: Placement;
  readonly outputs: readonly Placement[];
}

export interface DeviceNeeds {
  /** WebGPU features, `subgroups` for example. */
  readonly features: readonly string[];
  /** The one subgroup size its shaders are written for; absent where they use no subgroups. */
  readonly subgroupSize?: number;
  /** The matrices that its subgroups multiply, m x k and k x n of f16 into m x n of f32; absent where they multiply none. */
  readonly matrices?: { readonly m: number; readonly n: number; readonly k: number };
  /** Limits beyond WebGPU's defaults, by their names in `GPUSupportedLimits`. */
  readonly limits: Readonly<Record<string, number>>;
  /** The largest storage binding the shaders were laid out for; weights are split to fit it, batches are run in parts. */
  readonly maxStorageBufferBindingSize: number;
}

/**
 * How a picture lies in a buffer: value (n, y, x, c) is at
 * `n * imageStride + (firstChannel + c) * planeStride + (top + y) * rowStride + left + x`.
 */
export interface Layout {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly top: number;
  readonly left: number;
  readonly rowStride: number;
  readonly planeStride: number;
  readonly imageStride: number;
  readonly firstChannel: number;
}

/** A vector (one axis in its `TensorSpec`) that lies as a picture is that picture channel-major, as a flatten leaves it. */
export interface Placement {
  readonly slot: number;
  readonly layout: Layout;
}

/** One dispatch. */
export interface Step {
  /** `conv1+relu`: names the pipeline, the profile's row and the shader's file. */
  readonly name: string;
  /** Used for up to `kernels[i].images` images a workgroup row; the loader takes the largest that the batch fills, else the first. */
  readonly kernels: readonly Kernel[];
  /** In the order of `@binding`; all in group 0. */
  readonly bindings: readonly Binding[];
}

export interface Kernel {
  /** A file beside the plan. */
  readonly shader: string;
  readonly entryPoint: string;
  /** How many images one step of `workgroups`' z serves: z workgroups are `ceil(batch / images)`. */
  readonly images: number;
  readonly workgroups: readonly [x: number, y: number];
}

export type Binding =
  /** An activation buffer, whole or from an offset on (multiples of 256 bytes). */
  | { readonly slot: number; readonly offsetBytes?: number; readonly access: 'read' | 'write' }
  /** `Variant.weights[weight]`, from an offset on. */
  | { readonly weight: number; readonly offsetBytes?: number };

/**
 * A weight buffer: tensors of the file, scaled and moved to where the kernel reads them.
 *
 * Its values are those of `source` visited by `order`, outermost first. Each entry of `order` is a loop of `size` turns
 * that moves along one axis of `source.shape` by `step`; several loops may move along one axis, and where their sum leaves
 * that axis the value is 0 (padding).
 */
export interface PackedWeight {
  readonly name: string;
  /**
   * How its values are stored, rounded to the nearest; absent: f32. Of f16 there is an even number, in every run of turns of
   * the innermost loop.
   */
  readonly type?: 'f16';
  readonly source: WeightSource;
  readonly order: readonly PackLoop[];
}

export interface PackLoop {
  readonly axis: number;
  readonly size: number;
  readonly step: number;
  /** Where this loop starts along its axis. Default 0. */
  readonly start?: number;
}

/**
 * A kernel of `kernel x kernel` taps is taken apart into `stride x stride` kernels, its phases, of every `stride`-th tap (with
 * zeros where it ends before), and each of these, `g`, becomes `G g Gᵀ` of size x size values.
 */
export interface KernelTransform {
  readonly kernel: number;
  readonly stride: number;
  /** `G`, [size][taps of a phase]. */
  readonly filter: readonly (readonly number[])[];
}

/**
 * With `s[o]` and `t[o]` the scale and shift that `batchnorms`, applied one after the other, make of output channel `o`
 * (`x * s + t`): a `weight` is `tensor[o, …] * s[o]`, a `bias` is `tensor[o] * s[o] + t[o]`. `o` is the first axis of the
 * file's shape. Without a tensor a weight is made of ones, a bias of zeros.
 */
export interface WeightSource {
  readonly role: 'weight' | 'bias';
  readonly tensor?: string;
  /** The tensor's values seen with these axes; without `winograd` their product is the tensor's size. */
  readonly shape: readonly number[];
  readonly batchnorms: readonly { readonly layer: string; readonly epsilon: number }[];
  /** Kernels are transformed (Winograd): see there. Their values are the last axis of `shape`, phases of a channel lie in that before. */
  readonly winograd?: KernelTransform;
}
