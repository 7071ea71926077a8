// Tuned ways as a file: what `netloom tune` measured for a target on one adapter with one driver. Keyed by the work, never by
// a layer, so that one file serves any network; the times are for people.

import { tunedKeys } from './tuned-keys.ts';
import { validateTuned } from './tuned-structure.ts';
import type { Tuned, Way } from './ways.ts';

export interface TunedFile {
  readonly version: 1;
  readonly target: string;
  readonly adapter: string;
  /** The driver's own sentence, its version included. */
  readonly driver: string;
  readonly ways: Readonly<Record<string, TunedWay>>;
}

export interface TunedWay {
  readonly way: Way;
  /** For how many images at once it was measured, and what it took: in the way that was estimated, and in this one. */
  readonly batch: number;
  readonly milliseconds: { readonly before: number; readonly after: number };
}

/** The file, or what is wrong with it. */
export type ReadTuned = { readonly file: TunedFile } | { readonly problem: string };

export function readTuned(text: string): ReadTuned {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    return { problem: `it is no JSON: ${(error as Error).message}` };
  }
  const [violation] = validateTuned(data);
  if (violation === undefined) return { file: data as TunedFile };
  const { keyword, instancePath, params } = violation;
  const path = instancePath.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const [key = ''] = path;
  const where = path.length === 0 ? 'it' : `\`${path.join('.')}\``;
  if (keyword === 'additionalProperties') return { problem: `${where} has a key that means nothing: \`${String(params['additionalProperty'])}\`` };
  if (keyword === 'required') return { problem: `${where} lacks \`${String(params['missingProperty'])}\`` };
  if (path.length !== 1 || !Object.hasOwn(tunedKeys, key)) return { problem: `${where} is not as netloom tune writes it` };
  return { problem: `${where} must be ${tunedKeys[key as keyof typeof tunedKeys]}` };
}

/** The text of a file; works in the order of their names. */
export function printTuned(file: TunedFile): string {
  const { version, target, adapter, driver, ways } = file;
  const lines = Object.entries(ways)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([work, { way, batch, milliseconds }]) => `    ${JSON.stringify(work)}: ${JSON.stringify({ way, batch, milliseconds })}`);
  const head = Object.entries({ version, target, adapter, driver }).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},`);
  return ['{', ...head, `  "ways": {${lines.length === 0 ? '' : `\n${lines.join(',\n')}\n  `}}`, '}', ''].join('\n');
}

/** What the scheduler asks for. */
export const tunedWays = ({ ways }: TunedFile): Tuned => new Map(Object.entries(ways).map(([work, { way }]) => [work, way]));
