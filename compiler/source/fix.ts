// Changes to a spec's text that mend a mistake. Only what is certain becomes one: a help may guess, an edit may not.

import { textOf, type Source, type Span } from './source.ts';
import { slips } from './suggest.ts';

/** Text that stands in the place of a span's; an empty span inserts, an empty text removes. */
export interface Edit {
  readonly span: Span;
  readonly text: string;
}

export interface Fix {
  /** What it does, for a list to choose from: `write kernel`. */
  readonly title: string;
  /** They do not overlap. */
  readonly edits: readonly Edit[];
}

/**
 * The known word in the place of a misspelt one. Undefined where that is a guess: two words are as near, it is more than a
 * slip away (two in a long word), or a digit differs, since `fc7` is no way to spell `fc6`.
 */
export function respell(span: Span, word: string, known: Iterable<string>): Fix | undefined {
  const wanted = bare(word);
  let limit = wanted.length >= 8 ? 2 : 1;
  let nearest: readonly string[] = [];
  for (const candidate of new Set(known)) {
    const other = bare(candidate);
    if (Math.min(wanted.length, other.length) < 3 || digits(wanted) !== digits(other)) continue;
    const distance = slips(wanted, other, limit);
    if (distance > limit) continue;
    nearest = distance < limit ? [candidate] : [...nearest, candidate];
    limit = distance;
  }
  const [only] = nearest;
  if (only === undefined || nearest.length > 1) return undefined;
  return { title: `write ${only}`, edits: [{ span: wordIn(span, word), text: only }] };
}

/** Case, `_` and `-` do not make another word. */
const bare = (word: string): string => word.toLowerCase().replace(/[_-]/g, '');

const digits = (word: string): string => word.replace(/\D/g, '');

/** The word itself, where its quotes are part of the span. */
function wordIn(span: Span, word: string): Span {
  const at = textOf(span).indexOf(word);
  return at < 0 ? span : { source: span.source, start: span.start + at, end: span.start + at + word.length };
}

/** A source's text with the edits made; of edits that overlap only the first is. */
export function applyEdits(source: Source, edits: readonly Edit[]): string {
  const sorted = edits.filter(({ span }) => span.source === source).sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  let text = '';
  let at = 0;
  for (const { span, text: replacement } of sorted) {
    if (span.start < at) continue;
    text += source.text.slice(at, span.start) + replacement;
    at = span.end;
  }
  return text + source.text.slice(at);
}
