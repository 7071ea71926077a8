// What a layer's `expect` says, held against what it gives.

/** Whether a shape is the expected one; `?` is exactly one dimension of any size, and a vector is no 1x1 picture. */
export function fits(shape: readonly number[], expected: readonly (number | '?')[]): boolean {
  return shape.length === expected.length && expected.every((wanted, axis) => wanted === '?' || wanted === shape[axis]);
}

export function printExpected(expected: readonly (number | '?')[]): string {
  return expected.join('x');
}
