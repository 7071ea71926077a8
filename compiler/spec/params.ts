// The spec's params: numbers and expressions over each other in any order, worked out when they are first asked for.
// `--set` puts another value in the place of one.

import type { Report } from '../source/catalog.ts';
import { catalog } from '../source/catalog.ts';
import type { Source } from '../source/source.ts';
import { listOf, suggest } from '../source/suggest.ts';
import type { Param, Written, WrittenEntry } from './document.ts';
import type { Names } from './evaluate.ts';
import { readNumber } from './number.ts';

const expected = 'a number or an expression';

/** Every param's value. One that has none was reported, and its value is undefined. */
export function evaluateParams(
  entries: ReadonlyMap<string, WrittenEntry>,
  overrides: ReadonlyMap<string, string>,
  flawed: ReadonlySet<Written>,
  report: Report,
): ReadonlyMap<string, Param> {
  const given = new Map<string, Written>();
  for (const [name, text] of overrides) {
    const source: Source = { path: '--set', text: `${name}=${text}` };
    if (entries.has(name)) {
      // An expression needs no `=` of its own here: the one of `name=value` is in front of it.
      const start = name.length + (text.trimStart().startsWith('=') ? 1 : 0);
      given.set(name, { value: source.text.slice(start), span: { source, start, end: source.text.length } });
    } else {
      const known = [...entries.keys()];
      const near = suggest(name, known);
      const help = near !== undefined ? `did you mean \`${near}\`?` : known.length > 0 ? `its params are ${listOf(known, 'and')}` : 'it declares no params';
      report(catalog.unknownOverride, { source, start: 0, end: name.length }, { name }, { help });
    }
  }

  const values = new Map<string, number | undefined>();
  const open: string[] = [];
  const writtenOf = (name: string): Written | undefined => given.get(name) ?? entries.get(name)?.value;

  const valueOf = (name: string): number | undefined => {
    if (values.has(name)) return values.get(name);
    const written = writtenOf(name);
    const begun = open.indexOf(name);
    if (written === undefined || flawed.has(written)) return undefined;
    if (begun >= 0) {
      const cycle = open.slice(begun);
      const path = [...cycle, name].join(' → ');
      const related = cycle.slice(1).flatMap((other) => {
        const span = writtenOf(other)?.span;
        return span ? [{ span, note: `${other} needs ${cycle[cycle.indexOf(other) + 1] ?? name}` }] : [];
      });
      report(catalog.paramCycle, written.span, { path, name, next: cycle[1] ?? name }, { related });
      for (const other of cycle) values.set(other, undefined);
      return undefined;
    }
    open.push(name);
    const value = readNumber(written, { where: `the param \`${name}\``, expected, names, report });
    open.pop();
    if (!values.has(name)) values.set(name, value);
    return values.get(name);
  };

  const names: Names = { has: (name) => entries.has(name), get: valueOf, keys: () => entries.keys() };
  return new Map([...entries].map(([name, { value }]) => [name, { value: valueOf(name), span: (given.get(name) ?? value).span }]));
}

/** Params as the names of an expression. */
export function namesOf(params: ReadonlyMap<string, Param>): Names {
  return { has: (name) => params.has(name), get: (name) => params.get(name)?.value, keys: () => params.keys() };
}
