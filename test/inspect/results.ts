// What was found, as data (`results.json`, which the test holds against what it finds) and as a page (`RESULTS.md`).

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { markdownTable } from '../../compiler/emit/table.ts';
import type { TypedGraph } from '../../compiler/ir/graph.ts';
import { batches, compileOurs, type Ours, type StepEstimate } from './compile-ours.ts';
import { families, familyNames, type FamilyName } from './fake-gpu.ts';
import type { PeerResults } from './peers.ts';
import type { Pipeline } from './pipelines.ts';


export interface Results {
  /** The driver that compiled: estimates of another one are others. */
  readonly driver: string;
  readonly shaders: readonly ShaderRow[];
  readonly steps: readonly StepRow[];
}

export interface ShaderRow {
  readonly family: FamilyName;
  readonly shader: string;
  readonly wave: number;
  readonly registers: number;
  readonly spills: number;
  readonly scratch: number;
  readonly occupancy: number;
  readonly instructions: number;
  /** Of the hottest loop: multiply-adds, vector instructions, those of them that reckon with integers, scalar ones, multiply-adds in dual instructions, bytes of loads. */
  readonly fma: number;
  readonly vector: number;
  readonly integer: number;
  readonly scalar: number;
  readonly dualFma: number;
  readonly laneBytes: number;
  readonly inverseThroughput: number;
  readonly latency: number;
}

export interface StepRow {
  readonly family: FamilyName;
  readonly target: string;
  readonly batch: number;
  readonly step: string;
  readonly wavesPerSimd: number;
  readonly kilocycles: number;
  readonly microseconds: number;
  readonly memoryMicroseconds: number;
}

const resultsFile = new URL('results.json', import.meta.url);
const peersFile = new URL('peers.json', import.meta.url);
const page = new URL('RESULTS.md', import.meta.url);

/** All that is inspected: each family's shaders, and in 16 bits those of the families that multiply matrices. */
export async function inspectAll(graph: TypedGraph): Promise<ReadonlyMap<FamilyName, readonly Ours[]>> {
  const all = familyNames.map(async (family) => {
    const ours = [compileOurs(graph, family), ...(families[family].matrices ? [compileOurs(graph, family, 'f16')] : [])];
    return [family, await Promise.all(ours)] as const;
  });
  return new Map(await Promise.all(all));
}

export function toResults(found: ReadonlyMap<FamilyName, readonly Ours[]>): Results {
  const shaders: ShaderRow[] = [];
  const steps: StepRow[] = [];
  for (const [family, all] of found) {
    for (const ours of all) {
      shaders.push(...ours.shaders.map(({ shader, pipeline }) => shaderRow(family, shader, pipeline)));
      for (const target of ours.loaded) for (const batch of batches) steps.push(...ours.steps(target, batch).map((step) => stepRow(family, target, batch, step)));
    }
  }
  return { driver: [...found.values()][0]?.[0]?.adapter.description ?? '', shaders, steps };
}

function shaderRow(family: FamilyName, shader: string, pipeline: Pipeline): ShaderRow {
  const { wave, registers, spills, scratch, occupancy, instructions, inverseThroughput, latency, assembly: { whole, hot = whole } } = pipeline;
  const { fma, vector, integer, scalar, dualFma, laneBytes } = hot;
  return { family, shader, wave, registers, spills, scratch, occupancy, instructions, fma, vector, integer, scalar, dualFma, laneBytes, inverseThroughput, latency };
}

function stepRow(family: FamilyName, target: string, batch: number, { step, ...found }: StepEstimate): StepRow {
  const { wavesPerSimd, kilocycles, microseconds, memoryMicroseconds } = found;
  return {
    family, target, batch, step, wavesPerSimd: rounded(wavesPerSimd), kilocycles: rounded(kilocycles),
    microseconds: rounded(microseconds), memoryMicroseconds: rounded(memoryMicroseconds),
  };
}

/** Three digits that matter: enough to compare, and no more of a change in the file than there is. */
const rounded = (value: number): number => Number(value.toPrecision(3));

/** What is committed. */
export const readResults = (): Results => JSON.parse(readFileSync(resultsFile, 'utf8')) as Results;

export const readPeers = (): PeerResults | undefined => (existsSync(peersFile) ? (JSON.parse(readFileSync(peersFile, 'utf8')) as PeerResults) : undefined);

