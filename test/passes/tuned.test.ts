import { expect, test } from 'vitest';
import { printTuned, readTuned, tunedWays, type TunedFile } from '../../compiler/passes/tuned.ts';

const entry = { way: { kind: 'rows', tile: { lanes: 8, rows: 4, images: 8 } }, batch: 1, milliseconds: { before: 2, after: 1.5 } } as const;
const file: TunedFile = { version: 1, target: 'subgroups-8', adapter: 'llvmpipe', driver: 'Mesa 25', ways: { 'dense 8 -> 8, f32': entry, 'a work': { ...entry, batch: 8 } } };

test('what is written is read, whatever the order it was made in', () => {
  const text = printTuned(file);
  expect(readTuned(text)).toEqual({ file });
  expect(printTuned({ ...file, ways: Object.fromEntries(Object.entries(file.ways).reverse()) })).toBe(text);
  expect(readTuned(printTuned({ ...file, ways: {} }))).toEqual({ file: { ...file, ways: {} } });
  expect([...tunedWays(file)]).toEqual([['dense 8 -> 8, f32', entry.way], ['a work', entry.way]]);
});

test.each([
  ['{', 'it is no JSON: '],
  ['[]', 'it is not as netloom tune writes it'],
  [JSON.stringify({ ...file, version: 2 }), '`version` must be 1: there is no other version yet'],
  [JSON.stringify({ ...file, adapter: 7 }), '`adapter` must be the name of an adapter'],
  [JSON.stringify({ ...file, target: undefined }), 'it lacks `target`'],
  [JSON.stringify({ ...file, comment: 'mine' }), 'it has a key that means nothing: `comment`'],
  [JSON.stringify({ ...file, ways: [] }), '`ways` must be a map from works to the ways they were measured to be done fastest'],
  [JSON.stringify({ ...file, ways: { a: { ...entry, batch: 0 } } }), '`ways.a.batch` is not as netloom tune writes it'],
  [JSON.stringify({ ...file, ways: { a: { way: {}, batch: 1, milliseconds: { before: 1, after: 1 } } } }), '`ways.a.way` lacks `kind`'],
])('%s', (text, problem) => {
  const read = readTuned(text);
  expect('problem' in read ? read.problem : read.file).toContain(problem);
});
