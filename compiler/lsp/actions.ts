// What an editor offers to do about a diagnostic: the edits it carries, the word it takes for the right one, and for a
// warning the comment that silences it.

import type { CodeAction, Diagnostic as Shown, Range, TextEdit } from 'vscode-languageserver/node';
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Edit } from '../source/fix.ts';
import { textOf, type Source, type Span } from '../source/source.ts';
import { offsetAt, rangeOf, uriOf } from './place.ts';

export interface Problem {
  readonly diagnostic: Diagnostic;
  readonly shown: Shown;
}

/** The actions for the problems that a range touches, and one for all whose mending is certain. */
export function actions(source: Source, range: Range, problems: readonly Problem[], only: readonly string[] | undefined): readonly CodeAction[] {
  const [start, end] = [offsetAt(source, range.start), offsetAt(source, range.end)];
  const wanted = (kind: string): boolean => only === undefined || only.some((prefix) => kind === prefix || kind.startsWith(`${prefix}.`));
  const here = problems.filter(({ diagnostic: { span } }) => span.source === source && span.start <= end && start <= span.end);
  const fixes = here.flatMap((problem) => fixesOf(problem, source));
  const all = apart(problems.flatMap(({ diagnostic: { fix } }) => fix?.edits ?? []));
  return [
    ...(wanted('quickfix') ? fixes : []),
    ...(wanted('source.fixAll') && all.length > 0 && (only !== undefined || here.length > 0)
      ? [{ title: 'mend all that is certain', kind: 'source.fixAll.netloom', edit: { changes: changesOf(all) } }]
      : []),
  ];
}

function fixesOf({ diagnostic, shown }: Problem, source: Source): readonly CodeAction[] {
  const { fix, help, span, severity, code } = diagnostic;
  const action = (title: string, edits: readonly Edit[], isPreferred: boolean): CodeAction => ({
    title,
    kind: 'quickfix',
    diagnostics: [shown],
    edit: { changes: changesOf(edits) },
    ...(isPreferred ? { isPreferred } : {}),
  });
  const guess = fix === undefined ? guessOf(span, help) : undefined;
  const silencing = severity === 'warning' ? silence(source, span, code) : undefined;
  return [
    ...(fix === undefined ? [] : [action(fix.title, fix.edits, true)]),
    ...(guess === undefined ? [] : [action(`write ${guess.text}`, [guess], false)]),
    ...(silencing === undefined ? [] : [action(`ignore ${code} here`, [silencing], false)]),
  ];
}

/** The word that a help takes for the right one, in the place of a word. */
function guessOf(span: Span, help: string | undefined): Edit | undefined {
  const word = /^did you mean `([^`]+)`\?$/.exec(help ?? '')?.[1];
  const written = textOf(span);
  if (word === undefined || !/^(["']?)[\p{L}\p{N}_.-]+\1$/u.test(written)) return undefined;
  return { span, text: /^["']/.test(written) ? `${written.charAt(0)}${word}${written.charAt(0)}` : word };
}

/** A comment behind the line, where there is none yet. */
function silence(source: Source, span: Span, code: string): Edit | undefined {
  const start = source.text.lastIndexOf('\n', span.start - 1) + 1;
  const end = start + (/[\r\n]|$/.exec(source.text.slice(start))?.index ?? 0);
  const line = source.text.slice(start, end);
  return line.includes('#') ? undefined : { span: { source, start: start + line.trimEnd().length, end }, text: `  # netloom-ignore ${code}: as intended` };
}

/** Of edits that overlap the first. */
function apart(edits: readonly Edit[]): readonly Edit[] {
  const kept: Edit[] = [];
  for (const edit of edits) {
    const overlaps = kept.some(({ span }) => span.source === edit.span.source && span.start < edit.span.end && edit.span.start < span.end);
    if (!overlaps) kept.push(edit);
  }
  return kept;
}

function changesOf(edits: readonly Edit[]): Record<string, TextEdit[]> {
  const changes: Record<string, TextEdit[]> = {};
  for (const { span, text } of edits) (changes[uriOf(span.source)] ??= []).push({ range: rangeOf(span), newText: text });
  return changes;
}
