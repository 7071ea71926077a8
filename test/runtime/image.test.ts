// Pictures of every kind to input tensors; Pillow's own result for one of them is in ../shared.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { NO_PREPROCESS, readImage, type Preprocess } from '../../runtime/image.ts';

/** A png of `width` x 1 pixels, each a list of channel values. */
function png(pixels: readonly (readonly number[])[], height = 1): Promise<Buffer> {
  const channels = (pixels[0]?.length ?? 3) as 1 | 2 | 3 | 4;
  const raw = { width: pixels.length / height, height, channels };
  return sharp(Uint8Array.from(pixels.flat()), { raw }).png().toBuffer();
}

const read = async (file: Uint8Array, shape: readonly number[], preprocess: Partial<Preprocess> = {}) =>
  [...await readImage(file, shape, { ...NO_PREPROCESS, ...preprocess })];

const RED = [200, 10, 20];
const BLUE = [1, 2, 250];

describe('pictures', () => {
  test('pixels are read row by row, channels last', async () => {
    expect(await read(await png([RED, BLUE]), [1, 2, 3])).toEqual([...RED, ...BLUE]);
  });

  test('mean, std and scale are those of the channel they name, in the order that was asked for', async () => {
    const preprocess = { channels: 'BGR', mean: [10, 20, 30], std: [1, 2, 5], scale: 2 } as const;
    expect(await read(await png([RED]), [1, 1, 3], preprocess)).toEqual([20, (10 - 20) / 2 * 2, (200 - 30) / 5 * 2]);
    expect(await read(await png([RED]), [1, 1, 3], { mean: [100], std: [2] })).toEqual([50, -45, -40]);
  });

  test('grey becomes three equal channels, colour becomes luma where one channel is wanted', async () => {
    const grey = await sharp(Uint8Array.from([7, 90]), { raw: { width: 2, height: 1, channels: 1 } }).toColourspace('b-w').png().toBuffer();
    expect(await read(grey, [1, 2, 3])).toEqual([7, 7, 7, 90, 90, 90]);
    expect(await read(grey, [1, 2, 1])).toEqual([7, 90]);
    expect(await read(await png([RED]), [1, 1, 1])).toEqual([Math.round(0.299 * 200 + 0.587 * 10 + 0.114 * 20)]);
  });

  test('transparency is laid over white', async () => {
    const [r, g, b] = await read(await png([[200, 10, 20, 128]]), [1, 1, 3]);
    for (const [value, colour] of [[r, 200], [g, 10], [b, 20]]) {
      expect(Math.abs((value ?? 0) - ((colour ?? 0) * 128 + 255 * 127) / 255)).toBeLessThanOrEqual(1);
    }
    expect(await read(await png([[200, 10, 20, 0]]), [1, 1, 3])).toEqual([255, 255, 255]);
  });

  test.each([1, 3, 4] as const)('16 bits of %i channels are scaled to 8', async (channels) => {
    const values = [0, 0x8000, 0xffff].flatMap((value) => Array.from({ length: channels }, (_, c) => c === 3 ? 0xffff : value));
    const space = channels === 1 ? 'grey16' : 'rgb16';
    const deep = await sharp(Uint16Array.from(values), { raw: { width: 3, height: 1, channels } }).toColourspace(space).png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expect(await read(deep, [1, 3, 3])).toEqual([0, 0, 0, 128, 128, 128, 255, 255, 255]);
  });

  test('CMYK is converted', async () => {
    const cmyk = await sharp({ create: { width: 4, height: 4, channels: 3, background: { r: 255, g: 0, b: 0 } } })
      .toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
    const [r = 0, g = 255, b = 255] = await read(cmyk, [4, 4, 3]);
    expect(r).toBeGreaterThan(180);
    expect(Math.max(g, b)).toBeLessThan(110);
  });

  test('a picture taken sideways is turned', async () => {
    const lying = await sharp(Uint8Array.from([...RED, ...BLUE]), { raw: { width: 2, height: 1, channels: 3 } })
      .withMetadata({ orientation: 6 }).png().toBuffer();
    expect(await read(lying, [2, 1, 3])).toEqual([...RED, ...BLUE]);
  });

  test('of an odd margin the extra pixel is left at the bottom and right', async () => {
    const rows = [0, 1, 2, 3].flatMap((y) => [0, 1, 2, 3].map((x) => [10 * y + x, 0, 0]));
    const reds = (await read(await png(rows, 4), [1, 1, 3], { resize: 4, crop: 'center' })).slice(0, 1);
    expect(reds).toEqual([11]);
  });

  test('the shorter side is the one that is resized to; without `resize` both become the input\'s', async () => {
    const wide = await png(Array.from({ length: 8 * 4 }, () => [50, 60, 70]), 4);
    await expect(read(wide, [2, 3, 3], { resize: 2 })).rejects.toThrow('is 2x4 after `resize`, and the input is 2x3');
    await expect(read(wide, [3, 3, 3], { resize: 2, crop: 'center' })).rejects.toThrow('is 2x4 after `resize`, and the input is 3x3: there is nothing to crop');
    expect(await read(wide, [1, 2, 3])).toEqual([50, 60, 70, 50, 60, 70]);
  });

  test('one pixel fills any input', async () => {
    expect(await read(await png([RED]), [2, 2, 3], { resize: 5, crop: 'center' })).toEqual([...RED, ...RED, ...RED, ...RED]);
  });
});

