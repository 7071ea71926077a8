// A text and where things stand in it. Offsets count UTF-16 units, as JavaScript strings do, so that a span
// can be cut out of `text` directly; line and column are derived from them only when something is shown.

export interface Source {
  /** As the user wrote it on the command line, or as a path relative to what the user gave. */
  readonly path: string;
  readonly text: string;
  /**
   * Reads a file named beside this one (`labels`, `extends`). The command gives it the disk, an editor its open
   * buffers, a test an object. Returns undefined where there is no such file.
   */
  readonly read?: (relativePath: string) => Source | undefined;
  /** The names of the files in the folder of that path; to tell which was meant by one that is not there. */
  readonly list?: (relativePath: string) => readonly string[];
  /** Whether that path leads out of the project, where nothing is read. */
  readonly leaves?: (relativePath: string) => boolean;
  /** Where the spec that is built on this one says so: told with whatever is wrong here. */
  readonly extendedBy?: Span;
}

/** A half-open range `[start, end)` of a source's text. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
  /** Where else to look: the line that uses this block, the line of a base that this one changes. Told with what is wrong here. */
  readonly beside?: Beside;
}

export interface Beside {
  readonly span: Span;
  readonly note: string;
  /** Whether it is the line that uses the block in which the place is. */
  readonly uses?: boolean;
}

/** A value and the place where it was written. */
export interface Spanned<T> {
  readonly value: T;
  readonly span: Span;
}

/** A place as people and editors count it: both from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * Offsets at which each line begins, found once for each source. CR LF and LF end a line; so does a CR alone, as editors
 * count them.
 */
const lineStarts = new WeakMap<Source, readonly number[]>();

export function linesOf(source: Source): readonly number[] {
  let starts = lineStarts.get(source);
  if (!starts) {
    const { text } = source;
    const found = [0];
    // To search for one character is many times faster than to look at each.
    if (!text.includes('\r')) for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) found.push(at + 1);
    else for (const { index, 0: end } of text.matchAll(/\r\n?|\n/g)) found.push(index + end.length);
    starts = found;
    lineStarts.set(source, starts);
  }
  return starts;
}

/** A byte order mark is part of the text, but no editor counts it as a column. */
const hiddenUnits = (source: Source, line: number): number => (line === 1 && source.text.startsWith('\uFEFF') ? 1 : 0);

/** Where an offset stands. Offsets past the end stand at the end. */
export function positionAt(source: Source, offset: number): Position {
  const starts = linesOf(source);
  const place = Math.max(0, Math.min(offset, source.text.length));
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= place) low = middle;
    else high = middle - 1;
  }
  const line = low + 1;
  return { line, column: Math.max(1, place - (starts[low] ?? 0) + 1 - hiddenUnits(source, line)) };
}

/** The offset of a position; the end of its line where the line is shorter, the end of the text where there is no such line. */
export function offsetAt(source: Source, position: Position): number {
  const starts = linesOf(source);
  const start = starts[position.line - 1];
  if (start === undefined) return source.text.length;
  return Math.min(start + position.column - 1 + hiddenUnits(source, position.line), start + lineText(source, position.line).length);
}

/** A line without its ending, numbered from 1; empty where there is none. */
export function lineText(source: Source, line: number): string {
  const starts = linesOf(source);
  const start = starts[line - 1];
  if (start === undefined) return '';
  let end = starts[line] ?? source.text.length;
  while (end > start && (source.text.charCodeAt(end - 1) === 10 || source.text.charCodeAt(end - 1) === 13)) end--;
  return source.text.slice(start, end);
}

/** The text a span covers. */
export function textOf(span: Span): string {
  return span.source.text.slice(span.start, span.end);
}
