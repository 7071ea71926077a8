// Annotations of GitHub Actions: commands in the output of a step, which show beside the lines they are about. A step shows
// ten errors, ten warnings and ten notices and drops the rest, so where there are more the last place sums them up, and those that
// others may follow from come first.
// https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands

import type { Diagnostic, Severity } from '../../source/diagnostic.ts';
import { positionAt, type Span } from '../../source/source.ts';
import { pathFrom } from '../path.ts';
import type { CheckReport } from './report.ts';

/** Annotations of a kind that a step shows. */
const shown = 10;
/** Problems that a sum names. */
const named = 40;

/**
 * @param root the folder that paths are told from: the repository's
 */
export function github({ files, summary }: CheckReport, root: string): string {
  const ranked = files
    .flatMap(({ diagnostics }) => diagnostics.map((diagnostic, rank) => ({ diagnostic, rank })))
    // What keeps a text from being read hides all else in it; then the first of each file, then the second.
    .sort((a, b) => Number(isText(b.diagnostic)) - Number(isText(a.diagnostic)) || a.rank - b.rank)
    .map(({ diagnostic }) => diagnostic);
  const of = (severity: Severity): readonly string[] => annotations(ranked.filter((diagnostic) => diagnostic.severity === severity), severity, root);
  return [...of('error'), ...of('warning'), ...of('note'), summary].map((line) => `${line}\n`).join('');
}

const isText = ({ code }: Diagnostic): boolean => code.startsWith('NL1');

function annotations(diagnostics: readonly Diagnostic[], severity: Severity, root: string): readonly string[] {
  const fits = diagnostics.length <= shown;
  const rest = fits ? [] : diagnostics.slice(shown - 1);
  const first = (fits ? diagnostics : diagnostics.slice(0, shown - 1)).map((diagnostic) => annotation(diagnostic, root));
  const [next] = rest;
  if (next === undefined) return first;
  const lines = rest.slice(0, named).map(({ code, message, span }) => `${placeOf(span, root)} ${code}: ${message}`);
  const more = rest.length > named ? [`and ${rest.length - named} more`] : [];
  const title = `${rest.length} more ${severity}s`;
  return [...first, command(severity, { file: pathFrom(root, next.span.source.path), title }, [`${title}:`, ...lines, ...more].join('\n'))];
}

function annotation({ code, severity, message, span, label, help, related }: Diagnostic, root: string): string {
  const [start, end] = [positionAt(span.source, span.start), positionAt(span.source, span.end)];
  // Columns count within one line only.
  const columns = start.line === end.line ? { col: String(start.column), endColumn: String(end.column) } : {};
  const place = { file: pathFrom(root, span.source.path), line: String(start.line), endLine: String(end.line), ...columns };
  const lines = [
    `${message} (${label})`,
    ...related.map((other) => `${placeOf(other.span, root)}: ${other.note}`),
    ...(help === undefined ? [] : [`help: ${help}`]),
  ];
  return command(severity, { ...place, title: code }, lines.join('\n'));
}

const placeOf = (span: Span, root: string): string => `${pathFrom(root, span.source.path)}:${positionAt(span.source, span.start).line}`;

function command(name: Severity, properties: Readonly<Record<string, string>>, message: string): string {
  const written = Object.entries(properties).map(([key, value]) => `${key}=${escape(value).replaceAll(':', '%3A').replaceAll(',', '%2C')}`);
  return `::${name === 'note' ? 'notice' : name} ${written.join(',')}::${escape(message)}`;
}

const escape = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
