// `# netloom-ignore NL3010: reason`, on the line of a warning that is meant to be there, or, of one inside a block, on the
// line that uses the block: then it is silenced for that use alone. It wants a reason, since whoever
// reads it next has to judge it; it silences warnings only, since of an error no program can be made; and one that
// silences nothing is a warning itself, so that none outlives what it was written for.

import { Lexer } from 'yaml';
import type { Report } from '../source/catalog.ts';
import { catalog, collect } from '../source/catalog.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Fix } from '../source/fix.ts';
import { positionAt, type Source, type Span } from '../source/source.ts';

interface Ignore {
  readonly codes: readonly { readonly code: string; readonly span: Span }[];
  readonly line: number;
  /** The comment, `#` and all. */
  readonly span: Span;
  /** What keeps it from being one. */
  readonly problem?: string;
}

const word = 'netloom-ignore';

/** What is left to say of `source` where its ignores are heard. */
export function heedIgnores(source: Source, diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const known = new Map([[source, ignoresIn(source)]]);
  const used = new Set<Span>();
  const left = diagnostics.filter(({ code, severity, span }) => {
    if (severity !== 'warning') return true;
    return !placesOf(span).some((place) => {
      const own = known.get(place.source) ?? ignoresIn(place.source);
      known.set(place.source, own);
      if (own.length === 0) return false;
      const { line } = positionAt(place.source, place.start);
      const heard = own.filter((ignore) => ignore.line === line).flatMap(({ codes }) => codes.filter((one) => one.code === code));
      for (const one of heard) used.add(one.span);
      return heard.length > 0;
    });
  });
  const { report, diagnostics: about } = collect();
  const broken = diagnostics.some(({ severity }) => severity === 'error');
  for (const ignore of known.get(source) ?? []) judge(ignore, used, broken, diagnostics, report);
  return about.length === 0 ? left : [...left, ...about];
}

/** A place, and the lines that use the block in which it is, from the inside out. */
function placesOf(span: Span): readonly Span[] {
  const places = [span];
  for (let at = span.beside; at !== undefined; at = at.span.beside) if (at.uses === true) places.push(at.span);
  return places;
}

function judge({ codes, line, span, problem }: Ignore, used: ReadonlySet<Span>, broken: boolean, diagnostics: readonly Diagnostic[], report: Report): void {
  if (problem !== undefined) {
    report(catalog.badIgnore, span, { problem });
    return;
  }
  const unused = codes.filter((one) => !used.has(one.span));
  for (const one of unused) {
    const isError = diagnostics.some(
      (other) =>
        other.severity === 'error' &&
        other.code === one.code &&
        placesOf(other.span).some((place) => place.source === span.source && positionAt(span.source, place.start).line === line),
    );
    if (isError) report(catalog.badIgnore, one.span, { problem: `${one.code} is an error here, and only warnings can be ignored` }, { help: 'mend it' });
    // Beside an error much is left unsaid: what is unused now may be needed then.
    else if (!broken) report(catalog.unusedIgnore, one.span, { code: one.code }, { fix: unused.length === codes.length ? removal(span) : undefined });
  }
}

/** The comment away, and the blanks before it. */
function removal(span: Span): Fix {
  const { source, start, end } = span;
  const before = source.text.slice(0, start).trimEnd().length;
  const lineStart = source.text.lastIndexOf('\n', start - 1) + 1;
  const from = Math.max(before, lineStart);
  return { title: 'remove the comment', edits: [{ span: { source, start: from, end }, text: '' }] };
}

function ignoresIn(source: Source): readonly Ignore[] {
  // Hardly any spec has one, and reading a text twice costs.
  if (!source.text.includes(word)) return [];
  return commentsIn(source.text).flatMap(({ start, end }) => {
    const text = source.text.slice(start, end);
    const [lead, rest] = /^#\s*netloom-ignore\b(.*)$/s.exec(text) ?? [];
    if (lead === undefined || rest === undefined) return [];
    const span = { source, start, end };
    const { line } = positionAt(source, start);
    const colon = rest.indexOf(':');
    const list = colon < 0 ? rest : rest.slice(0, colon);
    const words = [...list.matchAll(/[^\s,]+/g)];
    const wrong = words.find(([code]) => !/^NL\d{4}$/.test(code));
    const first = start + text.length - rest.length;
    const codes = words.map((match) => ({ code: match[0], span: { source, start: first + match.index, end: first + match.index + match[0].length } }));
    const problem =
      wrong !== undefined ? `\`${wrong[0]}\` is no code`
      : codes.length === 0 ? 'it names no code'
      : colon < 0 || rest.slice(colon + 1).trim() === '' ? 'it gives no reason'
      : undefined;
    return [{ codes: problem === undefined ? codes : [], line, span, ...(problem === undefined ? {} : { problem }) }];
  });
}

/** Where comments stand. The lexer tells them from a `#` in quotes, and needs no text that is right. */
function commentsIn(text: string): readonly { readonly start: number; readonly end: number }[] {
  const comments: { start: number; end: number }[] = [];
  let at = 0;
  let scalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    // Signs of the lexer's own, which stand nowhere in the text.
    // eslint-disable-next-line no-control-regex -- they are control characters
    if (/^[\u0002\u0018\u001F]$/.test(lexeme)) {
      scalar = lexeme === '\u001F';
      continue;
    }
    if (!scalar && lexeme.startsWith('#')) comments.push({ start: at, end: at + lexeme.length });
    at += lexeme.length;
    scalar = false;
  }
  return comments;
}
