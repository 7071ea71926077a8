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
}

/** A half-open range `[start, end)` of a source's text. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
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
