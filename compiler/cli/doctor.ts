// `netloom doctor`: which GPUs this machine has, which one the other verbs would use, and why not the others.

import { findAdapter, listAdapters, type AdapterReport } from '../../runtime/device.ts';
import { MachineError } from '../../runtime/errors.ts';
import { printMatrix } from '../../runtime/variant.ts';
import { exitCode } from './fault.ts';
import { choice, text, toggle } from './option.ts';
import { defineVerb } from './verb.ts';
import { wrap } from './wrap.ts';

/** The limits that decide how a network is laid out; `--format json` prints all. */
const told = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
] as const;

export const doctor = defineVerb({
  name: 'doctor',
  about:
    'Lists the GPU adapters of this machine with their features and limits, says which one the other verbs\n' +
    'would use, and why not the others. Ends with 3 where there is none.',
  operands: { name: '', min: 0, max: 0 },
  options: {
    adapter: text('NAME', "as the other verbs take it: part of an adapter's name, hardware, software or embedded"),
    experimental: toggle('also lists what WebGPU has not settled, such as subgroups that multiply matrices'),
    format: choice(['text', 'json'], 'how to print it'),
  },
  examples: ['netloom doctor', 'netloom doctor --adapter swiftshader --format json'],
  async run(_, { adapter, experimental, format }, terminal) {
    const chosen = await findAdapter({ quiet: true, experimental, ...(adapter === undefined ? {} : { adapter }) }).catch((error: unknown) => {
      if (error instanceof MachineError) return error;
      throw error;
    });
    const { adapters, missing } = await listAdapters({ quiet: true, experimental });
    const used = chosen instanceof MachineError ? undefined : chosen;
    const passedOver = [...(used?.passedOver ?? []), ...missing.filter(({ name }) => used?.passedOver.every((other) => other.name !== name) ?? true)];
    const problem = chosen instanceof MachineError ? chosen.message : undefined;
    const system = { node: process.version, platform: process.platform, architecture: process.arch };
    if (format === 'json') {
      const use = used === undefined ? null : { name: used.report.name, reason: used.reason };
      terminal.out(`${JSON.stringify({ version: 1, ok: used !== undefined, problem: problem ?? null, used: use, adapters, passed_over: passedOver, system }, null, 2)}\n`);
    } else {
      const lines = adapters.flatMap((report) => {
        const why = report.name === used?.report.name ? `used: ${used.reason}` : `not used: ${passedOver.find(({ name }) => name === report.name)?.reason ?? 'not asked for'}`;
        return [`${report.name}  (${why})`, ...describe(report), ''];
      });
      const absent = missing.map(({ name, reason }) => `${name}: ${reason}\n`);
      terminal.out(`${lines.join('\n')}\n${absent.join('')}Node ${system.node} on ${system.platform} ${system.architecture}\n`);
    }
    if (problem === undefined) return exitCode.fine;
    terminal.err(`${problem}\n`);
    return exitCode.machine;
  },
});

function describe(report: AdapterReport): string[] {
  const { kind, vendor, description, features, limits, subgroupMinSize, subgroupMaxSize, subgroupMatrixConfigs = [] } = report;
  const width = Math.max(...told.map((name) => name.length));
  const subgroups = subgroupMinSize === subgroupMaxSize ? subgroupMinSize : `${subgroupMinSize ?? '?'} to ${subgroupMaxSize ?? '?'}`;
  return [
    `  ${[kind, vendor, description].filter((part) => part !== '').join(', ')}`,
    ...(features.includes('subgroups') && subgroups !== undefined ? [`  ${'subgroup size'.padEnd(width)}  ${subgroups}`] : []),
    ...(subgroupMatrixConfigs.length > 0 ? [`  ${'subgroup matrices'.padEnd(width)}  ${subgroupMatrixConfigs.map(printMatrix).join(', ')}`] : []),
    ...told.map((name) => `  ${name.padEnd(width)}  ${amount(limits[name])}${name.endsWith('Size') ? ` (${binary(limits[name])})` : ''}`),
    wrap(features.join(', '), 100, '  features: '),
  ];
}

const amount = (value: number | undefined): string => (value === undefined ? 'unknown' : value.toLocaleString('en-US'));

/** `128 MiB`: sizes of buffers are powers of two. */
function binary(bytes = 0): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Math.round((bytes / 2 ** (10 * power)) * 100) / 100} ${units[power] ?? ''}`;
}
