import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { call } from '../support/call.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const folder = scratchFolder('baseline');
mkdirSync(join(folder, 'nets'));
const [path, baseline] = [join(folder, 'nets', 'old.yaml'), join(folder, 'known.json')];

const old = `netloom: 1
name: old
input: { image: 33x33x3 }
layers:
  pool: { op: maxpool, kernel: 3, stride: 2, expect: ?x?x3 }
  conv: { op: conv, filtres: 8, kernl: 3, expect: ?x?x8 }
`;
writeFileSync(path, old);

const check = async (text: string, ...args: readonly string[]): Promise<readonly [number, string]> => {
  writeFileSync(path, text);
  const { code, out } = await call('check', path, ...args);
  return [code, out.trimEnd().split('\n').at(-1) ?? ''];
};

test('--write-baseline lets all pass, and writes what a reviewer can read', async () => {
  expect(await check(old)).toEqual([1, '1 file, 2 errors, no warnings']);
  expect(await check(old, '--write-baseline', baseline)).toEqual([0, '1 file, no errors, no warnings; 2 known problems left out']);
  expect(JSON.parse(readFileSync(baseline, 'utf8'))).toEqual({
    version: 1,
    problems: [{ file: 'nets/old.yaml', code: 'NL2001', line: 'conv: { op: conv, filtres: 8, kernl: 3, expect: ?x?x8 }', count: 2, message: 'conv: conv has no key `kernl`' }],
  });
});

describe('--baseline', () => {
  test.each([
    ['the same', old, 0, 'no errors, no warnings; 2 known problems left out'],
    ['other lines before it, another indent', old.replace('input:', '# one\n# two\ninput:').replace('  conv:', '  conv:   '), 0, 'no errors, no warnings; 2 known problems left out'],
    ['a new problem', old.replace('op: maxpool', 'op: maxpol'), 1, '1 error, no warnings; 2 known problems left out'],
    ['its line edited', old.replace('filtres: 8', 'filtres: 9'), 1, '2 errors, no warnings; no known problems left out, 2 gone'],
    ['the same again in another layer', `${old}  more: { op: conv, filtres: 8, kernel: 3, expect: ?x?x8 }\n`, 1, '1 error, no warnings; 2 known problems left out'],
    ['one more of the same on its line', old.replace('filtres: 8', 'filtres: 8, sride: 1'), 1, '3 errors, no warnings; no known problems left out, 2 gone'],
    ['mended in part', old.replace('filtres', 'filters'), 1, '1 error, no warnings; no known problems left out, 2 gone'],
  ])('%s', async (_, text, code, summary) => {
    expect(await check(text, '--baseline', baseline)).toEqual([code, `1 file, ${summary}`]);
  });

  test('what is mended is told as gone', async () => {
    const one = old.replace(', kernl: 3', ', kernel: 3');
    const known = join(folder, 'one.json');
    await check(one, '--write-baseline', known);
    const fine = old.replace('{ op: conv, filtres: 8, kernl: 3, expect: ?x?x8 }', '{ op: conv, filters: 8, kernel: 3, expect: ?x?x8 }');
    expect(await check(fine, '--baseline', known)).toEqual([0, '1 file, no errors, no warnings; no known problems left out, 1 gone']);
  });

  test('lets through json, too', async () => {
    writeFileSync(path, old);
    const { code, out } = await call('check', path, '--baseline', baseline, '--format', 'json');
    expect([code, JSON.parse(out)]).toMatchObject([0, { ok: true, files: [{ ok: true, diagnostics: [] }] }]);
  });

  test.each([
    ['nowhere.json', undefined, 'nowhere.json does not exist', '--write-baseline'],
    ['text.json', 'none', 'text.json is no JSON', 'a baseline is what --write-baseline writes'],
    ['other.json', '{"version": 2, "problems": []}', 'other.json is no baseline of version 1', 'a baseline is what'],
    ['entry.json', '{"version": 1, "problems": [{"file": 3}]}', 'entry.json is no baseline of version 1', 'a baseline is what'],
  ])('%s', async (name, text, message, help) => {
    if (text !== undefined) writeFileSync(join(folder, name), text);
    const { code, out, err } = await call('check', path, '--baseline', join(folder, name));
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(message);
    expect(err).toContain(help);
  });
});

test('--strict lets warnings fail', async () => {
  const warned = old.replace(/ {2}conv:.*\n/, '').replace('33x33x3', '32x32x3');
  expect(await check(warned)).toEqual([0, '1 file, no errors, 1 warning']);
  expect(await check(warned, '--strict')).toEqual([1, '1 file, no errors, 1 warning']);
  writeFileSync(path, warned);
  expect(JSON.parse((await call('check', path, '--strict', '--format', 'json')).out)).toMatchObject({ ok: false, files: [{ ok: true }] });
  expect((await check(warned.replace('?x3 }', '?x3 } # netloom-ignore NL3010: the border is black'), '--strict'))[0]).toBe(0);
});
