// The keys of a target profile: what each may hold, in words and as a JSON Schema. A profile need not say everything; what
// it leaves out is that of the profile it is like.

import type { JsonSchema } from '../spec/keys.ts';
import type { Costs, Limits, MatrixShape, Target } from './target.ts';

/** A target as a file may tell it, and what the file builds on. */
export interface Profile extends Partial<Omit<Target, 'costs' | 'limits'>> {
  /** The class that says what this one does not. Absent: the one for its subgroups. */
  readonly like?: string;
  readonly costs?: Partial<Costs>;
  readonly limits?: Partial<Limits>;
}

export interface ProfileKey {
  /** Completes "must be …". */
  readonly expected: string;
  readonly schema: JsonSchema;
}

const whole = (least: number): ProfileKey => ({ expected: `a whole number, at least ${least}`, schema: { type: 'integer', minimum: least } });
const cost: ProfileKey = { expected: 'a number, at least 0', schema: { type: 'number', minimum: 0 } };
const words = (...all: readonly string[]): ProfileKey => ({ expected: all.map((word) => `"${word}"`).join(' or '), schema: { enum: all } });

const side: ProfileKey = { expected: '8, 16 or 32', schema: { enum: [8, 16, 32] } };

export const matrixKeys: Readonly<Record<keyof MatrixShape, ProfileKey>> = { m: side, n: side, k: side };

export const costKeys: Readonly<Record<keyof Costs, ProfileKey>> = {
  fma: cost,
  fmaAlone: cost,
  share: cost,
  inputLoad: cost,
  weightLoad: cost,
  halfLoad: cost,
  load: cost,
  store: cost,
  fetch: cost,
  turn: cost,
  workgroup: cost,
  dispatch: cost,
  wait: cost,
  compile: cost,
  compileStore: cost,
  matrix: cost,
  stage: cost,
  storeInLoop: cost,
  secondBlock: cost,
};

/** The least that kernels can be written for; WebGPU promises more of each. */
export const limitKeys: Readonly<Record<keyof Limits, ProfileKey>> = {
  maxStorageBufferBindingSize: whole(65_536),
  maxStorageBuffersPerShaderStage: whole(4),
  maxComputeInvocationsPerWorkgroup: whole(16),
  maxComputeWorkgroupStorageSize: whole(1024),
  maxComputeWorkgroupsPerDimension: whole(256),
};

export const profileKeys: Readonly<Record<keyof Profile, ProfileKey>> = {
  name: { expected: 'small letters, digits, `-` and `.`, beginning with a letter: it names a folder', schema: { type: 'string', pattern: '^[a-z][a-z0-9-]*(\\.[a-z0-9-]+)*$' } },
  summary: { expected: 'a text', schema: { type: 'string' } },
  like: { expected: 'the name of a class', schema: { type: 'string' } },
  subgroupSize: { expected: '4, 8, 16, 32, 64 or 128', schema: { enum: [4, 8, 16, 32, 64, 128] } },
  asksForSize: { expected: 'true or false', schema: { type: 'boolean' } },
  supply: words('broadcast', 'uniform'),
  matrices: { expected: 'a map of `m`, `n` and `k`', schema: { type: 'object' } },
  subgroupsAtOnce: whole(1),
  unroll: words('driver', 'written'),
  maxSums: whole(4),
  maxUnrolled: whole(16),
  costs: { expected: 'a map of costs', schema: { type: 'object' } },
  tuned: words('lavapipe', 'swiftshader'),
  limits: { expected: 'a map of limits', schema: { type: 'object' } },
};

/** Limits of WebGPU that no kernel depends on: `doctor` prints them too, so a profile may hold them. */
const otherLimits = [
  'maxTextureDimension1D', 'maxTextureDimension2D', 'maxTextureDimension3D', 'maxTextureArrayLayers', 'maxBindGroups',
  'maxBindGroupsPlusVertexBuffers', 'maxBindingsPerBindGroup', 'maxDynamicUniformBuffersPerPipelineLayout',
  'maxDynamicStorageBuffersPerPipelineLayout', 'maxSampledTexturesPerShaderStage', 'maxSamplersPerShaderStage',
  'maxStorageTexturesPerShaderStage', 'maxUniformBuffersPerShaderStage', 'maxUniformBufferBindingSize',
  'minUniformBufferOffsetAlignment', 'minStorageBufferOffsetAlignment', 'maxVertexBuffers', 'maxBufferSize',
  'maxVertexAttributes', 'maxVertexBufferArrayStride', 'maxInterStageShaderVariables', 'maxColorAttachments',
  'maxColorAttachmentBytesPerSample', 'maxComputeWorkgroupSizeX', 'maxComputeWorkgroupSizeY', 'maxComputeWorkgroupSizeZ',
  'maxImmediateSize', 'maxStorageBuffersInFragmentStage', 'maxStorageBuffersInVertexStage',
  'maxStorageTexturesInFragmentStage', 'maxStorageTexturesInVertexStage',
];

const properties = (keys: Readonly<Record<string, ProfileKey>>): JsonSchema =>
  Object.fromEntries(Object.entries(keys).map(([name, { schema }]) => [name, schema]));

/** A profile's JSON Schema. */
export function profileSchema(): JsonSchema {
  const fixed = (keys: Readonly<Record<string, ProfileKey>>): JsonSchema => ({ type: 'object', properties: properties(keys), additionalProperties: false });
  const others = Object.fromEntries(otherLimits.map((name) => [name, { type: 'number' }]));
  const limits = { type: 'object', properties: { ...properties(limitKeys), ...others }, additionalProperties: false };
  const matrices = { ...fixed(matrixKeys), required: Object.keys(matrixKeys) };
  return { type: 'object', properties: { ...properties(profileKeys), matrices, costs: fixed(costKeys), limits }, additionalProperties: false };
}
