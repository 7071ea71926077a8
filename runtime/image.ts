// A picture file as a network's input: decoded by sharp, turned the right way up, laid over white, made 8-bit RGB, resized as
// Pillow does, cropped, and scaled as the spec's `preprocess` says.

import { InputError, messageOf } from './errors.ts';
import { resizeBilinear, type Pixels } from './resize.ts';

/** How a picture becomes the input tensor: a spec's `preprocess`, with nothing left to default. */
export interface Preprocess {
  /** A number: the shorter side. A pair: height and width. Absent: straight to the input's height and width. */
  readonly resize?: number | readonly [height: number, width: number];
  /** To the input's height and width; of an odd margin the extra pixel is left at the bottom and right. */
  readonly crop?: 'center';
  readonly channels: 'RGB' | 'BGR';
  /** Subtracted from 0..255; per channel, in the order of `channels`, or one value for all. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** A value is `(pixel - mean) / std * scale`. */
  readonly scale: number;
}

export const NO_PREPROCESS: Preprocess = { channels: 'RGB', mean: [0], std: [1], scale: 1 };

/** Decoded, a picture takes three or four bytes a pixel. */
const MAX_PIXELS = 128 * 2 ** 20;

/** The picture in `file` as H,W,C values of `shape`. */
export async function readImage(file: string | Uint8Array, shape: readonly number[], preprocess = NO_PREPROCESS): Promise<Float32Array> {
  const [height, width, channels] = shape;
  if (height === undefined || width === undefined || (channels !== 1 && channels !== 3)) {
    throw new InputError(`a picture has 1 or 3 channels, and the input is ${shape.join('x')}: give its values as a .f32 file`);
  }
  const name = typeof file === 'string' ? file : 'the picture';
  const decoded = await decode(file, name);
  const resized = resize(channels === 1 ? luma(decoded) : decoded, [height, width], name, preprocess);
  const pixels = crop(resized, [height, width], name, preprocess);
  const { mean, std, scale } = preprocess;
  const values = new Float32Array(height * width * channels);
  for (let c = 0; c < channels; c++) {
    const from = preprocess.channels === 'BGR' ? channels - 1 - c : c;
    const subtract = mean[c] ?? mean[0] ?? 0;
    const divide = std[c] ?? std[0] ?? 1;
    for (let at = 0; at < values.length; at += channels) values[at + c] = ((pixels.data[at + from] ?? 0) - subtract) / divide * scale;
  }
  return values;
}

/** 8-bit RGB, whatever the file holds. */
async function decode(file: string | Uint8Array, name: string): Promise<Pixels> {
  const { default: sharp } = await import('sharp').catch((fault: unknown) => {
    throw new InputError(`pictures are read by sharp, which cannot be loaded: ${messageOf(fault)}`);
  });
  try {
    const { width, height, space } = await sharp(file, { limitInputPixels: false }).metadata();
    if (width * height > MAX_PIXELS) {
      throw new InputError(`${name} is ${width}x${height}, which are ${width * height} pixels, and the limit is ${MAX_PIXELS}: make it smaller first`);
    }
    // Colour profiles are left aside, as the frameworks do that networks are trained with; CMYK means nothing without one.
    const picture = sharp(file, { limitInputPixels: MAX_PIXELS, failOn: 'error', ignoreIcc: space !== 'cmyk' });
    const { data, info } = await picture.autoOrient().flatten({ background: '#fff' }).toColourspace('srgb').raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return info.channels === 3 ? { width: info.width, height: info.height, channels: 3, data } : spreadGrey(info, data);
  } catch (fault) {
    if (fault instanceof InputError) throw fault;
    throw new InputError(`${name} cannot be read as a picture: ${messageOf(fault)}`);
  }
}

function spreadGrey({ width, height, channels }: { width: number; height: number; channels: number }, data: Uint8Array): Pixels {
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) rgb.fill(data[i * channels] ?? 0, 3 * i, 3 * i + 3);
  return { width, height, channels: 3, data: rgb };
}

/** ITU-R 601 luma in 16 bits of fraction, as Pillow converts to `L`. */
function luma({ width, height, data }: Pixels): Pixels {
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i++) {
    grey[i] = (19595 * (data[3 * i] ?? 0) + 38470 * (data[3 * i + 1] ?? 0) + 7471 * (data[3 * i + 2] ?? 0) + 0x8000) >> 16;
  }
  return { width, height, channels: 1, data: grey };
}

function resize(picture: Pixels, [height, width]: readonly [number, number], name: string, { resize: to }: Preprocess): Pixels {
  if (to === undefined) return resizeBilinear(picture, height, width);
  if (typeof to !== 'number') return resizeBilinear(picture, to[0], to[1]);
  // The longer side is rounded down, as torchvision does.
  const shorter = Math.min(picture.height, picture.width);
  const [rows, columns] = [Math.floor(to * picture.height / shorter), Math.floor(to * picture.width / shorter)];
  if (rows * columns > MAX_PIXELS) {
    throw new InputError(`${name} is ${picture.width}x${picture.height}; with its shorter side made ${to} it would be ${columns}x${rows}`);
  }
  return resizeBilinear(picture, rows, columns);
}

function crop(picture: Pixels, [height, width]: readonly [number, number], name: string, { crop: how }: Preprocess): Pixels {
  if (picture.height === height && picture.width === width) return picture;
  const is = `${name} is ${picture.height}x${picture.width} after \`resize\`, and the input is ${height}x${width}`;
  if (how === undefined) throw new InputError(`${is}: add \`crop: center\`, or resize to both sides`);
  if (picture.height < height || picture.width < width) throw new InputError(`${is}: there is nothing to crop; resize to a larger size`);
  const { channels } = picture;
  const top = Math.floor((picture.height - height) / 2);
  const left = Math.floor((picture.width - width) / 2);
  const data = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * picture.width + left) * channels;
    data.set(picture.data.subarray(start, start + width * channels), y * width * channels);
  }
  return { width, height, channels, data };
}
