// Files of tuned ways on the disk: those that `--tuned` names, and the user's own, one for each adapter, driver and target,
// which `netloom tune` keeps. One that was made for something else is told about, never used in silence.

import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AdapterReport } from '../../runtime/device.ts';
import { printTuned, readTuned, tunedWays, type TunedFile } from '../passes/tuned.ts';
import type { Tuned } from '../passes/ways.ts';
import type { Schedule } from '../passes/schedule.ts';
import { Fault } from './fault.ts';
import { reasonOf } from './files.ts';
import { words, type Option } from './option.ts';
import type { Terminal } from './terminal.ts';
import { userCache } from './user-cache.ts';

export type Chip = Pick<AdapterReport, 'name' | 'description'>;

export interface OpenTuned {
  readonly path: string;
  readonly file: TunedFile;
}

/** What tuned ways there are for a target on an adapter. */
export type TunedSource = (target: string, adapter: Chip) => FoundTuned;

export interface FoundTuned {
  /** Absent: nothing but those that ship. */
  readonly ways?: Tuned | 'none';
  /** The file that they are from. */
  readonly path?: string;
  /** Why others are not used. */
  readonly notes: readonly string[];
}

/** `--tuned` of the verbs that run a network. */
export const tunedOption = (): Option<readonly string[]> =>
  words('FILE', "ways of kernels that netloom tune measured (default: what it measured for this GPU, if it did), before those that ship; none: estimates alone");

/** Files that `asked` names. @throws Fault where one cannot be read, or is none */
export function openTunedFiles(asked: readonly string[]): readonly OpenTuned[] {
  const files = [...new Set(asked)].map((path) => ({ path, file: openTuned(path) }));
  for (const [index, { path, file: { target } }] of files.entries()) {
    const other = files.slice(0, index).find(({ file }) => file.target === target);
    if (other !== undefined) throw new Fault('call', `${other.path} and ${path} are both for the target ${target}`, 'give one of them');
  }
  return files;
}

export function openTuned(path: string): TunedFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Fault('input', `${path} ${reasonOf(error)}`);
  }
  const read = readTuned(text);
  if ('file' in read) return read.file;
  throw new Fault('input', `${path} holds no tuned ways: ${read.problem}`, 'netloom tune SPEC -o FILE writes such a file');
}

/** Whether `--tuned none` was said. */
export const asksForNone = (asked: readonly string[]): boolean => asked.length > 0 && asked.every((word) => word === 'none');

/** What a verb's `--tuned` asks for: files, nothing (`none`), or the user's own where it was not given. */
export function tunedSource(asked: readonly string[], { env }: Pick<Terminal, 'env'>): TunedSource {
  if (asked.length === 0) return (target, adapter) => fromCache(cachedPath(env, target, adapter), target, adapter);
  if (asksForNone(asked)) return () => ({ ways: 'none', notes: [] });
  const files = openTunedFiles(asked.filter((word) => word !== 'none'));
  return (target, adapter) => {
    const judged = files.map((open) => ({ ...open, why: whyNotFor(open.file, target, adapter) }));
    const found = judged.find(({ why }) => why === undefined);
    return {
      ...(found === undefined ? {} : { ways: tunedWays(found.file), path: found.path }),
      notes: judged.flatMap(({ path, why }) => (why === undefined ? [] : [`${path} is not used: ${why}`])),
    };
  };
}

/** The user's own file. One that is broken is said to be so, and nobody is kept from running. */
function fromCache(path: string | undefined, target: string, adapter: Chip): FoundTuned {
  if (path === undefined || !existsSync(path)) return { notes: [] };
  try {
    const file = openTuned(path);
    const why = whyNotFor(file, target, adapter);
    return why === undefined ? { ways: tunedWays(file), path, notes: [] } : { notes: [`${path} is not used: ${why}`] };
  } catch (error) {
    if (error instanceof Fault) return { notes: [`${error.message}; netloom tune writes it anew`] };
    throw error;
  }
}

/** Why a file's ways are not those of a target on an adapter; undefined where they are. */
export function whyNotFor(file: Omit<TunedFile, 'ways'>, target: string, { name, description }: Chip): string | undefined {
  if (file.target !== target) return `it was tuned for ${file.target}, and this is ${target}`;
  if (file.adapter !== name) return `it was tuned on ${file.adapter}, and this is ${name}`;
  return file.driver === description ? undefined : `it was tuned with the driver ${file.driver}, and this is ${description}`;
}

/** Where the user's own file lies, whether there or not. */
export function cachedPath(env: Terminal['env'], target: string, { name, description }: Chip): string | undefined {
  const cache = userCache(env);
  if (cache === undefined) return undefined;
  const word = name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40);
  const hash = createHash('sha256').update(`${name}\n${description}`).digest('hex').slice(0, 12);
  return join(cache, 'tuned', `${word}-${hash}`, `${target}.json`);
}

/** Writes a file whole or not at all: another process may be reading it. */
export function writeTuned(path: string, file: TunedFile): void {
  const unfinished = `${path}.${randomUUID()}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(unfinished, printTuned(file));
    renameSync(unfinished, path);
  } catch (error) {
    throw new Fault('input', `${path} ${reasonOf(error)}`);
  }
}

/** What is to be told of a file that knows ways which are none any more. */
export const staleNotes = (path: string, { tuning: { stale } }: Pick<Schedule, 'tuning'>): readonly string[] =>
  stale.length === 0 ? [] : [`${path} knows a way that is none any more, and it is estimated instead: ${stale.join('; ')}. netloom tune measures it again`];
