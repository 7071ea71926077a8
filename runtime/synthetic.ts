// Weights and images from a formula, so that a network can be tried without a file: element i of a tensor is a hash of its
// name, a seed and i, spread evenly between -bound and bound. The same everywhere, in any order and from any element on.

/** The `length` values of the tensor called `name`. */
export function syntheticTensor(name: string, length: number, seed: number, bound: number): Float32Array {
  const values = new Float32Array(length);
  fillSynthetic(values, 0, name, seed, bound);
  return values;
}

/** Fills `into` with the tensor's values from element `first` on. */
export function fillSynthetic(into: Float32Array, first: number, name: string, seed: number, bound: number): void {
  const start = Math.imul(fnv1a(name) ^ seed, 0x9e3779b9) + first;
  const { length } = into;
  for (let i = 0; i < length; i++) {
    let x = (start + i) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    x ^= x >>> 16;
    into[i] = ((2 * (x >>> 0)) / 0x1_0000_0000 - 1) * bound;
  }
}

/** FNV-1a in 32 bits, over the name's UTF-8 bytes. */
function fnv1a(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