export function writePeers(peers: PeerResults): void {
  writeFileSync(peersFile, lines({ ...peers }));
}

export function writeResults(results: Results): void {
  writeFileSync(resultsFile, lines({ ...results }));
  writeFileSync(page, toPage(results, readPeers()));
}

/** JSON with a line for each row. */
function lines(data: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(data).map(([key, value]) => {
    const text = Array.isArray(value) ? `[\n${value.map((row) => `    ${JSON.stringify(row)}`).join(',\n')}\n  ]` : JSON.stringify(value);
    return `  ${JSON.stringify(key)}: ${text}`;
  });
  return `{\n${entries.join(',\n')}\n}\n`;
}

export function toPage(results: Results, peers: PeerResults | undefined): string {
  const cards = familyNames.map((family) => `${families[family].name} (\`${family}\`): ${families[family].card}`);
  return [
    '# AlexNet on AMD cards, as their compiler sees it\n',
    `\`npm run inspect:amd\` writes this page. No card was there: Mesa's RADV (${results.driver}) compiled every shader for ${cards.join('; ')}. ` +
      'Registers, spills and instructions are what a card would run. Times are reckoned, not measured: the compiler\'s own estimates of latency and throughput, ' +
      'with as many turns of each hot loop as the layer\'s multiply-adds need. They assume that loads hit a cache and that dispatches follow each other at once, so they compare shaders; they promise nothing. Kernels are chosen for each batch.\n',
    ...(peers === undefined ? [] : [besidePeers(results, peers)]),
    ...familyNames.flatMap((family) => [
      `## ${families[family].name}: dispatches\n`,
      'Time is the card\'s with nothing else to do: all SIMDs share the cycles, but no wave is faster than its latency, and where there is less than a wave for each SIMD, some idle. Memory is what the bytes take at the card\'s full bandwidth, each once; small ones stay in its cache from run to run, the weights of fc6 and fc7 do not.\n',
      dispatches(results, family, targetsOf(results, family).filter((target) => !isInHalves(target))),
      ...halves(results, family),
      `## ${families[family].name}: shaders\n`,
      'F/V is multiply-adds for each vector instruction of the hottest loop: 1 is all there is, 2 with dual issue.\n',
      shaders(results, family),
    ]),
  ].join('\n');
}

const targetsOf = ({ steps }: Results, family: FamilyName): readonly string[] => [...new Set(steps.filter((row) => row.family === family).map(({ target }) => target))];

const total = (rows: readonly StepRow[], of: 'kilocycles' | 'microseconds' | 'memoryMicroseconds'): number => rows.reduce((sum, row) => sum + row[of], 0);

const isInHalves = (target: string): boolean => target.endsWith(', f16');

function halves(results: Results, family: FamilyName): readonly string[] {
  const targets = targetsOf(results, family).filter(isInHalves);
  return targets.length === 0 ? [] : [
    `## ${families[family].name}: dispatches with weights of 16 bits\n`,
    'By matrices, and without. What a tile has beyond the layer\'s edges is not reckoned.\n',
    dispatches(results, family, targets),
  ];
}

function dispatches(results: Results, family: FamilyName, targets: readonly string[]): string {
  const columns = targets.flatMap((target) => batches.map((batch) => ({ target, batch })));
  const of = ({ target, batch }: { target: string; batch: number }): readonly StepRow[] =>
    results.steps.filter((row) => row.family === family && row.target === target && row.batch === batch);
  const names = [...new Set(columns.flatMap((column) => of(column).map(({ step }) => step)))];
  const [loaded] = columns;
  const inMemory = batches.map((batch) => of({ target: loaded?.target ?? '', batch }));
  const head = ['step', ...columns.flatMap(({ target, batch }) => [`${target}, batch ${batch}: waves/SIMD`, 'kcycles', 'µs']), ...batches.map((batch) => `memory, batch ${batch}: µs`)];
  const rows = names.map((name) => {
    const cells = columns.flatMap((column) => {
      const row = of(column).find(({ step }) => step === name);
      return row === undefined ? ['', '', ''] : [String(row.wavesPerSimd), whole(row.kilocycles), row.microseconds.toFixed(1)];
    });
    return [name, ...cells, ...inMemory.map((steps) => steps.find(({ step }) => step === name)?.memoryMicroseconds.toFixed(1) ?? '')];
  });
  const sums = [
    'total',
    ...columns.flatMap((column) => ['', whole(total(of(column), 'kilocycles')), total(of(column), 'microseconds').toFixed(0)]),
    ...inMemory.map((steps) => total(steps, 'memoryMicroseconds').toFixed(0)),
  ];
  return markdownTable(head, [...rows, sums], head.map((_, column) => (column === 0 ? 'left' : 'right')));
}

