// A GPU through Dawn. Adapters are tried in this order: the one asked for by name; a hardware GPU; a software Vulkan that is
// installed (lavapipe); SwiftShader from an npm package. What was taken and why, and why not the others, is always part of
// the answer, so that nobody measures a software GPU without knowing.

import { isMainThread } from 'node:worker_threads';
import { MachineError, messageOf } from './errors.ts';
import { mute } from './mute.ts';
import { hasVulkanLoader, loadVulkanLoader, unpackSwiftShader, whyNoSwiftShader, withSwiftShader } from './swiftshader.ts';
import { installWait, waitFor } from './wait.ts';

/** `embedded` is SwiftShader from the npm package; `null` validates and computes nothing. */
export type AdapterKind = 'hardware' | 'software' | 'embedded' | 'null';

/** An adapter as data. */
export interface AdapterReport {
  /** What the driver calls it: `llvmpipe (LLVM 15.0.6, 256 bits)`. */
  readonly name: string;
  readonly kind: AdapterKind;
  readonly vendor: string;
  readonly architecture: string;
  /** The driver's own sentence, its version included. */
  readonly description: string;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  readonly subgroupMinSize?: number;
  readonly subgroupMaxSize?: number;
  /** The matrices that its subgroups multiply: M x K and K x N of one type into M x N of another. Only with `experimental`. */
  readonly subgroupMatrixConfigs?: readonly MatrixConfig[];
}

export interface MatrixConfig {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly componentType: string;
  readonly resultComponentType: string;
}

/** Something that was not taken, and why. */
export interface PassedOver {
  readonly name: string;
  readonly reason: string;
}

/** An adapter that can be opened, once. */
export interface FoundAdapter {
  readonly gpu: GPUAdapter;
  readonly report: AdapterReport;
  /** The same adapter once more, for another device. */
  readonly again: () => Promise<GPUAdapter | undefined>;
  /** Why this one: `the only hardware GPU`. */
  readonly reason: string;
  readonly passedOver: readonly PassedOver[];
}

export interface AdapterOptions {
  /**
   * Part of an adapter's name, vendor or description in any case; or `hardware`, `software`, `lavapipe`, `swiftshader`
   * (`embedded`), `null`. Absent: the best there is.
   */
  readonly adapter?: string;
  /** Switches of Dawn itself, as `webgpu`'s `create` takes them: `enable-dawn-features=allow_unsafe_apis`. */
  readonly dawnFlags?: readonly string[];
  /**
   * Also what WebGPU has not settled and Dawn does not check as well as the rest, subgroups that multiply matrices above all.
   * For models of one's own, not for what strangers wrote. Default false.
   */
  readonly experimental?: boolean;
  /**
   * Keeps off stderr what Dawn and drivers print there while adapters are looked for. For a command that owns its process: in
   * that moment no other thread may open a file.
   */
  readonly quiet?: boolean;
}

export interface DeviceOptions extends AdapterOptions {
  /** What the device must have, beyond WebGPU's defaults. Absent: all that the adapter has. */
  readonly needs?: { readonly features: readonly string[]; readonly limits: Readonly<Record<string, number>> };
}

/** An open device. */
export interface Device {
  readonly gpu: GPUDevice;
  readonly adapter: AdapterReport;
  readonly reason: string;
  readonly passedOver: readonly PassedOver[];
  /** Set as soon as the device is lost or closed: no work can be given to it any more. */
  readonly fault: MachineError | undefined;
  /** Resolves when the device is lost or closed. */
  readonly lost: Promise<MachineError>;
  /** Another device of the same adapter with the same features and limits; both are to be closed. */
  openTwin(): Promise<Device>;
  close(): void;
}

export const INSTALL_COMMAND = 'npm install @sparticuz/chromium';

const ALIASES: Readonly<Record<string, string>> = { lavapipe: 'llvmpipe', gpu: 'hardware' };

/** A GPU, found with `options` and opened with what `options.needs` says. */
export async function openDevice(options: DeviceOptions = {}): Promise<Device> {
  return openAdapter(await findAdapter(options), options.needs);
}

