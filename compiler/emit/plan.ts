// Schedules to the plan that the runtime reads and the shader files beside it: buffers get numbers, kernels get files.

import type { Binding, DeviceNeeds, Kernel, PackedWeight, Placement, Plan, Precision, Step, Variant } from '../../runtime/plan.ts';
import type { TypedGraph } from '../ir/graph.ts';
import type { FusedKernel, Program } from '../ir/kernel.ts';
import type { Target } from '../ir/target.ts';
import type { Shape } from '../ir/tensor.ts';
import type { Shader } from '../kernels/shader.ts';
import type { Slice } from '../kernels/workgroups.ts';
import { identifier } from '../kernels/wgsl.ts';
import { layoutOf, viewAs } from '../passes/layout.ts';
import { scratchId, type MemoryPlan } from '../passes/plan-memory.ts';
import type { Schedule, ScheduledKernel } from '../passes/schedule.ts';
import { portable } from '../passes/targets.ts';

export interface Artifact {
  readonly plan: Plan;
  /** Shader files by their paths beside the plan. */
  readonly shaders: ReadonlyMap<string, string>;
}

export interface Output {
  /** The layer's name. */
  readonly name: string;
  readonly shape: Shape;
  /** The stored value that holds it. */
  readonly value: string;
}

/** What a program's user gets back: the spec's outputs, or every layer whose value exists. */
export function outputsOf(program: Program, storeAll: boolean): readonly Output[] {
  const { graph, values, views, foldedAway } = program;
  const wanted = storeAll ? graph.nodes.filter(({ id }) => !id.includes(':') && !foldedAway.has(id)).map(({ id }) => id) : graph.outputs;
  return wanted.map((id) => {
    const shape = graph.nodes.find((node) => node.id === id)?.shape ?? graph.input.shape;
    const value = views.get(id) ?? id;
    if (!values.has(value)) throw new Error(`${id} is an output, but ${value} is not stored`);
    return { name: id, shape, value };
  });
}

export function toPlan(
  graph: TypedGraph, outputs: readonly Output[], precision: Precision, scheduled: readonly { readonly schedule: Schedule; readonly memory: MemoryPlan }[],
): Artifact {
  const shaders = new Map<string, string>();
  const variants = scheduled.map(({ schedule, memory }) => variant(schedule, memory, outputs, shaders));
  const plan: Plan = {
    model: graph.document.name.value,
    input: { name: graph.input.name, shape: graph.input.shape },
    outputs: outputs.map(({ name, shape }) => ({ name, shape })),
    tensors: graph.nodes.flatMap(({ params }) => params.map(({ name, shape, synthetic }) => ({ name, shape, synthetic }))),
    ...(precision === 'f32' ? {} : { precision }),
    variants,
  };
  return { plan, shaders };
}