function shaders(results: Results, family: FamilyName): string {
  const head = ['shader', 'wave', 'registers', 'spills', 'scratch', 'waves held', 'instructions', 'hot loop: multiply-adds', 'vector', 'F/V', 'in dual', 'integer', 'scalar', 'bytes a lane loads', 'inverse throughput', 'latency'];
  const rows = results.shaders.filter((row) => row.family === family).map((row) => [
    row.shader, row.wave, row.registers, row.spills, row.scratch, row.occupancy, row.instructions, row.fma, row.vector,
    row.fma === 0 ? '' : (row.fma / row.vector).toFixed(2), row.dualFma, row.integer, row.scalar, row.laneBytes, row.inverseThroughput, row.latency,
  ].map(String));
  return markdownTable(head, rows, ['left', ...head.slice(1).map(() => 'right' as const)]);
}

/** The layers that a peer was asked for, beside the same of the variant that a card loads. */
function besidePeers(results: Results, { rows, versions, leftOut }: PeerResults): string {
  const names = Object.keys(versions);
  const tables = familyNames.flatMap((family) => batches.map((batch) => {
    const [loaded = ''] = targetsOf(results, family);
    const layers = [...new Set(rows.map(({ layer }) => layer))];
    const ours = layers.map((layer) => {
      const steps = results.steps.filter((row) => row.family === family && row.target === loaded && row.batch === batch && row.step.split(/[+ ]/)[0] === layer);
      return { kilocycles: total(steps, 'kilocycles'), microseconds: total(steps, 'microseconds') };
    });
    const theirs = names.map((peer) => layers.map((layer) => rows.find((row) => row.peer === peer && row.family === family && row.batch === batch && row.layer === layer)));
    const times = (factor: number): string => `${Number(factor.toPrecision(2))}x`;
    const body = layers.map((layer, index) => {
      const own = ours[index] ?? { kilocycles: 0, microseconds: 0 };
      return [layer, whole(own.kilocycles), own.microseconds.toFixed(1), ...theirs.flatMap((column) => {
        const row = column[index];
        return row === undefined ? ['', '', '', ''] : [times(row.kilocycles / own.kilocycles), times(row.microseconds / own.microseconds), row.fmaShare.toFixed(2), String(row.registers)];
      })];
    });
    const sum = (of: 'kilocycles' | 'microseconds'): number => ours.reduce((all, one) => all + one[of], 0);
    const sums = ['total', whole(sum('kilocycles')), sum('microseconds').toFixed(0), ...theirs.flatMap((column) =>
      column.includes(undefined) ? ['', '', '', ''] : [
        times(column.reduce((all, row) => all + (row?.kilocycles ?? 0), 0) / sum('kilocycles')),
        times(column.reduce((all, row) => all + (row?.microseconds ?? 0), 0) / sum('microseconds')), '', '',
      ])];
    const head = ['layer', 'netloom: kcycles', 'µs', ...names.flatMap((name) => [`${name}: cycles`, 'time', 'F/V', 'registers'])];
    return `### ${families[family].name}, batch ${batch}, netloom's variant \`${loaded}\`\n\n${markdownTable(head, [...body, sums], ['left', ...head.slice(1).map(() => 'right' as const)])}`;
  }));
  return [
    '## Beside other runtimes\n',
    `How many times netloom's cycles and time the same layer takes of ${names.map((name) => `${name} ${versions[name] ?? ''}`).join(', ')}. Of theirs only dispatches with multiply-adds in a loop count; ` +
      `what pads, transposes or adds the bias is left out. \`npm run inspect:amd -- --peers\` writes their numbers anew.${leftOut.map((text) => ` ${text}`).join('')}\n`,
    ...tables,
  ].join('\n');
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');