/** Opens an adapter that was found; it must not have been opened before. */
export async function openAdapter(found: FoundAdapter, needs?: DeviceOptions['needs']): Promise<Device> {
  const { report } = found;
  const unfulfilled = whatIsMissing(report, needs ?? { features: [], limits: {} });
  if (unfulfilled.length > 0) throw new MachineError(`${report.name} lacks ${unfulfilled.join(', ')}`);
  const names = needs?.features ?? report.features;
  const limits = needs?.limits ?? report.limits;
  let gpu: GPUDevice;
  try {
    gpu = await found.gpu.requestDevice({
      label: 'netloom',
      requiredFeatures: [...found.gpu.features].filter((name): name is GPUFeatureName => names.includes(name)),
      requiredLimits: { ...limits },
    });
  } catch (fault) {
    throw new MachineError(`${report.name} cannot be opened: ${messageOf(fault)}`);
  }
  return watch(gpu, found, async () => {
    const again = await found.again();
    if (again === undefined) throw new MachineError(`${report.name} cannot be opened twice`);
    return openAdapter({ ...found, gpu: again }, needs);
  });
}

/** What `report`'s adapter lacks of `needs`, each with its numbers. */
export function whatIsMissing(report: AdapterReport, needs: NonNullable<DeviceOptions['needs']>): readonly string[] {
  return [
    ...needs.features.filter((name) => !report.features.includes(name)).map((name) => `the feature ${name}`),
    ...Object.entries(needs.limits).flatMap(([name, least]) => {
      const has = report.limits[name];
      // Alignments are the limits of which less is better.
      const enough = has !== undefined && (name.startsWith('min') ? has <= least : has >= least);
      return enough ? [] : [`${name} ${least} (it has ${has ?? 'no such limit'})`];
    }),
  ];
}

/** The adapter that `options` asks for. Throws a MachineError that says what there is instead. */
export async function findAdapter(options: AdapterOptions = {}): Promise<FoundAdapter> {
  const search = searchFor(options);
  if (options.adapter !== undefined) return findByName(options.adapter, search);

  const [first, ...rest] = await systemAdapters(search);
  const passedOver = rest.map(({ report }) => ({ name: report.name, reason: `${first?.report.name ?? ''} comes before it` }));
  if (first !== undefined) {
    const reason = first.report.kind === 'hardware' ? 'a hardware GPU' : 'an installed software GPU; no hardware GPU was found';
    return { ...first, reason, passedOver: [...passedOver, ...embeddedPassedOver(first.report)] };
  }
  const why = whyNoSwiftShader();
  if (why !== undefined) throw new MachineError(noAdapter(why));
  return { ...await embeddedAdapter(search), reason: 'embedded; this machine has no GPU and no other Vulkan driver', passedOver: [] };
}

/** Every adapter that could be had, best first, the embedded one included; and why the embedded one cannot. */
export async function listAdapters(
  options: Omit<AdapterOptions, 'adapter'> = {},
): Promise<{ adapters: readonly AdapterReport[]; missing: readonly PassedOver[] }> {
  const search = searchFor(options);
  const system = await systemAdapters(search);
  const why = whyNoSwiftShader();
  if (why !== undefined) return { adapters: system.map(({ report }) => report), missing: [{ name: 'SwiftShader', reason: why }] };
  try {
    return { adapters: [...system, await embeddedAdapter(search)].map(({ report }) => report), missing: [] };
  } catch (fault) {
    return { adapters: system.map(({ report }) => report), missing: [{ name: 'SwiftShader', reason: messageOf(fault) }] };
  }
}

type Candidate = Pick<FoundAdapter, 'gpu' | 'report' | 'again'>;

/** How Dawn is asked. */
interface Search {
  readonly flags: readonly string[];
  /** Wraps the calls in which drivers are loaded. */
  readonly aside: <T>(work: () => T) => T;
}

function searchFor({ dawnFlags = [], experimental = false, quiet = false }: AdapterOptions): Search {
  return { flags: experimental ? withSwitch(dawnFlags, 'enable-dawn-features', 'allow_unsafe_apis') : dawnFlags, aside: quiet ? mute : (work) => work() };
}

/** Of flags with the same name Dawn takes the last one alone. */
function withSwitch(flags: readonly string[], name: string, value: string): readonly string[] {
  const same = flags.filter((flag) => flag.startsWith(`${name}=`)).map((flag) => flag.slice(name.length + 1));
  return [...flags.filter((flag) => !flag.startsWith(`${name}=`)), `${name}=${[...same, value].join(',')}`];
}

