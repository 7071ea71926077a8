// Names that authors choose, and expressions that stand where they are only carried along.

import type { Report } from '../source/catalog.ts';
import { catalog } from '../source/catalog.ts';
import type { Span } from '../source/source.ts';
import type { Written } from './document.ts';
import type { Names } from './evaluate.ts';
import { isExpression, readNumber } from './number.ts';
import { entriesOf } from './place.ts';

/** Reports a name that is none. Dots are for layers. */
export function judgeName(name: string, span: Span, what: 'a layer' | 'a block' | 'a param' | 'the input', report: Report): boolean {
  const dots = what === 'a layer';
  const strange = Array.from(name).find((character, index) => !(index === 0 ? /\p{L}/u : dots ? /[\p{L}\p{M}\p{N}_.-]/u : /[\p{L}\p{M}\p{N}_-]/u).test(character));
  if (strange === undefined && name !== '') return true;
  const problem =
    strange === undefined ? 'a name has letters'
    : name.startsWith(strange) ? 'begins with no letter'
    : strange === ' ' ? 'holds a blank'
    : `holds a \`${strange}\``;
  report(catalog.badName, span, { name, what, problem, also: dots ? '`_`, `-` and dots' : '`_` and `-`' });
  return false;
}

/** Expressions in what is only carried along must be right too. */
export function judgeExpressions(written: Written, flawed: ReadonlySet<Written>, names: Names, report: Report): void {
  if (flawed.has(written)) return;
  const { value } = written;
  if (isExpression(written)) readNumber(written, { where: 'the expression', expected: 'a number', names, report });
  else if (Array.isArray(value)) for (const item of value as readonly Written[]) judgeExpressions(item, flawed, names, report);
  else for (const entry of entriesOf(written)?.values() ?? []) judgeExpressions(entry.value, flawed, names, report);
}
