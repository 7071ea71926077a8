// The matrices of Winograd's minimal filtering, by Toom and Cook's construction: polynomials are multiplied by their values
// at a few points (Winograd 1980; Lavin and Gray 2015, "Fast Algorithms for Convolutional Neural Networks").

export type Matrix = readonly (readonly number[])[];

/** `outputs` results of a filter of `taps` from `size = outputs + taps - 1` inputs: y = output (filter g ⊙ input d). */
export interface WinogradMatrices {
  /** [size][size], Bᵀ. */
  readonly input: Matrix;
  /** [size][taps], G. */
  readonly filter: Matrix;
  /** [outputs][size], Aᵀ. */
  readonly output: Matrix;
}

/** Beside infinity, in the order in which they are taken: small numbers whose products stay small. Pairs stand together. */
const points = [0, 1, -1, 2, -2, 0.5, -0.5];

/** The largest tile whose error in f32 stays below a thousandth of what layers are held to. */
export const mostWinogradInputs = points.length + 1;

export function winogradMatrices(outputs: number, taps: number): WinogradMatrices {
  const size = outputs + taps - 1;
  if (size > mostWinogradInputs) throw new Error(`a tile of ${size} inputs`);
  const finite = points.slice(0, size - 1);
  const others = (point: number): readonly number[] => finite.filter((other) => other !== point);
  const input = [...finite.map((point) => fromRoots(others(point))), fromRoots(finite)];
  const filter = finite.map((point) => {
    const scale = others(point).reduce((product, other) => product * (point - other), 1);
    return Array.from({ length: taps }, (_, power) => point ** power / scale);
  });
  return {
    input: input.map((row) => [...row, ...Array.from({ length: size - row.length }, () => 0)]),
    filter: [...filter, last(taps)],
    output: Array.from({ length: outputs }, (_, power) => [...finite.map((point) => point ** power), power === outputs - 1 ? 1 : 0]),
  };
}

/** The coefficients, lowest first, of the polynomial that is zero at `roots` and starts with x to the highest power. */
function fromRoots(roots: readonly number[]): readonly number[] {
  return roots.reduce<readonly number[]>((poly, root) => [0, ...poly].map((higher, power) => higher - root * (poly[power] ?? 0)), [1]);
}

const last = (length: number): readonly number[] => Array.from({ length }, (_, index) => (index === length - 1 ? 1 : 0));