async function findByName(asked: string, search: Search): Promise<FoundAdapter> {
  const reason = `asked for by \`${asked}\``;
  const word = ALIASES[asked.toLowerCase()] ?? asked.toLowerCase();
  if (word === 'null') {
    const again = asker(await instance(['backend=null', ...search.flags]), search);
    const gpu = await again();
    if (gpu === undefined) throw new MachineError('Dawn has no null backend here');
    return { gpu, again, report: describe(gpu, 'null', 'null'), reason, passedOver: [] };
  }
  const system = await systemAdapters(search);
  const matches = ({ report }: Candidate) => report.kind === word ||
    [report.name, report.vendor, report.architecture, report.description].some((text) => text.toLowerCase().includes(word));
  const match = system.find(matches);
  const passedOver = system.filter((other) => other !== match).map(({ report }) => ({ name: report.name, reason: 'not asked for' }));
  if (match !== undefined) return { ...match, reason, passedOver };

  const wantsEmbedded = word !== '' && ['swiftshader', 'embedded', 'google', 'software'].some((name) => name.includes(word));
  const why = whyNoSwiftShader();
  if (wantsEmbedded && why === undefined) return { ...await embeddedAdapter(search), reason, passedOver };

  const names = [...system.map(({ report }) => report.name), ...(why === undefined ? ['SwiftShader'] : [])];
  if (names.length === 0) throw new MachineError(noAdapter(why ?? ''));
  const hint = wantsEmbedded && why !== undefined ? ` (${why}${canInstall() ? `: run ${INSTALL_COMMAND}` : ''})` : '';
  throw new MachineError(`no adapter matches \`${asked}\`${hint}; there is ${names.join(', ')}`);
}

/** The adapters of installed drivers: hardware first, then software. */
async function systemAdapters(search: Search): Promise<readonly Candidate[]> {
  // Without a loader of its own the system has no driver either, and Dawn would print a warning for nothing.
  if (!hasVulkanLoader()) return [];
  const ask = asker(await instance(search.flags), search);
  const first = await ask();
  if (first === undefined) return [];
  const names = await systemNames(search);
  if (names.length <= 1) return [{ gpu: first, again: ask, report: describe(first, kindOf(first), names[0]) }];
  const found: Candidate[] = [];
  for (const name of new Set(names)) {
    const again = asker(await instance([`adapter=${name}`, ...search.flags]), search);
    const gpu = await again();
    if (gpu !== undefined) found.push({ gpu, again, report: describe(gpu, kindOf(gpu), name) });
  }
  return [...found.filter(({ report }) => report.kind === 'hardware'), ...found.filter(({ report }) => report.kind !== 'hardware')];
}

/** The binding can filter adapters by name but not list them, except in the message for a name that none has. */
async function systemNames({ flags, aside }: Search): Promise<readonly string[]> {
  const dawn = await instance(['adapter=(none)', ...flags]);
  try {
    await aside(() => dawn.requestAdapter());
    return [];
  } catch (fault) {
    return [...messageOf(fault).matchAll(/name: '(.*)'$/gm)].map((match) => match[1] ?? '');
  }
}

async function embeddedAdapter(search: Search): Promise<Candidate> {
  const swiftShader = unpackSwiftShader();
  if (!hasVulkanLoader()) loadVulkanLoader(swiftShader);
  const dawn = await instance(['netloom-embedded', ...search.flags]);
  const again = () => withSwiftShader(swiftShader, asker(dawn, search));
  const gpu = await again();
  if (gpu === undefined) throw new MachineError(`SwiftShader in ${swiftShader.folder} does not start; delete that folder and try again`);
  const report = describe(gpu, 'embedded', 'SwiftShader');
  if (report.architecture !== 'swiftshader') {
    const hint = isMainThread ? '' : ' A worker thread must be made with { env: SHARE_ENV } from node:worker_threads.';
    throw new MachineError(`asked the Vulkan loader for SwiftShader and was given ${report.description}.${hint}`);
  }
  return { gpu, again, report };
}

