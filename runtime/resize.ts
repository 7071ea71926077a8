// Bilinear resizing with antialiasing, to the bit as Pillow's `resize` does it on 8-bit images (src/libImaging/Resample.c): a
// triangle filter as wide as the reduction, one pass along rows and one along columns, weights in fixed point, and the result
// of each pass rounded to 8 bits. Networks are trained on pictures that were made smaller this way.

/** An 8-bit picture, row by row, its channels interleaved. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** Weights are integers of this many bits after the point: 255 of them still fit 31 bits. */
const FRACTION_BITS = 22;

/** `picture` at `height` x `width`. */
export function resizeBilinear(picture: Pixels, height: number, width: number): Pixels {
  const rows = width === picture.width ? picture : resizeRows(picture, width);
  return height === rows.height ? rows : resizeColumns(rows, height);
}

function resizeRows({ width: from, height, channels, data }: Pixels, width: number): Pixels {
  const { first, weights, size } = filter(from, width);
  const out = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const start = (y * from + (first[x] ?? 0)) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = 1 << (FRACTION_BITS - 1);
        for (let k = 0; k < size; k++) sum += (data[start + k * channels + c] ?? 0) * (weights[x * size + k] ?? 0);
        out[(y * width + x) * channels + c] = clip(sum >> FRACTION_BITS);
      }
    }
  }
  return { width, height, channels, data: out };
}

function resizeColumns({ width, height: from, channels, data }: Pixels, height: number): Pixels {
  const { first, weights, size } = filter(from, height);
  const pitch = width * channels;
  const out = new Uint8Array(height * pitch);
  for (let y = 0; y < height; y++) {
    const start = (first[y] ?? 0) * pitch;
    for (let x = 0; x < pitch; x++) {
      let sum = 1 << (FRACTION_BITS - 1);
      for (let k = 0; k < size; k++) sum += (data[start + k * pitch + x] ?? 0) * (weights[y * size + k] ?? 0);
      out[y * pitch + x] = clip(sum >> FRACTION_BITS);
    }
  }
  return { width, height, channels, data: out };
}

/** For each of `to` places: where its window begins among `from` values, and its `size` weights, the last of which may be 0. */
function filter(from: number, to: number): { first: Int32Array; weights: Int32Array; size: number } {
  const scale = from / to;
  // Enlarging reads between two neighbours, whatever the factor.
  const reach = Math.max(scale, 1);
  const size = Math.ceil(reach) * 2 + 1;
  const first = new Int32Array(to);
  const weights = new Int32Array(to * size);
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - reach + 0.5));
    const count = Math.min(from, Math.trunc(center + reach + 0.5)) - start;
    const shares = Array.from({ length: count }, (_, k) => Math.max(0, 1 - Math.abs((k + start - center + 0.5) / reach)));
    const total = shares.reduce((sum, share) => sum + share, 0);
    first[i] = start;
    for (const [k, share] of shares.entries()) weights[i * size + k] = Math.trunc(0.5 + (share / total) * (1 << FRACTION_BITS));
  }
  return { first, weights, size };
}

function clip(value: number): number {
  return value > 255 ? 255 : value;
}
