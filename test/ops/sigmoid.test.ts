import { expect, test } from 'vitest';
import { evaluate } from '../support/layer.ts';

test('it squeezes into 0 to 1', () => {
  const y = evaluate([4], [-1000, 0, Math.log(3), 1000], { op: 'sigmoid' });
  [0, 0.5, 0.75, 1].forEach((value, i) => { expect(y[i]).toBeCloseTo(value, 14); });
});
