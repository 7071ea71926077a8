// What the folders promise: imports point one way only, every operator has its test, and every diagnostic has a wrong
// spec beside the text its author will read.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { catalog } from '../compiler/source/catalog.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const filesUnder = (folder: string, ending: RegExp): string[] =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .map((path) => join(folder, path))
        .filter((path) => ending.test(path))
        .sort()
    : [];

/** From left to right: a room may import itself and what stands before it. */
const rooms = ['source', 'spec', 'ir', 'kernels', 'ops', 'passes', 'emit', 'pipeline', 'command'] as const;
type Room = (typeof rooms)[number] | 'runtime' | 'codegen-out';

/** The room of a source file, by its path. */
function roomOf(path: string): Room {
  const [top, second = ''] = path.split('/');
  if (top === 'runtime' || top === 'codegen-out') return top;
  if (second === 'cli' || second === 'lsp') return 'command';
  // Target profiles are data that schedules are made from.
  if (second === 'targets') return 'ir';
  return rooms.find((room) => room === second) ?? 'pipeline';
}

function mayImport(from: string, to: string): boolean {
  const [room, target] = [roomOf(from), roomOf(to)];
  if (room === 'runtime') return target === 'runtime';
  if (room === 'codegen-out') return target === 'runtime' || dirname(from) === dirname(to);
  if (target === 'codegen-out') return false;
  if (target === 'runtime') return room === 'command' || (to === 'runtime/plan.ts' && rooms.indexOf(room) >= rooms.indexOf('ir'));
  return rooms.indexOf(target) <= rooms.indexOf(room);
}

interface Import {
  readonly from: string;
  readonly line: number;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

function importsOf(path: string): Import[] {
  const source = readFileSync(join(root, path), 'utf8');
  const pattern = /\b(?:import|export)\s+(type\s+)?(?:[\w*{][^'";]*?\sfrom\s*)?'([^']+)'|\bimport\(\s*'([^']+)'/g;
  return [...source.matchAll(pattern)].map((match) => ({
    from: path,
    line: source.slice(0, match.index).split('\n').length,
    specifier: match[2] ?? match[3] ?? '',
    typeOnly: match[1] !== undefined,
  }));
}

const sources = [...filesUnder('compiler', /\.ts$/), ...filesUnder('runtime', /\.ts$/), ...filesUnder('codegen-out', /\.ts$/)];
const local = sources.flatMap(importsOf).filter(({ specifier }) => specifier.startsWith('.'));
const target = ({ from, specifier }: Import): string => relative(root, join(root, dirname(from), specifier));

test('imports point left only', () => {
  // The bundler takes the command and both doors as what they are: files to pack.
  const wrong = local
    .filter((found) => !target(found).endsWith('.json') || target(found).startsWith('compiler/'))
    .filter((found) => !mayImport(found.from, target(found)))
    .map((found) => `${found.from}:${found.line} imports ${target(found)}`);
  expect(local.length).toBeGreaterThan(20);
  expect(wrong).toEqual([]);
});

test('the runtime and the bundled start load no heavy package by accident', () => {
  const heavy = sources
    .flatMap(importsOf)
    .filter(({ specifier, typeOnly, from }) => /^(ts-morph|webgpu|sharp)$/.test(specifier) && !typeOnly && !from.startsWith('compiler/emit/'))
    .filter(({ from, line }) => !/\bimport\(/.test(readFileSync(join(root, from), 'utf8').split('\n')[line - 1] ?? ''))
    .map(({ from, line, specifier }) => `${from}:${line} imports ${specifier} before it is needed`);
  expect(heavy).toEqual([]);
});

test('imports name files, with their ending', () => {
  const wrong = local
    .filter(({ specifier }) => !/\.(ts|json|mjs)$/.test(specifier))
    .map(({ from, line, specifier }) => `${from}:${line} imports '${specifier}'`);
  expect(wrong).toEqual([]);
});

test('only the command touches files, arguments and the clock', () => {
  const wrong = filesUnder('compiler', /\.ts$/)
    .filter((path) => roomOf(path) !== 'command' && path !== 'compiler/bundle.ts')
    .flatMap(importsOf)
    .filter(({ specifier }) => /^(node:)?(fs|fs\/promises|child_process|process|os|net|http|https)$/.test(specifier))
    .map(({ from, line, specifier }) => `${from}:${line} imports ${specifier}`);
  expect(wrong).toEqual([]);
});

test('every operator has its test', () => {
  const listed = importsOf('compiler/ops/index.ts').filter(({ specifier }) => specifier.startsWith('./')).map(({ specifier }) => specifier.replace(/^\.\/|\.ts$/g, ''));
  const tested = filesUnder('test/ops', /\.test\.ts$/).map((path) => path.replace(/^test\/ops\/|\.test\.ts$/g, ''));
  expect(listed.length).toBeGreaterThan(5);
  expect(listed.filter((name) => !tested.includes(name))).toEqual([]);
});

test('every diagnostic has a wrong spec and the text its author reads', () => {
  const texts = filesUnder('test/invalid', /\.txt$/).map((path) => readFileSync(join(root, path), 'utf8'));
  const missing = Object.entries(catalog)
    // A file that cannot be read has no text to stand beside; test/cli/files.test.ts has it.
    .filter(([law, { code }]) => law !== 'cannotRead' && !texts.some((text) => text.includes(`[${code}]`)))
    .map(([law, { code }]) => `${law} (${code})`);
  expect(missing).toEqual([]);
  const codes = Object.values(catalog).map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
});
