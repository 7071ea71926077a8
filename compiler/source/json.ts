// Diagnostics as data for programs: an editor, a CI job. Lines and columns count from 1, columns in UTF-16 units, the end
// is exclusive.

import type { Diagnostic, Severity } from './diagnostic.ts';
import type { Position, Span } from './source.ts';
import { positionAt } from './source.ts';

export interface JsonRange {
  readonly start: Position;
  readonly end: Position;
}

export interface JsonEdit {
  readonly file: string;
  readonly range: JsonRange;
  readonly text: string;
}

export interface JsonDiagnostic {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly file: string;
  readonly range: JsonRange;
  /** What to do about it; null where that is not known. */
  readonly help: string | null;
  readonly related: readonly { readonly file: string; readonly range: JsonRange; readonly message: string }[];
  /** Edits that mend it for certain; null where there are none. They refer to the text as it was checked. */
  readonly fix: { readonly title: string; readonly edits: readonly JsonEdit[] } | null;
}

export const rangeOf = ({ source, start, end }: Span): JsonRange => ({ start: positionAt(source, start), end: positionAt(source, end) });

/** One diagnostic in the form that `--format json` prints. */
export function json({ code, severity, message, span, help, related, fix }: Diagnostic): JsonDiagnostic {
  return {
    code,
    severity,
    message,
    file: span.source.path,
    range: rangeOf(span),
    help: help ?? null,
    related: related.map((other) => ({ file: other.span.source.path, range: rangeOf(other.span), message: other.note })),
    fix: fix === undefined ? null : { title: fix.title, edits: fix.edits.map((edit) => ({ file: edit.span.source.path, range: rangeOf(edit.span), text: edit.text })) },
  };
}
