// A spec in its usual form: two blanks a level, one after a colon and a comma, `{ a: 1 }` and `[1, 2]`, no two empty
// lines, and the layers of a group, from one empty line to the next, lined up. Only blanks and line ends change: words,
// numbers, order, quotes, line breaks and comments stay as written, and a comment behind a line keeps its column
// where the line leaves it free.
//
// The text's own tokens (YAML's concrete syntax tree) are put down again with other blanks between them. Before the result is
// given out it is read back and held against the original.

import { isDeepStrictEqual } from 'node:util';
import { parseAllDocuments, Parser, type CST } from 'yaml';
import { collect, type Report } from '../source/catalog.ts';
import type { Source } from '../source/source.ts';
import { readYaml } from './yaml.ts';

/** A token, and where it would stand if it began a line. */
interface Piece {
  readonly type: string;
  readonly text: string;
  readonly offset: number;
  readonly level: number;
  /** Of the colon after a layer's name: the map whose layers are lined up. */
  readonly aligned?: object;
}

interface Line {
  code: string;
  comment: string;
  /** The column the comment had. */
  column: number;
  /** Where blanks go in to line the layer up. */
  alignAt: number;
  alignWith: object | undefined;
  /** Text of a value over several lines: not to be touched. */
  readonly raw: boolean;
}

/**
 * The text of a spec in its usual form, the same text for one that has it. Undefined after reporting that it is not YAML.
 * @throws Error where the result would not mean the same: a mistake of ours
 */
export function format(source: Source, report: Report): string | undefined {
  const { report: tell, diagnostics } = collect();
  readYaml(source, tell);
  if (diagnostics.some(({ severity }) => severity === 'error')) {
    readYaml(source, report);
    return undefined;
  }
  const text = print(piecesOf(source.text), source.text);
  if (!meansTheSame(source.text, text)) throw new Error(`formatting ${source.path} would change what it says`);
  return text;
}

function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  const put = (tokens: readonly CST.SourceToken[] | undefined, level: number, aligned?: object): void => {
    for (const { type, source, offset } of tokens ?? []) {
      pieces.push({ type, text: source, offset, level, ...(aligned !== undefined && type === 'map-value-ind' ? { aligned } : {}) });
    }
  };
  const walk = (token: CST.Token | null | undefined, level: number, path: readonly string[]): void => {
    if (!token) return;
    switch (token.type) {
      case 'document':
        put(token.start, 0);
        walk(token.value, 0, path);
        put(token.end, 0);
        return;
      case 'block-map':
      case 'block-seq':
        for (const item of token.items) {
          const { start, key, sep, value } = item;
          const name = key && 'source' in key ? key.source : '';
          put(start, level);
          walk(key, level, path);
          // `layers` of the spec, or of one of its blocks.
          const layers = path.at(-1) === 'layers' && (path.length === 1 || path[0] === 'blocks');
          put(sep, level + 1, layers && isFlowMapOnOneLine(sep, value) ? token : undefined);
          walk(value, level + 1, [...path, name]);
        }
        return;
      case 'flow-collection':
        put([token.start], level);
        for (const { start, key, sep, value } of token.items) {
          put(start, level);
          walk(key, level + 1, []);
          put(sep, level + 1);
          walk(value, level + 1, []);
        }
        put(token.end, level);
        return;
      case 'block-scalar':
        for (const prop of token.props) walk(prop, level, path);
        pieces.push({ type: 'block-scalar', text: token.source, offset: token.offset, level });
        return;
      case 'alias':
      case 'scalar':
      case 'single-quoted-scalar':
      case 'double-quoted-scalar':
        pieces.push({ type: token.type, text: token.source, offset: token.offset, level });
        put(token.end, level);
        return;
      case 'doc-end':
        pieces.push({ type: token.type, text: token.source, offset: token.offset, level });
        put(token.end, level);
        return;
      default:
        if ('source' in token) pieces.push({ type: token.type, text: token.source, offset: token.offset, level });
    }
  };
  for (const token of new Parser().parse(text)) walk(token, 0, []);
  return pieces.filter(({ type }) => type !== 'byte-order-mark');
}

function isFlowMapOnOneLine(sep: readonly CST.SourceToken[] | undefined, value: CST.Token | null | undefined): boolean {
  if (value?.type !== 'flow-collection' || value.start.source !== '{') return false;
  return !(sep ?? []).some(({ type }) => type === 'newline') && !hasBreak(value);
}

