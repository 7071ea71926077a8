import { expect, test } from 'vitest';
import { ops } from '../../compiler/ops/index.ts';
import { catalog } from '../../compiler/source/catalog.ts';
import { call } from '../support/call.ts';

test('an operator: what it does, every key, its default', async () => {
  const { code, out } = await call('explain', 'conv');
  expect(code).toBe(0);
  expect(out).toMatch(/^conv\n\nConvolution: /);
  expect(out).toMatch(/^ {2}filters {6}How many filters .*Takes a whole$/m);
  expect(out).toMatch(/Required\.$/m);
  expect(out).toMatch(/Default: floor\.$/m);
  expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
});

test.each(ops.map(({ name }) => name))('%s has something to say', async (name) => {
  const { code, out } = await call('explain', name);
  expect(code).toBe(0);
  expect(out.length).toBeGreaterThan(80);
});

test('a stride that follows the kernel says so', async () => {
  expect((await call('explain', 'maxpool')).out.replace(/\s+/g, ' ')).toContain('Default: as `kernel`.');
});

test('a diagnostic, by its code in any case', async () => {
  const { code } = catalog.groupsDoNotDivide;
  const { out } = await call('explain', code.toLowerCase());
  expect(out).toMatch(/^NL3004, an error\n\nSays: <layer>: <groups> groups cannot share/);
  expect(out).toMatch(/\nWrong:\n {4}layers:\n[^]*groups: 3[^]*\nRight:\n {4}layers:\n[^]*groups: 4/);
});
