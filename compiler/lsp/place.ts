// Places as editors count them, lines and UTF-16 units from 0, and as spans of a source.

import type { Location, Position, Range } from 'vscode-languageserver/node';
import { pathToFileURL } from 'node:url';
import { offsetAt as offsetOf, positionAt as positionOf, type Source, type Span } from '../source/source.ts';

/** Where an offset stands. */
export function positionAt(source: Source, offset: number): Position {
  const { line, column } = positionOf(source, offset);
  return { line: line - 1, character: column - 1 };
}

/** The offset of a place; of one that is not there, the nearest before it. */
export function offsetAt(source: Source, { line, character }: Position): number {
  return offsetOf(source, { line: line + 1, column: character + 1 });
}

export function rangeOf({ source, start, end }: Span): Range {
  return { start: positionAt(source, start), end: positionAt(source, Math.max(start, end)) };
}

/** A source's URI: its path is one where an editor holds a text that is no file. */
export function uriOf({ path }: Source): string {
  return /^[a-z][\w+.-]+:/i.test(path) ? path : pathToFileURL(path).href;
}

export function locationOf(span: Span): Location {
  return { uri: uriOf(span.source), range: rangeOf(span) };
}

/** Whether an offset lies in a span or at one of its ends, as a cursor does. */
export function touches({ start, end }: Pick<Span, 'start' | 'end'>, offset: number): boolean {
  return start <= offset && offset <= end;
}
