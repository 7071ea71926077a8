// What the `yaml` package finds wrong with a text, in our own words and at the place that is to blame: where a bracket
// was opened and not where the file ended, the line that is indented wrong and not the value it was swallowed by.

import { isCollection, isMap, isScalar, isSeq } from 'yaml';
import type { Document, ErrorCode, Node, Pair, YAMLError, YAMLMap } from 'yaml';
import type { Report } from '../source/catalog.ts';
import { catalog } from '../source/catalog.ts';
import type { Related } from '../source/diagnostic.ts';
import type { Source, Span } from '../source/source.ts';
import { lineText, linesOf, positionAt } from '../source/source.ts';
import { colonHelp } from './tree.ts';

/** A text with more mistakes of syntax than this is no spec; nobody reads on. */
const mostProblems = 50;

/** Reports each mistake once: after the first one on a line the rest of that line only suffers from it. */
export function reportSyntax(source: Source, document: Document.Parsed, problems: readonly YAMLError[], report: Report): void {
  const { text } = source;
  const seen = new Set<number>();
  const open = document.contents === null ? [] : unclosed(document.contents, text);

  const once = (start: number, end: number): Span | undefined => {
    const { line } = positionAt(source, start);
    if (seen.has(line)) return undefined;
    seen.add(line);
    return { source, start, end: Math.max(end, start + 1) };
  };

  const say = (problem: YAMLError): void => {
    const [start] = problem.pos;
    const { code, message } = problem;
    const before = text.slice(Math.max(0, start - 80), start + 1).trimEnd();
    const at = start + (/^(?:\s|#[^\r\n]*(?=[\r\n]))*/.exec(text.slice(start))?.[0].length ?? 0);
    const token = /^[^\s,:[\]{}]+|^\S/.exec(text.slice(at, at + 60))?.[0] ?? '';
    const here = (): Span | undefined => once(at, at + token.length);

    const quote = open.find((place) => place.kind === 'quote' && start >= place.start);
    const bracket = open.find((place) => place.kind === 'bracket' && start >= place.start && start <= place.end + 1);
    if (quote && (code === 'MISSING_CHAR' || code === 'UNEXPECTED_TOKEN' || code === 'MULTILINE_IMPLICIT_KEY')) {
      const span = once(quote.start, quote.start + 1);
      if (span) report(catalog.unclosedQuote, span, { quote: quote.sign });
      // Everything after it was read inside out.
      seen.add(positionAt(source, start).line);
    } else if (bracket) {
      const span = once(bracket.start, bracket.start + 1);
      if (span) report(catalog.unclosedBracket, span, { open: bracket.sign, close: bracket.sign === '{' ? '}' : ']' });
      seen.add(positionAt(source, start).line);
    } else if (/[\s,[{:]\?\s*.?$/.test(before)) {
      const mark = text.lastIndexOf('?', start);
      const span = once(mark, mark + 1);
      if (span) report(catalog.bareQuestionMark, span, {});
    } else if (code === 'TAB_AS_INDENT') {
      const tabs = /^\t+/.exec(text.slice(start))?.[0].length ?? 1;
      const span = once(start, start + tabs);
      if (span) report(catalog.tabIndent, span, {});
    } else if (code === 'BAD_INDENT') {
      const dash = dashAbove(at);
      const span = dash === undefined ? here() : undefined;
      if (dash !== undefined) sayDash(dash);
      else if (span) report(catalog.badIndent, span, { columns: positionAt(source, at).column - 1 }, { related: levelOf(at) });
    } else if (code === 'BLOCK_AS_IMPLICIT_KEY') {
      sayNested(at);
    } else if (code === 'MULTILINE_IMPLICIT_KEY') {
      sayNoColon(at);
    } else if (code === 'MISSING_CHAR' && message.includes('map values')) {
      sayNoColon(at);
    } else if (code === 'BLOCK_IN_FLOW' && /^[^,\r\n]*\s[^\s:,]+:/.test(text.slice(at, at + 200))) {
      const [, skipped = '', key = ''] = /^([^,\r\n]*\s)([^\s:,]+):/.exec(text.slice(at, at + 200)) ?? [];
      const span = once(at + skipped.length, at + skipped.length + key.length);
      if (span) report(catalog.missingComma, span, { text: key });
    } else if (code === 'MISSING_CHAR' && message.includes(', ')) {
      const span = here();
      if (span) report(catalog.missingComma, span, { text: token });
    } else if (code === 'BAD_SCALAR_START') {
      const span = once(start, start + 1);
      if (span) report(catalog.reservedCharacter, span, { character: text.charAt(start) });
    } else if (code === 'BAD_DQ_ESCAPE') {
      const span = once(start, start + 2);
      if (span) report(catalog.badEscape, span, { escape: text.slice(start, start + 2) });
    } else if (code === 'TAG_RESOLVE_FAILED') {
      const span = once(start, problem.pos[1]);
      if (span) report(catalog.tag, span, { tag: text.slice(start, problem.pos[1]) });
    } else if (code === 'IMPOSSIBLE') {
      // What the package says of a list as a key below a comment.
      const span = here();
      if (span) report(catalog.keyNotText, span, {});
    } else if (code === 'UNEXPECTED_TOKEN') {
      const span = here();
      if (span) report(catalog.unexpectedText, span, { text: token });
    } else {
      const span = here();
      if (span) report(catalog.notYaml, span, { problem: otherProblems[code] ?? 'it cannot be read from here on' });
    }
  };

  const sayNoColon = (at: number): void => {
    sayNoColonAfter(at, firstLine(text, at));
  };

  function sayNoColonAfter(at: number, key: string): void {
    const span = once(at, at + key.length);
    if (span) report(catalog.missingColon, span, { key }, { help: colonHelp(key) });
  }

  /** `a: b: c`, or a line indented so far that it became part of the value above it. */
  function sayNested(at: number): void {
    if (text.charAt(at) === '-') {
      sayDash(at);
      return;
    }
    const line = lineText(source, positionAt(source, at).line);
    const bare = /^(\s*)([\w.-]+)\s+[[{]/.exec(line);
    if (bare) {
      const begin = at - (positionAt(source, at).column - 1) + (bare[1] ?? '').length;
      sayNoColonAfter(begin, bare[2] ?? '');
      return;
    }
    const rest = text.slice(at);
    const value = /^[^\r\n]*/.exec(rest)?.[0] ?? '';
    const next = /^[^\r\n]*(?:\r?\n[ \t]*(?:#[^\r\n]*)?)+/.exec(rest)?.[0].length;
    if (/:(\s|$)/.test(value) || next === undefined) {
      const span = once(at, at + (/^[^\s:]*/.exec(rest)?.[0].length ?? 1));
      if (span) report(catalog.nestedOnOneLine, span, {});
      return;
    }
    const begin = at + next;
    const span = once(begin, begin + (/^[^\s:]+/.exec(text.slice(begin))?.[0].length ?? 1));
    const above = at - (positionAt(source, at).column - 1) + (line.length - line.trimStart().length);
    if (span) report(catalog.badIndent, span, { columns: positionAt(source, begin).column - 1 }, { related: [levelAt(above)] });
    seen.add(positionAt(source, at).line);
  }

  function sayDash(at: number): void {
    const span = once(at, at + 1);
    if (span) report(catalog.unexpectedText, span, { text: '-' }, { help: 'a dash begins an entry of a list, and this is a map: its entries are `key: value`' });
  }

  /** The dash of the line above, where that alone is why a key in its column has no level. */
  function dashAbove(at: number): number | undefined {
    const { line, column } = positionAt(source, at);
    for (let above = line - 1; above > 0; above--) {
      const content = /^( *)(-?)[^\s#]*/.exec(lineText(source, above));
      if (content?.[0].trim() === '' || content?.[2] === undefined) continue;
      return content[2] === '-' && content[1]?.length === column - 1 ? (linesOf(source)[above - 1] ?? 0) + column - 1 : undefined;
    }
    return undefined;
  }

  /** The level that the line at this offset misses: that of the deeper lines right above it, else of the map it was taken into. */
  function levelOf(at: number): readonly Related[] {
    const { line, column } = positionAt(source, at);
    let deeper: number | undefined;
    for (let above = line - 1; above > 0; above--) {
      const content = /^(\s*)[^\s#]/.exec(lineText(source, above));
      if (!content) continue;
      if ((content[1] ?? '').length < column) break;
      deeper = (linesOf(source)[above - 1] ?? 0) + (content[1] ?? '').length;
    }
    const map = document.contents && mapWithKeyAt(document.contents, at);
    const start = deeper ?? map?.range?.[0];
    return start === undefined || start === at ? [] : [levelAt(start)];
  }

  function levelAt(start: number): Related {
    const key = firstLine(text, start).split(/[\s:]/)[0] ?? '';
    return { span: { source, start, end: start + Math.max(1, key.length) }, note: `the level above: indented by ${positionAt(source, start).column - 1}` };
  }

  let astray = false;
  for (const problem of [...problems].sort((a, b) => a.pos[0] - b.pos[0]).slice(0, mostProblems)) {
    // Once a line stands at no level, the lines after it seem to be nowhere too.
    if (astray && ['BAD_INDENT', 'UNEXPECTED_TOKEN', 'BLOCK_AS_IMPLICIT_KEY', 'MULTILINE_IMPLICIT_KEY', 'MISSING_CHAR'].includes(problem.code)) continue;
    say(problem);
    astray ||= ['BAD_INDENT', 'UNEXPECTED_TOKEN', 'TAB_AS_INDENT'].includes(problem.code);
  }
}

const firstLine = (text: string, at: number): string => /^[^\r\n]*/.exec(text.slice(at))?.[0].trimEnd() ?? '';

const otherProblems: Partial<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias cannot have an anchor or a tag of its own',
  BAD_ALIAS: 'an alias or anchor without a name',
  BAD_DIRECTIVE: 'a directive (a line that begins with %) that YAML does not know',
  BAD_PROP_ORDER: 'anchors and tags come before a value, on its line',
  BAD_COLLECTION_TYPE: 'a tag that does not fit its value',
  BLOCK_IN_FLOW: 'inside brackets or braces everything is in brackets or braces',
  KEY_OVER_1024_CHARS: 'a key of more than 1024 characters',
  MULTIPLE_ANCHORS: 'a value has two anchors',
  MULTIPLE_TAGS: 'a value has two tags',
};

function mapWithKeyAt(contents: Node, at: number): YAMLMap | undefined {
  const pending: Node[] = [contents];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (isSeq(node)) pending.push(...(node.items as Node[]));
    if (!isMap(node)) continue;
    for (const { key, value } of node.items as Pair<Node | null, Node | null>[]) {
      if (key?.range?.[0] === at) return node;
      if (value) pending.push(value);
    }
  }
  return undefined;
}

interface Opened {
  readonly kind: 'quote' | 'bracket';
  readonly sign: string;
  readonly start: number;
  readonly end: number;
}

/** Brackets that no closing one follows, and quotes that end where something else was meant to begin; innermost last. */
function unclosed(contents: Node, text: string): readonly Opened[] {
  const found: Opened[] = [];
  const pending: Node[] = [contents];
  for (let node = pending.pop(); node; node = pending.pop()) {
    const [start, end] = node.range ?? [0, 0];
    const sign = text.charAt(start);
    if (isCollection(node) && node.flow === true && text.charAt(end - 1) !== (sign === '{' ? '}' : ']')) {
      found.push({ kind: 'bracket', sign, start, end });
    } else if (isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE')) {
      const raw = text.slice(start, end);
      const closed = raw.length > 1 && raw.endsWith(sign);
      const follows = /^[ \t]*([^\r\n])?/.exec(text.slice(end))?.[1];
      if (!closed || (/[\r\n]/.test(raw) && follows !== undefined && !',]}:#'.includes(follows))) found.push({ kind: 'quote', sign, start, end });
    }
    if (isSeq(node)) pending.push(...(node.items as Node[]).reverse());
    else if (isMap(node)) {
      for (const { key, value } of [...(node.items as Pair<Node | null, Node | null>[])].reverse()) {
        if (value) pending.push(value);
        if (key) pending.push(key);
      }
    }
  }
  return found;
}