describe('pictures that cannot be used', () => {
  test('what is no picture', async () => {
    await expect(read(Buffer.from('this is not a picture'), [1, 1, 3])).rejects.toThrow(/cannot be read as a picture: .*unsupported/);
    await expect(read(Buffer.alloc(0), [1, 1, 3])).rejects.toThrow('cannot be read as a picture');
  });

  test('one cut short', async () => {
    const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251);
    const jpeg = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } }).jpeg({ quality: 95 }).toBuffer();
    await expect(read(jpeg.subarray(0, jpeg.length / 2), [1, 1, 3])).rejects.toThrow('cannot be read as a picture');
  });

  test('one too large, by its header alone', async () => {
    const small = await png([RED]);
    const huge = Buffer.from(small);
    huge.writeUInt32BE(20_000, 16);
    huge.writeUInt32BE(20_000, 20);
    huge.writeUInt32BE(crc32(huge.subarray(12, 29)), 29);
    await expect(read(huge, [1, 1, 3])).rejects.toThrow('is 20000x20000, which are 400000000 pixels, and the limit is 134217728');
  });

  test('one so narrow that resizing it would fill the memory', async () => {
    const narrow = await sharp({ create: { width: 20_000, height: 1, channels: 3, background: '#123' } }).png().toBuffer();
    await expect(read(narrow, [224, 224, 3], { resize: 256, crop: 'center' })).rejects.toThrow('with its shorter side made 256 it would be 5120000x256');
  });

  test('an input that is no picture', async () => {
    await expect(read(await png([RED]), [1, 1, 5])).rejects.toThrow('a picture has 1 or 3 channels, and the input is 1x1x5');
    await expect(read(await png([RED]), [12])).rejects.toThrow('the input is 12');
  });
});

const CAT = fileURLToPath(new URL('../../../shared/pretrained/cat.jpg', import.meta.url));
if (!existsSync(CAT)) console.warn(`SKIPPED: ${CAT} is missing; resizing is not compared with Pillow's`);

test.skipIf(!existsSync(CAT))('a photograph is resized to the bit as Pillow does it', async () => {
  const bytes = readFileSync(fileURLToPath(new URL('../../../shared/pretrained/cat-227x227x3-bgr-mean.f32', import.meta.url)));
  const expected = new Float32Array(new Uint8Array(bytes).buffer);
  const values = await readImage(CAT, [227, 227, 3], { resize: [256, 256], crop: 'center', channels: 'BGR', mean: [104, 117, 123], std: [1], scale: 1 });
  expect(values.length).toBe(expected.length);
  expect(values.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? NaN))), 0)).toBe(0);
});

/** The checksum of a PNG chunk. */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
