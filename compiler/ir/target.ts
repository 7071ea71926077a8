// What kernels are compiled for: a class of devices, told by what they can do and what suits them, never by their maker.
// The files of `targets/` hold one each; `doctor --format json` prints the limits in the same form.

export interface Target {
  readonly name: string;
  /** For people: which devices these are. */
  readonly summary: string;
  /** The size that every subgroup has; absent where kernels may not use subgroups. */
  readonly subgroupSize?: number;
  /** Set where devices have subgroups of several sizes, and run a kernel with `subgroupSize` if it asks for that. */
  readonly asksForSize?: boolean;
  /**
   * How the lanes of a kernel get a value that all of them need. `broadcast`: each lane loads a part and hands it to the
   * others (software GPUs, where a load costs as much as twenty multiply-adds). `uniform`: all lanes load the same address,
   * which GPUs do once for all of them.
   */
  readonly supply: 'broadcast' | 'uniform';
  /**
   * Subgroups that work side by side, counted as the device's units that issue instructions: with fewer some of it idles, and
   * with no more none has another's work to do while it waits. Absent where workgroups follow one another on a few cores.
   */
  readonly subgroupsAtOnce?: number;
  /** Matrices of 16 bits that a subgroup multiplies into sums of 32, where devices have them and kernels may use them. */
  readonly matrices?: MatrixShape;
  /** `driver`: its compiler unrolls loops with constant bounds. `written`: it does not, so the generator writes them out. */
  readonly unroll: 'driver' | 'written';
  /** Sums that a lane of a convolution may hold at once: what fits its registers beside inputs and weights. */
  readonly maxSums: number;
  /** Multiply-adds that one turn of a loop may unroll to: beyond, compiling takes seconds. */
  readonly maxUnrolled: number;
  readonly costs: Costs;
  /** The adapter whose tuned ways ship with the project and are taken where nobody asks for others; absent: estimates alone. */
  readonly tuned?: 'lavapipe' | 'swiftshader';
  readonly limits: Limits;
}

/** The left one is m x k, the right one k x n, their product m x n. */
export interface MatrixShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** What one operation of all lanes together takes, in nanoseconds of one core or in any other unit: only ratios matter. */
export interface Costs {
  readonly fma: number;
  /** The same with only one sum in flight, when each waits for the one before. */
  readonly fmaAlone: number;
  /** Handing one lane's value to all lanes. */
  readonly share: number;
  /** Loading four values a lane: inputs are near, weights come from further away. */
  readonly inputLoad: number;
  readonly weightLoad: number;
  /** The same for weights of 16 bits, of kernels larger than a pixel; absent: as much. */
  readonly halfLoad?: number;
  /** Loading and storing one value a lane, wherever it lies; absent where Winograd's kernels are no option. */
  readonly load?: number;
  readonly store?: number;
  /** Bringing one weight a lane from memory for the first time in a run; absent where that is no more than loading it again. */
  readonly fetch?: number;
  /** Multiplying two matrices and adding the product to a third, and bringing a value a lane into workgroup memory; absent without matrices. */
  readonly matrix?: number;
  readonly stage?: number;
  /** A turn of a loop, and a workgroup. */
  readonly turn: number;
  readonly workgroup: number;
  /** Another dispatch, with waiting for the last workgroup of the one before; absent: next to nothing. */
  readonly dispatch?: number;
  /** What a turn waits for its loads, where there is nothing else to do. Only where subgroups work side by side. */
  readonly wait?: number;
  /** Compiling one multiply-add of an unrolled loop, shared out among some hundred runs. */
  readonly compile: number;
  /** The same for a store: on a software GPU a branch for each lane, five milliseconds. */
  readonly compileStore: number;
  /** Storing a sum by a loop over a copy of them all, which has one store to compile; absent where such arrays are no option. */
  readonly storeInLoop?: number;
  /** Times as much where a row's values are kept for another block of channels. */
  readonly secondBlock: number;
}

/** By the names of `GPUSupportedLimits`. */
export interface Limits {
  readonly maxStorageBufferBindingSize: number;
  readonly maxStorageBuffersPerShaderStage: number;
  readonly maxComputeInvocationsPerWorkgroup: number;
  readonly maxComputeWorkgroupStorageSize: number;
  readonly maxComputeWorkgroupsPerDimension: number;
}

/** As many lanes as a workgroup may have, `wanted` at most; a power of two, so that lanes can be added up by halves. */
export const lanesWithin = ({ maxComputeInvocationsPerWorkgroup: most }: Limits, wanted: number): number => 2 ** Math.floor(Math.log2(Math.min(wanted, most)));
