import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { printCodes } from '../../compiler/emit/codes.ts';
import { catalog } from '../../compiler/source/catalog.ts';

test('compiler/CODES.md is what the catalogue and its explanations make of it', () => {
  const file = new URL('../../compiler/CODES.md', import.meta.url);
  const text = printCodes();
  if (process.env['UPDATE'] === '1') writeFileSync(file, text);
  expect(existsSync(file) && readFileSync(file, 'utf8') === text, 'compiler/CODES.md is stale: UPDATE=1 npx vitest run test/emit/codes.test.ts').toBe(true);
});

test('one section a code, in order', () => {
  const sections = [...printCodes().matchAll(/^### (NL\d{4})$/gm)].map(([, code]) => code);
  expect(sections).toEqual(Object.values(catalog).map(({ code }) => code).sort());
});
