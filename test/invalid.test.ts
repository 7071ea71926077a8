// Wrong specs and exactly what their authors read. Each `invalid/<words>.yaml` is one edit away from a right spec, which
// it names itself, so that the right one can be made and must pass:
//
//   # was: TEXT      the next line was TEXT, indented like this comment
//   # was nothing    the next line was not there
//   # had: TEXT      a line TEXT stood here
//
// A line `# --set name=value` sets a param, as the command would, and its spec passes without. Behind `# --target NAME` the
// spec is judged for that target; notes tell of no mistake, so the right one may have others. UPDATE=1 rewrites the texts.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkFor } from '../compiler/cli/check-for.ts';
import type { Target } from '../compiler/ir/target.ts';
import { profiles } from '../compiler/passes/targets.ts';
import type { Diagnostic } from '../compiler/source/diagnostic.ts';
import { render } from '../compiler/source/render.ts';
import { check } from './support/check.ts';

const folder = new URL('invalid/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const beside = Object.fromEntries(readdirSync(new URL('beside/', folder)).map((name) => [`beside/${name}`, read(`beside/${name}`)]));

/** What stands in no file of its own: too large, or no text. */
const made: Readonly<Record<string, string>> = {
  'file-empty': '',
  'file-of-comments': '# nothing yet\n\n',
  'file-too-large': `# ${'x'.repeat(10_000_000)}\n`,
  'file-binary': '\u007FELF\u0002\u0001\u0001\u0000\u0000',
  'file-not-utf8': 'name: caf\uFFFD\n',
  'nested-300-levels': `a: ${'['.repeat(299)}${']'.repeat(299)}\n`,
  'nested-300-levels-of-lines': Array.from({ length: 300 }, (_, level) => `${' '.repeat(level)}k:\n`).join(''),
  'alias-bomb': `a: &a [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]\n${['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
    .map((name, level) => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${'abcdefghi'.charAt(level)}`).join(', ')}]\n`)
    .join('')}`,
  'params-too-deep': `netloom: 1\nname: deep\nparams:\n${Array.from({ length: 300 }, (_, at) => `  p${300 - at}: = p${299 - at} + 1\n`).join('')}  p0: 8\ninput: { image: 8x8x3 }\nlayers: { a: { op: conv, filters: = p300, kernel: 1 } }\n`,
  'no-layers': 'netloom: 1\nname: none\ninput: { image: 8x8x3 }\nlayers: {}\n',
  'windows-line-ends': read('unknown-key.yaml').replaceAll('\n', '\r\n'),
  'byte-order-mark': `\uFEFFnetlom: 1\n${read('unknown-key.yaml').replace('netloom: 1\n', '')}`,
};

const overrides = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/^# --set ([^=\n]*)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));

const targetOf = (text: string): Target | undefined => profiles.find(({ name }) => name === /^# --target (.*)$/m.exec(text)?.[1]);

function diagnosticsOf(text: string, path: string): readonly Diagnostic[] {
  const target = targetOf(text);
  return target === undefined ? check(text, overrides(text), beside, path).diagnostics : checkFor({ path, text }, new Map(Object.entries(overrides(text))), target).diagnostics;
}

const shown = (text: string, path: string): string => diagnosticsOf(text, path).map((diagnostic) => render(diagnostic)).join('\n');

function judge(name: string, actual: string): void {
  const expected = new URL(`${name}.txt`, folder);
  if (process.env['UPDATE'] === '1') writeFileSync(expected, actual);
  expect(actual).not.toBe('');
  expect(actual).toBe(existsSync(expected) ? readFileSync(expected, 'utf8') : `no ${name}.txt; UPDATE=1 writes it`);
}

/** The right spec behind a wrong one; undefined where it does not say. */
function control(text: string): string | undefined {
  const lines = text.split(/(?<=\n)/);
  const right: string[] = [];
  let told = Object.keys(overrides(text)).length > 0;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    const [, indent = '', kind, words = ''] = /^(\s*)# (was|had|was nothing)(?:: (.*))?\r?\n?$/.exec(line) ?? [];
    if (kind === undefined) {
      if (!line.startsWith('# --set')) right.push(line);
      continue;
    }
    told = true;
    if (kind !== 'was nothing') right.push(`${indent}${words}\n`);
    if (kind !== 'had') i++;
  }
  return told ? right.join('') : undefined;
}

const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

test.each(files)('%s', (file) => {
  const text = read(file);
  judge(file.replace(/\.yaml$/, ''), shown(text, `test/invalid/${file}`));
  const right = control(text);
  expect(right, `${file} does not name the line that would be right`).toBeDefined();
  const left = diagnosticsOf(right ?? '', file);
  expect(left.filter(({ severity }) => severity !== 'note').map(({ message }) => message)).toEqual([]);
  const codes = diagnosticsOf(text, file).map(({ code }) => code);
  expect(left.map(({ code }) => code), 'the right spec must lack one').not.toEqual(codes);
});

test.each(Object.entries(made))('%s', (name, text) => {
  judge(name, shown(text, `${name}.yaml`));
});

test('no text is left behind by a spec that is gone', () => {
  const known = new Set([...files.map((file) => file.replace(/\.yaml$/, '')), ...Object.keys(made)]);
  expect(readdirSync(folder).filter((file) => file.endsWith('.txt') && !known.has(file.replace(/\.txt$/, '')))).toEqual([]);
});
