// What programs import as `netloom/runtime`: load a compiled model onto a GPU and run it. See README.md here.

export { findAdapter, listAdapters, openDevice } from './device.ts';
export type { AdapterKind, AdapterOptions, AdapterReport, Device, DeviceOptions, FoundAdapter, MatrixConfig, PassedOver } from './device.ts';
export { InputError, MachineError } from './errors.ts';
export { readImage } from './image.ts';
export type { Preprocess } from './image.ts';
export { readInput } from './input.ts';
export type { InputOptions } from './input.ts';
export { loadModel, Model } from './model.ts';
export type { LoadOptions, LoadProgress, ModelInput, ModelOf, OutputTensor, RunOptions } from './model.ts';
export type { Peak } from './peak.ts';
export type * from './plan.ts';
export { openForProfile, profileModel } from './profile.ts';
export type { Profile, ProfileOptions, Round, Spread, StepTime } from './profile.ts';
export type { Stage, Watch } from './program.ts';
export { openWeights } from './weights.ts';
export type { Weights } from './weights.ts';
