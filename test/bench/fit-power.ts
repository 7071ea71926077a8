// How one amount grows with another: the power law that fits best, which is a straight line between their logarithms.

export interface Power {
  /** y grows as x to this power. */
  readonly exponent: number;
  /** y where x is 1. */
  readonly factor: number;
  /** How many times too large or too small the law is where it fits worst; 1 where all points lie on it. */
  readonly off: number;
}

/** By least squares. All numbers are above 0; with fewer than two different x there is no exponent, and it is NaN. */
export function fitPower(points: readonly { readonly x: number; readonly y: number }[]): Power {
  const logs = points.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) }));
  const mean = (of: 'x' | 'y'): number => logs.reduce((sum, point) => sum + point[of], 0) / logs.length;
  const [x, y] = [mean('x'), mean('y')];
  const spread = logs.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
  const exponent = spread === 0 ? NaN : logs.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0) / spread;
  const off = Math.max(...logs.map((point) => Math.abs(point.y - y - exponent * (point.x - x))));
  return { exponent, factor: Math.exp(y - exponent * x), off: Math.exp(off) };
}
