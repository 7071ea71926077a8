// What is said to the author of a spec. A diagnostic is data: `render.ts` draws it, the command prints it as JSON,
// an editor underlines it.

import type { Fix } from './fix.ts';
import type { Span } from './source.ts';

/** A note says what is done about something; nothing is wrong. */
export type Severity = 'error' | 'warning' | 'note';

/** Another place that has to do with the problem, and what it is to it. */
export interface Related {
  readonly span: Span;
  readonly note: string;
}

export interface Diagnostic {
  /** `NL` and four digits; 1xxx text, 2xxx words, 3xxx shapes, 4xxx device limits, 5xxx contracts. Never reused. */
  readonly code: string;
  readonly severity: Severity;
  /** What is wrong, with the names and the numbers. One sentence, no full stop. */
  readonly message: string;
  /** The exact text to blame. */
  readonly span: Span;
  /** What that place is, or what is odd about it: stands under the mark in the code frame. */
  readonly label: string;
  /** What to do about it, where that is known. */
  readonly help?: string;
  /** The edits that mend it, where they are certain. */
  readonly fix?: Fix;
  readonly related: readonly Related[];
}
