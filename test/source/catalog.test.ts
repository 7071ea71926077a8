import { expect, test } from 'vitest';
import { catalog, collect } from '../../compiler/source/catalog.ts';

const span = { source: { path: 'a.yaml', text: 'abc' }, start: 0, end: 1 };

test('a report fills the holes of its law', () => {
  const { report, diagnostics } = collect();
  report(catalog.missingKey, span, { where: 'conv1: conv', key: 'filters', expected: 'a whole number' });
  expect(diagnostics).toEqual([
    {
      code: 'NL2003',
      severity: 'error',
      message: 'conv1: conv needs `filters`',
      span,
      label: 'no `filters` here',
      help: 'add `filters:` (a whole number)',
      related: [],
    },
  ]);
});

test('what was worked out to do stands instead of what is always the same', () => {
  const { report, diagnostics } = collect();
  report(catalog.missingKey, span, { where: 'a', key: 'b', expected: 'c' }, { help: 'write b', related: [{ span, note: 'there' }] });
  report(catalog.unknownLayer, span, { where: 'a', name: '{where}' });
  expect(diagnostics.map(({ help, related, message }) => [help, related.length, message])).toEqual([
    ['write b', 1, 'a needs `b`'],
    [undefined, 0, 'a: there is no layer `{where}`'],
  ]);
});

test('texts are one sentence without a full stop, and codes belong to their rooms', () => {
  for (const { code, message, label, ...entry } of Object.values(catalog)) {
    expect(code).toMatch(/^NL[1-5]\d{3}$/);
    for (const text of [message, label, 'help' in entry ? entry.help : 'x']) expect(text, code).not.toMatch(/\.$|^[A-Z][a-z]|^$/);
  }
});
