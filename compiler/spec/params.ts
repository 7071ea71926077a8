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

/** How many params may need each other, one behind the other: each takes some of the stack. */
const longestChain = 200;

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

  const names = lazyNames({
    declared: [...entries.keys()],
    writtenOf: (name) => given.get(name) ?? entries.get(name)?.value,
    where: (name) => `the param \`${name}\``,
    flawed,
    report,
  });
  return new Map([...entries].map(([name, { value }]) => [name, { value: numberOf(names, name), span: (given.get(name) ?? value).span }]));
}

const numberOf = (names: Names, name: string): number | undefined => {
  const value = names.get(name);
  return typeof value === 'number' ? value : undefined;
};

/** A set of params that may use each other, and those around them. */
interface Declared {
  readonly declared: readonly string[];
  /** Undefined where a param has no value, which has been reported. */
  readonly writtenOf: (name: string) => Written | undefined;
  readonly where: (name: string) => string;
  readonly outer?: Names;
  readonly flawed: ReadonlySet<Written>;
  readonly report: Report;
}

/** Names whose values are worked out when they are first asked for. */
function lazyNames({ declared, writtenOf, where, outer, flawed, report }: Declared): Names {
  const own = new Set(declared);
  const values = new Map<string, number | undefined>();
  const open: string[] = [];
  let tooDeep = false;

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
    if (open.length >= longestChain) {
      // What it stops is cut into many chains, each as long.
      if (!tooDeep) report(catalog.paramsTooDeep, written.span, { name, limit: longestChain });
      tooDeep = true;
      values.set(name, undefined);
      return undefined;
    }
    open.push(name);
    const value = readNumber(written, { where: where(name), expected, names, report });
    open.pop();
    if (!values.has(name)) values.set(name, value);
    return values.get(name);
  };

  const names: Names = {
    has: (name) => own.has(name) || outer?.has(name) === true,
    get: (name) => (own.has(name) ? valueOf(name) : outer?.get(name)),
    keys: () => [...own, ...(outer?.keys() ?? [])],
  };
  return names;
}

/**
 * What the expressions of a block may use: its params, given or as they stand for themselves, and those of the spec.
 * @param given what an instance says; undefined where that is wrong, which has been reported
 */
export function namesInBlock(
  block: { readonly name: string; readonly params: ReadonlyMap<string, WrittenEntry> },
  given: ReadonlyMap<string, number | undefined>,
  outer: Names,
  flawed: ReadonlySet<Written>,
  report: Report,
): Names {
  const own = lazyNames({
    declared: [...block.params.keys()].filter((name) => !given.has(name)),
    writtenOf: (name) => {
      const written = block.params.get(name)?.value;
      return written?.value === null ? undefined : written;
    },
    where: (name) => `the param \`${name}\` of ${block.name}`,
    outer: {
      has: (name) => given.has(name) || outer.has(name),
      get: (name) => (given.has(name) ? given.get(name) : outer.get(name)),
      keys: () => [...given.keys(), ...outer.keys()],
    },
    flawed,
    report,
  });
  return own;
}

/** Params as the names of an expression. */
export function namesOf(params: ReadonlyMap<string, Param>): Names {
  return { has: (name) => params.has(name), get: (name) => params.get(name)?.value, keys: () => params.keys() };
}
