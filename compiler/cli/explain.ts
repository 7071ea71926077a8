// `netloom explain conv`, `netloom explain NL3004`: an operator or a diagnostic in words. The words are those of the
// operator's own table, of the catalogue and its explanations, so that they cannot say anything else than the checker does.

import type { Op } from '../ir/op.ts';
import { ops, opsByName } from '../ops/index.ts';
import { catalog, type Entry } from '../source/catalog.ts';
import { exampleTitles, explanationOf } from '../source/explanations.ts';
import { listOf, suggest } from '../source/suggest.ts';
import type { Attr } from '../spec/attr.ts';
import { exitCode, Fault } from './fault.ts';
import { defineVerb } from './verb.ts';
import { wrap } from './wrap.ts';

const WIDTH = 100;

export const explain = defineVerb({
  name: 'explain',
  about: wrap(`Explains an operator, or a diagnostic by its code. The operators are ${listOf(ops.map(({ name }) => name), 'and', 30)}.`, 120),
  operands: { name: 'WORD', min: 1, max: 1 },
  options: {},
  examples: ['netloom explain conv', 'netloom explain NL3004'],
  run([word = ''], _, terminal) {
    terminal.out(`${textOf(word)}\n`);
    return Promise.resolve(exitCode.fine);
  },
});

function textOf(word: string): string {
  const op = opsByName.get(word);
  if (op !== undefined) return explainOp(op);
  const entries: readonly Entry[] = Object.values(catalog);
  const entry = entries.find(({ code }) => code === word.toUpperCase());
  if (entry !== undefined) return explainCode(entry);
  const known = [...opsByName.keys(), ...entries.map(({ code }) => code)];
  const takers = ops.filter(({ attrs }) => Object.hasOwn(attrs, word)).map(({ name }) => name);
  const [taker] = takers;
  if (taker !== undefined) throw new Fault('call', `'${word}' is no operator but a key of ${listOf(takers, 'and')}`, `netloom explain ${taker} says what it does`);
  const near = /^NL\d+$/i.test(word) ? undefined : suggest(word, known);
  throw new Fault(
    'call',
    `there is no operator and no diagnostic called '${word}'`,
    near === undefined ? `operators are ${listOf([...opsByName.keys()], 'or', 30)}; codes look like ${entries[0]?.code ?? 'NL1001'}` : `did you mean ${near}?`,
  );
}

function explainOp(op: Op): string {
  const keys = Object.entries<Attr<unknown>>(op.attrs);
  const width = Math.max(0, ...keys.map(([key]) => key.length)) + 4;
  const rows = keys.map(([key, attr]) =>
    wrap(`${attr.description} Takes ${attr.expected}. ${defaultOf(attr)}`, WIDTH, `  ${key}`.padEnd(width)),
  );
  const inputs = op.arity === 1 ? 'It takes one input.' : 'It takes several inputs, named in `from`.';
  return [op.name, '', wrap(op.summary, WIDTH), '', inputs, ...(rows.length === 0 ? [] : ['', 'Keys:', ...rows])].join('\n');
}

function defaultOf({ fallback, schema }: Attr<unknown>): string {
  if (fallback === undefined) return 'Required.';
  if ('sameAs' in fallback) return `Default: as \`${fallback.sameAs}\`.`;
  const written = schema['default'];
  return written === undefined ? 'May be left out.' : `Default: ${typeof written === 'string' ? written : JSON.stringify(written)}.`;
}

/** What a code is about, as `explain` prints it. */
export function explainCode({ code, severity, message, label, help }: Entry): string {
  const holes = (text: string): string => text.replace(/\{(\w+)\}/g, '<$1>');
  const why = explanationOf(code);
  const titles = exampleTitles(severity, why);
  return [
    `${code}, ${{ error: 'an error', warning: 'a warning', note: 'a note' }[severity]}`,
    '',
    wrap(holes(message), WIDTH, 'Says: '),
    wrap(holes(label), WIDTH, 'Marks: '),
    ...(help === undefined ? [] : [wrap(holes(help), WIDTH, 'Help: ')]),
    ...(why === undefined ? [] : ['', wrap(why.reason, WIDTH), '', `${titles.wrong}:`, ...why.wrong.map(indented), '', `${titles.right}:`, ...why.right.map(indented)]),
  ].join('\n');
}

const indented = (line: string): string => `    ${line}`;