function embeddedPassedOver(taken: AdapterReport): readonly PassedOver[] {
  return [{ name: 'SwiftShader', reason: whyNoSwiftShader() ?? `embedded, and slower than ${taken.name}` }];
}

/** Dawn instances by their flags. They must outlive everything: a process that lets go of one may crash when it ends. */
const instances = new Map<string, Promise<GPU>>();

function instance(flags: readonly string[]): Promise<GPU> {
  Object.assign(globalThis, { [Symbol.for('netloom.dawn')]: instances });
  const key = flags.join('\n');
  const known = instances.get(key);
  if (known !== undefined) return known;
  installWait();
  const made = import('webgpu').then(({ create }) => create(flags.filter((flag) => flag.includes('='))), (fault: unknown) => {
    throw new MachineError(`the package webgpu cannot be loaded: ${messageOf(fault)}`);
  });
  instances.set(key, made);
  return made;
}

/** Asks for the adapter. Drivers print only when it is asked for the first time. */
function asker(dawn: GPU, { aside }: Search): () => Promise<GPUAdapter | undefined> {
  let asked = false;
  return () => {
    const request = () => dawn.requestAdapter({ powerPreference: 'high-performance' });
    const adapter = asked ? request() : aside(request);
    asked = true;
    return adapter.then((found) => found ?? undefined, () => undefined);
  };
}

function kindOf(gpu: GPUAdapter): AdapterKind {
  return gpu.info.isFallbackAdapter ? 'software' : 'hardware';
}

/** The limits as data: they are getters of a prototype. */
export function limitsOf(supported: GPUSupportedLimits): Readonly<Record<string, number>> {
  const limits: Record<string, number> = {};
  for (const limit in supported) {
    const value: unknown = Reflect.get(supported, limit);
    if (typeof value === 'number') limits[limit] = value;
  }
  return limits;
}

function describe(gpu: GPUAdapter, kind: AdapterKind, name: string | undefined): AdapterReport {
  const { info } = gpu;
  return {
    name: name ?? (info.device === '' ? info.description : info.device),
    kind,
    vendor: info.vendor,
    architecture: info.architecture,
    description: info.description,
    features: [...gpu.features].sort(),
    limits: limitsOf(gpu.limits),
    ...(info.subgroupMinSize === undefined ? {} : { subgroupMinSize: info.subgroupMinSize }),
    ...(info.subgroupMaxSize === undefined ? {} : { subgroupMaxSize: info.subgroupMaxSize }),
    ...matricesOf(info),
  };
}

/** What Dawn tells of matrices, which the types of WebGPU do not know yet. */
function matricesOf(info: GPUAdapterInfo & { readonly subgroupMatrixConfigs?: readonly MatrixConfig[] }): Pick<AdapterReport, 'subgroupMatrixConfigs'> {
  const configs = [...info.subgroupMatrixConfigs ?? []].map(({ M, N, K, componentType, resultComponentType }) => ({ M, N, K, componentType, resultComponentType }));
  return configs.length === 0 ? {} : { subgroupMatrixConfigs: configs };
}

function watch(gpu: GPUDevice, { report, reason, passedOver }: FoundAdapter, openTwin: () => Promise<Device>): Device {
  const release = waitFor(report.kind === 'software' || report.kind === 'embedded' ? 'software' : 'hardware');
  let fault: MachineError | undefined;
  let closed = false;
  const lost = gpu.lost.then((info) => {
    release();
    const why = info.message === '' ? info.reason : info.message;
    fault ??= new MachineError(closed ? `the device of ${report.name} was closed` : `the GPU device was lost (${report.name}: ${why})`);
    return fault;
  });
  return {
    gpu, adapter: report, reason, passedOver, lost, openTwin,
    get fault() {
      return fault;
    },
    close() {
      if (closed) return;
      closed = true;
      gpu.destroy();
    },
  };
}

function canInstall(): boolean {
  return process.platform === 'linux' && process.arch === 'x64';
}

function noAdapter(why: string): string {
  return canInstall()
    ? `no GPU adapter: no Vulkan driver was found, and ${why}. Run ${INSTALL_COMMAND} to add one that works on any Linux x64`
    : `no GPU adapter was found: a GPU with a current driver for ${process.platform === 'darwin' ? 'Metal' : 'Direct3D 12 or Vulkan'} is needed, and ${why}`;
}
