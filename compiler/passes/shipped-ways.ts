// Tuned ways that ship with the project: exceptions to the estimates, measured on the devices whose costs the estimates are made
// from. `npm run tune:defaults` writes the files. A target names the one whose ways are taken; like any other ways they are
// kept by the work, so they hold for every network.

import type { Target } from '../ir/target.ts';
import lavapipe from '../targets/tuned/lavapipe.json' with { type: 'json' };
import swiftshader from '../targets/tuned/swiftshader.json' with { type: 'json' };
import { tunedWays, type TunedFile } from './tuned.ts';
import type { Tuned } from './ways.ts';

/** By the names of adapters, as `--adapter` takes them. */
export const shippedFiles: Readonly<Record<NonNullable<Target['tuned']>, TunedFile>> = { lavapipe: lavapipe as TunedFile, swiftshader: swiftshader as TunedFile };

const opened = new Map<Target['tuned'], Tuned>();

/** Those for a target; none for most. */
export function shippedWays({ tuned }: Target): Tuned {
  const known = opened.get(tuned);
  if (known !== undefined) return known;
  const ways: Tuned = tuned === undefined ? new Map() : tunedWays(shippedFiles[tuned]);
  opened.set(tuned, ways);
  return ways;
}
