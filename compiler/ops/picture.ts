// Some operators slide over rows and columns, which a vector does not have.

import type { Site } from '../ir/op.ts';
import { catalog } from '../source/catalog.ts';

/** The first input, if it is a picture; reports and returns undefined if it is a vector. `op` as in "a pool needs a picture". */
export function picture(site: Site, op: string): readonly [height: number, width: number, channels: number] | undefined {
  const [input] = site.inputs;
  if (input === undefined || input.length === 3) return input;
  const [from = 'its input'] = site.from;
  const help = `put it before the layer that makes a vector of the picture`;
  site.report(catalog.needsPicture, site.at('op'), { layer: site.name, op, from, length: input[0] }, { help });
  return undefined;
}
