// Every diagnostic the compiler can give: its code, and its words with typed holes, so that a missing or misspelt hole
// does not compile. Keys name the law that was broken; codes are for users and web searches, and are never reused.
//
// NL1xxx text (YAML), NL2xxx words (names, keys, values), NL3xxx shapes, NL4xxx device limits, NL5xxx contracts.

import type { Diagnostic, Related, Severity } from './diagnostic.ts';
import type { Span } from './source.ts';

export interface Entry {
  readonly code: string;
  readonly severity: Severity;
  /** What is wrong, with the numbers. */
  readonly message: string;
  /** What the marked place is. */
  readonly label: string;
  /** What to do, where it is always the same. */
  readonly help?: string;
}

type HoleNames<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | HoleNames<Rest> : never;

/** The values an entry's texts ask for: `{layer}` in a message wants `layer`. */
export type Holes<E extends Entry> = Readonly<
  Record<HoleNames<E['message'] | E['label'] | (E extends { readonly help: infer Help extends string } ? Help : never)>, string | number>
>;

export interface More {
  readonly related?: readonly Related[];
  /** What to do, where it has to be worked out; stands instead of the entry's own. */
  readonly help?: string | undefined;
}

export type Report = <E extends Entry>(law: E, span: Span, holes: Holes<E>, more?: More) => void;

/** A report that keeps what it is told, in that order. */
export function collect(): { readonly report: Report; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const report: Report = (law, span, holes, more = {}) => {
    const fill = (text: string): string =>
      text.replace(/\{(\w+)\}/g, (_, name: string) => String((holes as Readonly<Record<string, string | number>>)[name]));
    const help = more.help ?? (law.help === undefined ? undefined : fill(law.help));
    diagnostics.push({
      code: law.code,
      severity: law.severity,
      message: fill(law.message),
      span,
      label: fill(law.label),
      ...(help === undefined ? {} : { help }),
      related: more.related ?? [],
    });
  };
  return { report, diagnostics };
}

const error = <const E extends Omit<Entry, 'severity'>>(entry: E): E & { readonly severity: 'error' } => ({ ...entry, severity: 'error' });

export const catalog = {
  groupsDoNotDivide: error({
    code: 'NL3004',
    message: '{layer}: {groups} groups cannot share {filters} filters evenly',
    label: '{filters} / {groups} leaves {rest} over',
  }),
};
