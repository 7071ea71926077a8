import { expect, test } from 'vitest';
import { wrap } from '../../compiler/cli/wrap.ts';

test('breaks at blanks and stands later lines under the text', () => {
  expect(wrap('one two  three\nfour', 12, 'key ')).toBe('key one two\n    three\n    four');
  expect(wrap('unbreakable', 4)).toBe('unbreakable');
  expect(wrap('exactly ten', 11)).toBe('exactly ten');
});