/** Whether a line ends inside of a value; what ends after it does not count. */
function hasBreak(token: CST.Token | null | undefined): boolean {
  if (!token) return false;
  if (token.type !== 'flow-collection') return 'source' in token && /[\r\n]/.test(token.source);
  const breaks = (tokens: readonly CST.SourceToken[] | undefined): boolean => (tokens ?? []).some(({ type }) => type === 'newline');
  // What follows a scalar inside of the braces stands in its own `end`.
  const after = (inner: CST.Token | null | undefined): boolean => !!inner && 'end' in inner && breaks(inner.end);
  return token.items.some(({ start, key, sep, value }) => breaks(start) || breaks(sep) || [key, value].some((inner) => hasBreak(inner) || after(inner)));
}

function print(pieces: readonly Piece[], original: string): string {
  const lines: Line[] = [];
  const open = (code = '', raw = false): Line => {
    const line: Line = { code, comment: '', column: 0, alignAt: -1, alignWith: undefined, raw };
    lines.push(line);
    return line;
  };
  let line = open();
  let previous = '';
  for (const { type, text, offset, level, aligned } of pieces) {
    const indent = '  '.repeat(level);
    if (type === 'space') continue;
    if (type === 'newline') {
      line = open();
      previous = '';
    } else if (type === 'block-scalar') {
      lines.pop();
      for (const content of blockLines(text, indent)) open(content, true);
      line = open();
      previous = '';
    } else if (type === 'comment') {
      if (line.code === '' && previous === '') line.code = indent;
      line.comment = text.trimEnd();
      line.column = columnOf(original, offset);
    } else {
      const [first = '', ...rest] = text.split(/\r?\n/);
      line.code += previous === '' ? indent + first : blankBetween(previous, type) + first;
      for (const more of rest) line = open(more.trim() === '' ? '' : indent + more.trimStart(), true);
      if (aligned !== undefined) {
        line.alignAt = line.code.length;
        line.alignWith = aligned;
      }
      previous = type;
    }
  }
  lineUp(lines);
  const shown = lines.map((one) => ({ raw: one.raw, text: one.raw ? `${one.code}${withComment(one)}` : `${one.code}${withComment(one)}`.trimEnd() }));
  const kept = shown.filter(({ raw, text }, index) => raw || text !== '' || (index > 0 && shown[index - 1]?.text !== ''));
  return `${kept.map(({ text }) => text).join('\n').trimEnd()}\n`;
}

/** A comment at the column it had, if the line leaves it free. */
function withComment({ code, comment, column }: Line): string {
  if (comment === '') return '';
  return code.trim() === '' ? comment : ' '.repeat(Math.max(1, column - code.length)) + comment;
}

function columnOf(text: string, offset: number): number {
  const start = Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1;
  return offset - start;
}

/** Puts blanks after the names of layers that follow each other line by line. Comments between them do not part them. */
function lineUp(lines: readonly Line[]): void {
  let group: Line[] = [];
  const close = (): void => {
    const widest = Math.max(...group.map(({ alignAt }) => alignAt));
    for (const one of group) one.code = one.code.slice(0, one.alignAt) + ' '.repeat(widest - one.alignAt) + one.code.slice(one.alignAt);
    group = [];
  };
  for (const one of lines) {
    if (one.code.trim() === '' && one.comment !== '') continue;
    if (one.alignWith === undefined || one.alignWith !== group[0]?.alignWith) close();
    if (one.alignWith !== undefined) group.push(one);
  }
  close();
}

function blankBetween(before: string, after: string): string {
  if (after === 'map-value-ind' || after === 'comma' || after === 'flow-seq-end' || before === 'flow-seq-start') return '';
  if (before === 'flow-map-start' && after === 'flow-map-end') return '';
  return ' ';
}

/** The lines of a block of text, moved as a whole. Lines of blanks only are empty unless they are longer than its indent. */
function blockLines(text: string, indent: string): readonly string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const first = lines.find((line) => line.trim() !== '') ?? '';
  const old = first.length - first.trimStart().length;
  return lines.map((line) => (line.slice(old) === '' ? '' : indent + line.slice(old)));
}

/** Whether two texts hold the same words in the same order, and the same values. */
function meansTheSame(before: string, after: string): boolean {
  const words = (text: string): readonly string[] =>
    piecesOf(text)
      .filter(({ type }) => type !== 'space' && type !== 'newline')
      .map(({ type, text: word }) => (/[\r\n]/.test(word) ? type : `${type} ${type === 'comment' ? word.trimEnd() : word}`));
  const values = (text: string): unknown => parseAllDocuments(text, { uniqueKeys: false, logLevel: 'silent' }).map((document) => document.toJS({ maxAliasCount: -1 }) as unknown);
  return isDeepStrictEqual(words(before), words(after)) && isDeepStrictEqual(values(before), values(after));
}
