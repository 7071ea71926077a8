import { expect, test } from 'vitest';
import { evaluate } from '../support/layer.ts';

test('it squeezes into -1 to 1', () => {
  const y = evaluate([3], [-1000, 0, Math.log(3) / 2], { op: 'tanh' });
  [-1, 0, 0.5].forEach((value, i) => { expect(y[i]).toBeCloseTo(value, 14); });
});