function variant({ target, program, layouts, steps }: Schedule, memory: MemoryPlan, outputs: readonly Output[], shaders: Map<string, string>): Variant {
  const weights: PackedWeight[] = [];
  const weightAt = new Map<string, number>();
  const weight = (whole: PackedWeight): number => {
    // A loop of one turn from the start moves nothing.
    const packed = { ...whole, order: whole.order.filter(({ size, start = 0 }) => size > 1 || start > 0) };
    const key = JSON.stringify(packed);
    const known = weightAt.get(key);
    if (known !== undefined) return known;
    weightAt.set(key, weights.length);
    return weights.push(packed) - 1;
  };
  const place = (id: string, shape: Shape): Placement => ({ slot: slotOf(memory, id), layout: viewAs(layoutOf(layouts, id), shape) });

  const bind = (kernel: FusedKernel, shader: Shader, slice: Slice, index: number): readonly Binding[] =>
    shader.bindings.map((bound): Binding => {
      if (bound.kind === 'weight') return { weight: weight(bound.slices[index] ?? missing(shader)) };
      if (bound.kind === 'scratch') return { slot: slotOf(memory, scratchId(kernel, bound.name)), access: bound.access };
      const offsetBytes = bound.sliced ? slice.firstChannel * layoutOf(layouts, bound.value).planeStride * 4 : 0;
      return { slot: slotOf(memory, bound.value), access: bound.kind, ...(offsetBytes > 0 ? { offsetBytes } : {}) };
    });

  const planned = steps.flatMap(({ kernel, stages }, index) =>
    stages.flatMap(({ name, shaders: versions }): readonly Step[] => {
      const [first] = versions;
      if (!first) throw new Error(`${kernel.name} has no shader`);
      const files = versions.map((shader) => {
        const words = [identifier(kernel.name), ...(name === undefined ? [] : [identifier(name)]), ...(shader.images > 1 ? [`x${shader.images}`] : [])];
        const path = `${target.name}/${String(index + 1).padStart(2, '0')}-${words.join('-').replaceAll('_', '-')}.wgsl`;
        shaders.set(path, shader.code);
        return path;
      });
      return first.slices.map((slice, part) => {
        const which = [...(name === undefined ? [] : [name]), ...(first.slices.length > 1 ? [`${part + 1} of ${first.slices.length}`] : [])];
        return {
          name: which.length > 0 ? `${kernel.name} (${which.join(', ')})` : kernel.name,
          kernels: versions.map((shader, version): Kernel => ({
            shader: files[version] ?? '',
            entryPoint: shader.entryPoint,
            images: shader.images,
            workgroups: shader.slices[part]?.workgroups ?? slice.workgroups,
          })),
          bindings: bind(kernel, first, slice, part),
        };
      });
    }),
  );
  return {
    target: target.name,
    needs: { ...needsOf(target, steps.some(usesMatrices)), limits: beyondPortable(steps.flatMap(({ stages }) => stages.flatMap(({ shaders: versions }) => versions))) },
    slots: memory.slots,
    weights,
    steps: planned,
    input: place(program.graph.input.name, program.graph.input.shape),
    outputs: outputs.map(({ value, shape }) => place(value, shape)),
  };
}

/**
 * What a device must have for kernels of this target, before any is written.
 * @param withMatrices whether kernels multiply the target's matrices
 */
export function needsOf({ subgroupSize, asksForSize = false, matrices, limits: { maxStorageBufferBindingSize } }: Target, withMatrices: boolean): DeviceNeeds {
  if (subgroupSize === undefined) return { features: [], limits: {}, maxStorageBufferBindingSize };
  const features = ['subgroups', ...(asksForSize ? ['subgroup-size-control'] : [])];
  if (matrices === undefined || !withMatrices) return { features, subgroupSize, limits: {}, maxStorageBufferBindingSize };
  return { features: [...features, 'shader-f16', 'chromium-experimental-subgroup-matrix'], subgroupSize, matrices, limits: {}, maxStorageBufferBindingSize };
}

const usesMatrices = ({ stages }: ScheduledKernel): boolean => stages.some(({ shaders }) => shaders.some(({ matrices }) => matrices));

/** What shaders take that WebGPU does not promise. */
function beyondPortable(shaders: readonly Shader[]): DeviceNeeds['limits'] {
  const lanes = Math.max(...shaders.map(({ workgroupSize }) => workgroupSize));
  const used = {
    maxComputeInvocationsPerWorkgroup: lanes,
    maxComputeWorkgroupSizeX: lanes,
    maxComputeWorkgroupStorageSize: Math.max(...shaders.map(({ workgroupBytes }) => workgroupBytes)),
  };
  const promised = { ...portable.limits, maxComputeWorkgroupSizeX: portable.limits.maxComputeInvocationsPerWorkgroup };
  return Object.fromEntries(Object.entries(used).filter(([name, amount]) => amount > promised[name as keyof typeof used]));
}

function slotOf(memory: MemoryPlan, id: string): number {
  const slot = memory.slotOf.get(id);
  if (slot === undefined) throw new Error(`${id} has no slot`);
  return slot;
}

function missing(shader: Shader): never {
  throw new Error(`${shader.entryPoint} has fewer weights than slices`);
}
