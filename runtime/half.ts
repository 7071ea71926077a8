// Numbers of 16 bits (IEEE 754 binary16: 1 of sign, 5 of exponent, 10 of fraction) as bits in a Uint16Array: Node has no
// Float16Array yet.

/** The largest number that 16 bits hold; what is nearer to the next one, 65536, has none. */
export const HALF_MAX = 65504;

/**
 * Rounds `values` to the nearest number of 16 bits, ties to the even one, and puts their bits into `into`.
 * @returns the index of the first value that is too large for 16 bits; undefined where all fit
 */
export function toHalves(values: Float32Array<ArrayBuffer>, into: Uint16Array): number | undefined {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] ?? 0;
    const size = word & 0x7fff_ffff;
    const sign = (word >>> 16) & 0x8000;
    if (size >= 0x3880_0000) {
      // From 65520 on.
      if (size >= 0x477f_f000) return i;
      // The exponent's bias is 127 there and 15 here. Half of the last place less one, and one more for odd numbers.
      into[i] = sign | ((size - 0x3800_0000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
    } else {
      // Below 2^-14 the last place is 2^-24, and the bits count it.
      const places = Math.abs(values[i] ?? 0) * 2 ** 24;
      const whole = Math.floor(places);
      const rest = places - whole;
      into[i] = sign | (rest > 0.5 || (rest === 0.5 && whole % 2 === 1) ? whole + 1 : whole);
    }
  }
  return undefined;
}

let table: Float32Array | undefined;

/** The values of 16-bit numbers, exactly. */
export function fromHalves(halves: Uint16Array, into: Float32Array): void {
  const values = table ??= Float32Array.from({ length: 0x10000 }, (_, bits) => valueOf(bits));
  for (let i = 0; i < halves.length; i++) into[i] = values[halves[i] ?? 0] ?? 0;
}

function valueOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
