// Diagnostics as an editor underlines them: with the other places that have to do with them, a link to what their code
// means, and grey where something is written for nothing.

import type { Diagnostic as Shown, DiagnosticRelatedInformation, DiagnosticTag } from 'vscode-languageserver/node';
import { codesFile } from '../cli/codes-file.ts';
import { catalog } from '../source/catalog.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Source, Span } from '../source/source.ts';
import type { Written } from '../spec/document.ts';
import { child } from '../spec/place.ts';
import { locationOf, rangeOf } from './place.ts';

const severities = { error: 1, warning: 2, note: 3 } as const;
const unnecessary: DiagnosticTag = 1;

/** The laws that speak of what could as well not be there. */
const idle: readonly string[] = [catalog.unreadLayer, catalog.unusedIgnore, catalog.badIgnore, catalog.unusedParam, catalog.unusedBlock].map(({ code }) => code);

/**
 * A diagnostic in the file an editor shows. Of a mistake in another file the place that reads it is marked, and leads there.
 * @param root the tree of `source`, where it has one
 */
export function show(diagnostic: Diagnostic, source: Source, root: Written | undefined): Shown {
  const { code, severity, message, span, label, help, related } = diagnostic;
  const elsewhere = span.source.path !== source.path;
  const place = elsewhere ? (readerIn(source, span) ?? child(root, 'labels')?.span) : span;
  const others: readonly DiagnosticRelatedInformation[] = [
    ...(elsewhere ? [{ location: locationOf(span), message: label }] : []),
    ...related.map((other) => ({ location: locationOf(other.span), message: other.note })),
  ];
  const link = linkOf(code);
  return {
    range: rangeOf(place ?? firstLine(source)),
    severity: severities[severity],
    code,
    source: 'netloom',
    message: [message, ...(elsewhere ? [] : [label]), ...(help === undefined ? [] : [`help: ${help}`])].join('\n'),
    ...(link === undefined ? {} : { codeDescription: { href: link } }),
    ...(idle.includes(code) ? { tags: [unnecessary] } : {}),
    ...(others.length > 0 ? { relatedInformation: [...others] } : {}),
  };
}

/** The line of this file that reads the text of a place, be it over other files. */
function readerIn(source: Source, { source: { extendedBy } }: Span): Span | undefined {
  return extendedBy === undefined || extendedBy.source.path === source.path ? extendedBy : readerIn(source, extendedBy);
}

function firstLine(source: Source): Span {
  const end = source.text.search(/[\r\n]/);
  return { source, start: 0, end: end < 0 ? source.text.length : end };
}

/** The section of CODES.md that explains a code; undefined where that is not there. */
function linkOf(code: string): string | undefined {
  const file = codesFile();
  const line = file?.lines.get(code);
  // An editor opens a file at a line, not at a heading.
  return file === undefined || line === undefined ? undefined : `${file.href}#L${line}`;
}
