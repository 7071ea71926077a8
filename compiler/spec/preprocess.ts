// How an image file becomes the input tensor: the spec's `preprocess`, defaults filled in, and held against the input.

import type { Report } from '../source/catalog.ts';
import { catalog } from '../source/catalog.ts';
import type { Spanned } from '../source/source.ts';
import type { Preprocess, Written } from './document.ts';
import type { Names } from './evaluate.ts';
import { readShape } from './expression.ts';
import { readNumber, refuse, scalarText } from './number.ts';
import { isChannelsFirst } from './meant.ts';
import { entriesOf } from './place.ts';

export interface PreprocessSettings {
  readonly names: Names;
  readonly flawed: ReadonlySet<Written>;
  readonly report: Report;
}

/** Reads `preprocess` for an input of this shape; undefined after reporting. */
export function readPreprocess(
  written: Written,
  input: Spanned<readonly number[]>,
  { names, flawed, report }: PreprocessSettings,
): Preprocess | undefined {
  const entries = entriesOf(written);
  if (!entries || flawed.has(written) || [...entries.values()].some(({ value }) => flawed.has(value))) return undefined;
  const [height = 0, width = 0, channels = 0] = input.value;
  if (input.value.length !== 3 || (channels !== 1 && channels !== 3)) {
    const shape = input.value.join('x');
    const help = isChannelsFirst(input.value) ? `a picture is height x width x channels: write \`${height === 1 ? `${width}x${channels}x1` : `${width}x${channels}x3`}\`` : undefined;
    report(catalog.notAnImage, input.span, { shape }, { help, related: [{ span: written.span, note: 'makes images' }] });
    return undefined;
  }

  const slot = (key: string, expected = 'a number') => ({ where: `preprocess: \`${key}\``, expected, names, report });
  const list = (key: 'mean' | 'std', fallback: number): readonly number[] | undefined => {
    const value = entries.get(key)?.value;
    if (!value) return Array<number>(channels).fill(fallback);
    const items = value.value as readonly Written[];
    if (items.length !== channels) {
      report(catalog.perChannel, value.span, { key, count: items.length, channels });
      return undefined;
    }
    const read = items.map((item) => readNumber(item, slot(key)));
    return read.every((number) => number !== undefined) ? read : undefined;
  };

  const mean = list('mean', 0);
  const std = list('std', 1);
  const scaleWritten = entries.get('scale')?.value;
  const scale = scaleWritten ? readNumber(scaleWritten, slot('scale')) : 1;
  const resizeWritten = entries.get('resize')?.value;
  const resize = resizeWritten && readResize(resizeWritten, slot('resize', 'a number for the shorter side, or height x width'));
  const crop = entries.has('crop');
  if (!mean || !std || scale === undefined || (resizeWritten && resize === undefined)) return undefined;

  if (resizeWritten && resize !== undefined) {
    const problem = misfit(resize, crop, height, width);
    if (problem !== undefined) {
      const resized = typeof resize === 'number' ? `a shorter side of ${resize}` : resize.join('x');
      const related = [{ span: input.span, note: 'the input' }];
      const help = crop ? `resize to at least ${height}x${width}` : `add \`crop: center\`, or write \`resize: ${height}x${width}\``;
      report(catalog.imageDoesNotFit, resizeWritten.span, { resized, height, width, problem }, { related, help });
      return undefined;
    }
  }
  return {
    ...(resize === undefined ? {} : { resize }),
    ...(crop ? { crop: 'center' } : {}),
    channels: entries.get('channels')?.value.value === 'BGR' ? 'BGR' : 'RGB',
    mean,
    std,
    scale,
  };
}

function readResize(written: Written, slot: Parameters<typeof refuse>[1]): number | readonly [number, number] | undefined {
  const { text } = scalarText(written);
  const sizes = /[x×]/.test(text) ? readShape(text) : undefined;
  if (sizes) {
    const [height, width] = sizes;
    if (sizes.length === 2 && typeof height === 'number' && typeof width === 'number' && height > 0 && width > 0) return [height, width];
    refuse(written, slot);
    return undefined;
  }
  const side = readNumber(written, slot);
  if (side === undefined || (Number.isSafeInteger(side) && side > 0)) return side;
  refuse(written, { ...slot, expected: 'a whole number, at least 1' });
  return undefined;
}

/** Why an image of this size does not become the input. */
function misfit(resize: number | readonly [number, number], crop: boolean, height: number, width: number): string | undefined {
  if (typeof resize === 'number') {
    if (!crop) return 'the longer side depends on the image';
    return resize < Math.min(height, width) ? 'smaller than the input' : undefined;
  }
  if (crop) return resize[0] < height || resize[1] < width ? 'smaller than the input' : undefined;
  return resize[0] === height && resize[1] === width ? undefined : 'another size than the input';
}
