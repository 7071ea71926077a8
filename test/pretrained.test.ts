// Real weights and a real picture: SqueezeNet v1.0, against the scores that PyTorch gives for the same input.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { call } from './support/call.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const folder = here('../../shared/pretrained/');
const found = existsSync(folder);
if (!found) console.warn('SKIPPED: ../shared/pretrained is not there: real weights');

interface Score {
  readonly index: number;
  readonly label: string;
  readonly score: number;
}

/** The classes of one image, best first, as `netloom run --format json` gives them. */
async function classes(input: string, top: number): Promise<readonly Score[]> {
  const { code, out, err } = await call(
    'run', here('../specs/squeezenet-1.0.yaml'), '--weights', `${folder}squeezenet-v1.0.safetensors`,
    '--input', `${folder}${input}`, '--top', String(top), '--format', 'json',
  );
  expect(code, err).toBe(0);
  const { outputs } = JSON.parse(out) as { outputs: readonly { scores: readonly Score[] }[] };
  return outputs[0]?.scores ?? [];
}

test.skipIf(!found)('the scores of the raw input, every one of them', async () => {
  const { scores } = JSON.parse(readFileSync(`${folder}squeezenet-cat.json`, 'utf8')) as { scores: readonly number[] };
  const got = await classes('cat-227x227x3-bgr-mean.f32', 1000);
  expect(got).toHaveLength(1000);
  for (const { index, score } of got) expect(Math.abs(score - (scores[index] ?? NaN)), `class ${index}`).toBeLessThan(1e-3);
});

test.skipIf(!found)('the top five of the picture itself, in order', async () => {
  const { top5 } = JSON.parse(readFileSync(`${folder}squeezenet-cat.json`, 'utf8')) as { top5: readonly (readonly [number, string, number])[] };
  expect((await classes('cat.jpg', 5)).map(({ index, label }) => [index, label])).toEqual(top5.map(([index, label]) => [index, label]));
});
