// A diagnostic as a person reads it: what is wrong, the lines of the file it is about with the places marked, and what
// to do. Marks in one file share a frame; every other file has its own.

import { layOut } from './columns.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Source, Span } from './source.ts';
import { linesOf, lineText, positionAt } from './source.ts';

export interface RenderOptions {
  /** Colours for a terminal. */
  readonly color?: boolean;
}

interface Mark {
  readonly span: Span;
  readonly note: string;
  readonly primary: boolean;
}

/** Beyond this many UTF-16 units a line is cut to the part around its first mark. */
const longestLine = 160;
const cutTo = 110;
const beforeMark = 40;

type Paint = (text: string, style: 'red' | 'yellow' | 'blue' | 'cyan' | 'bold') => string;

const styles = { red: '1;31', yellow: '1;33', blue: '34', cyan: '36', bold: '1' };

/** Text with a code frame; ends with a line break. */
export function render(diagnostic: Diagnostic, { color = false }: RenderOptions = {}): string {
  const paint: Paint = color ? (text, style) => `\u001B[${styles[style]}m${text}\u001B[0m` : (text) => text;
  const tone = ({ error: 'red', warning: 'yellow', note: 'cyan' } as const)[diagnostic.severity];
  const marks: readonly Mark[] = [
    { span: diagnostic.span, note: diagnostic.label, primary: true },
    ...diagnostic.related.map(({ span, note }) => ({ span, note, primary: false })),
  ];
  const sources = new Map<Source, Mark[]>();
  for (const mark of marks) {
    const group = sources.get(mark.span.source);
    if (group) group.push(mark);
    else sources.set(mark.span.source, [mark]);
  }
  const widest = Math.max(...marks.map(({ span }) => positionAt(span.source, span.start).line));
  const gutter = Math.max(2, String(widest).length);

  const lines = [`${paint(`${diagnostic.severity}[${diagnostic.code}]`, tone)}: ${paint(printable(diagnostic.message), 'bold')}`];
  for (const [source, group] of sources) lines.push(...frame(source, group, gutter, tone, paint));
  if (diagnostic.help !== undefined) lines.push(`${paint('help', 'cyan')}: ${printable(diagnostic.help)}`);
  return `${lines.join('\n')}\n`;
}

/** A user's own words may hold anything; what reaches the terminal may not. */
const printable = (text: string): string => text.split('\n').map((line) => layOut(line).shown).join('\n');

function frame(source: Source, marks: readonly Mark[], gutter: number, tone: 'red' | 'yellow' | 'cyan', paint: Paint): string[] {
  const byLine = new Map<number, Mark[]>();
  for (const mark of marks) {
    const { line } = positionAt(source, mark.span.start);
    const others = byLine.get(line);
    if (others) others.push(mark);
    else byLine.set(line, [mark]);
  }
  const first = marks[0];
  const head = first === undefined ? '' : terminalPosition(source, first.span.start);
  const bar = paint('│', 'blue');
  const margin = ' '.repeat(gutter);
  const lines = [`${margin}${paint('┌─', 'blue')} ${printable(source.path)}:${head}`];
  for (const [line, own] of [...byLine].sort(([a], [b]) => a - b)) {
    const sorted = [...own].sort((a, b) => a.span.start - b.span.start);
    // Of a file that is not there, or holds nothing, there is no line to show.
    if (source.text === '') continue;
    const { shown, place } = excerpt(source, line, sorted[0]?.span.start ?? 0);
    lines.push(`${paint(String(line).padStart(gutter), 'blue')}${bar}${shown === '' ? '' : ` ${shown}`}`);
    for (const mark of sorted) {
      const from = place(mark.span.start);
      const width = Math.max(1, place(mark.span.end) - from);
      const signs = paint((mark.primary ? '^' : '─').repeat(width), mark.primary ? tone : 'blue');
      lines.push(`${margin}${bar} ${' '.repeat(from)}${signs}${mark.note === '' ? '' : ` ${printable(mark.note)}`}`);
    }
  }
  return lines;
}

/** Line and column as the frame shows them: tabs expanded, wide characters counted twice. */
function terminalPosition(source: Source, offset: number): string {
  const { line, column } = positionAt(source, offset);
  const start = linesOf(source)[line - 1] ?? 0;
  const before = source.text.slice(start, offset);
  // Measuring megabytes of one line would take longer than anyone wants to wait for a number.
  return `${line}:${before.length > 10_000 ? column : (layOut(before).columns.at(-1) ?? 0) + 1}`;
}

/** A line as it is shown, whole or cut, and the column (from 0) at which an offset stands in it. */
function excerpt(source: Source, line: number, firstMark: number): { shown: string; place: (offset: number) => number } {
  const start = linesOf(source)[line - 1] ?? 0;
  const text = lineText(source, line);
  let from = 0;
  let to = text.length;
  if (text.length > longestLine) {
    from = Math.max(0, Math.min(firstMark - start - beforeMark, text.length - cutTo));
    to = Math.min(text.length, from + cutTo);
    if (splitsPair(text, from)) from--;
    if (splitsPair(text, to)) to++;
  }
  const lead = from > 0 ? '…' : '';
  const { shown, columns } = layOut(text.slice(from, to));
  const place = (offset: number): number => {
    const unit = Math.max(0, Math.min(offset - start, to) - from);
    return lead.length + (columns[unit] ?? columns.at(-1) ?? 0);
  };
  return { shown: `${lead}${shown}${to < text.length ? '…' : ''}`, place };
}

const splitsPair = (text: string, at: number): boolean => /^[\uDC00-\uDFFF]/.test(text.charAt(at)) && /^[\uD800-\uDBFF]/.test(text.charAt(at - 1));
