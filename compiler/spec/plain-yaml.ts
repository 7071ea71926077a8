// The YAML that specs are written in, read at once: maps by indentation, lists, braces and brackets, words without quotes
// or in quotes that hide nothing. Of all YAML that is little, and reading it as all of YAML would be most of what a check
// costs. Whatever else a text holds, and whatever is wrong in it, is left to the `yaml` package: nothing is judged here.
// What is read here is to the character what `yaml.ts` makes of it, which a test holds against it.

import type { Source } from '../source/source.ts';
import type { Written, WrittenEntry } from './document.ts';
import type { Tree } from './tree.ts';

/** Where all of YAML is needed; thrown, since it is found deep inside, and caught below. */
const otherYaml = new Error('not read here');

/** Far from what is an error. */
const deepest = 20;

/** A key and its colon; what is no such word is seldom a key. */
const key = /[A-Za-z_][\w.-]{0,99}:(?=[ \n])/y;
const first = String.raw`(?:[^\s,[\]{}#&*!|>'"%@\`:?-]|-(?=[\d.])|\?(?=[x×]))`;
const blockWord = new RegExp(String.raw`${first}(?: *(?:[^\s:#]|:(?=\S)|(?<=\S)#))*`, 'y');
const flowWord = new RegExp(String.raw`${first}(?: *(?:[^\s:#,[\]{}]|:(?=[^\s,[\]{}])|(?<=\S)#))*`, 'y');
const quoted = /"[^"\\\n]*"|'[^'\n]*'(?!')/y;
const blanks = / */y;
const lineEnd = / *(?:(?<= )#[^\n]*)?\n/y;
const flowBlank = /(?:[ \n]|(?<=[ \n])#[^\n]*)*/y;

const isNull = /^(?:~|[nN]ull|NULL)$/;
const isTrue = /^(?:[tT]rue|TRUE)$/;
const isFalse = /^(?:[fF]alse|FALSE)$/;
const isWhole = /^[-+]?\d+$/;
const isFraction = /^[-+]?(?:(?:\.\d+|\d+\.\d*)|(?:\.\d+|\d+(?:\.\d*)?)[eE][-+]?\d+)$/;
/** Words that YAML takes for numbers, and no spec has. */
const isStrange = /^(?:0o[0-7]+|0x[\da-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/** The tree of a text in which all is plain and nothing wrong; undefined where that is not certain. */
export function readPlainYaml(source: Source): Tree | undefined {
  if (/[\t\r\uFEFF]/.test(source.text)) return undefined;
  try {
    return { root: makeRoot(source), flawed: new Set() };
  } catch (thrown) {
    if (thrown === otherYaml) return undefined;
    throw thrown;
  }
}

function makeRoot(source: Source): Written {
  const text = source.text.endsWith('\n') ? source.text : `${source.text}\n`;
  /** The next character, and how far in its line begins. */
  let at = 0;
  let indent = 0;
  let depth = 0;

  const written = (value: Written['value'], start: number, end: number): Written => ({ value, span: { source, start, end } });

  const fail = (): never => {
    throw otherYaml;
  };

  /** Where a pattern ends that begins at the next character. */
  function match(pattern: RegExp): number | undefined {
    pattern.lastIndex = at;
    return pattern.test(text) ? pattern.lastIndex : undefined;
  }

  /** To the first character of the next line that holds anything. */
  function skipLines(): void {
    for (let line = at; ; line = text.indexOf('\n', at) + 1) {
      at = line;
      at = match(blanks) ?? line;
      indent = at - line;
      if (text[at] !== '#' && text[at] !== '\n') return;
    }
  }

  const isOver = (): boolean => at >= text.length;

  function blockMap(column: number): Written {
    const start = at;
    const entries = new Map<string, WrittenEntry>();
    let end = start;
    while (!isOver() && indent === column) end = readEntry(entries, () => blockValue(column));
    return written(entries, start, end);
  }

  function blockList(column: number): Written {
    const start = at;
    const items: Written[] = [];
    let end = start;
    while (!isOver() && indent === column && text.startsWith('- ', at)) {
      at++;
      at = match(blanks) ?? at;
      const item = lineValue(column);
      items.push(item);
      end = item.span.end;
    }
    return written(items, start, end);
  }

  /** What a key in this column stands for. */
  function blockValue(column: number): Written {
    const place = at;
    const end = match(lineEnd);
    if (end === undefined) return lineValue(column);
    at = end;
    skipLines();
    if (!isOver() && indent >= column && text.startsWith('- ', at)) return deeper(() => blockList(indent));
    return !isOver() && indent > column ? deeper(() => blockMap(indent)) : written(null, place, place);
  }

  /** A value, behind which its line ends. */
  function lineValue(column: number): Written {
    const found = readValue(blockWord, column);
    at = match(lineEnd) ?? fail();
    skipLines();
    return found;
  }

  function readValue(word: RegExp, column: number): Written {
    const start = at;
    const opening = text[start];
    if (opening === '{') return deeper(() => flowMap(column));
    if (opening === '[') return deeper(() => flowList(column));
    const isQuoted = opening === '"' || opening === "'";
    at = match(isQuoted ? quoted : word) ?? fail();
    const found = text.slice(start, at);
    if (isQuoted) return written(found.slice(1, -1), start, at);
    // `= max(3, 4)` without quotes, which YAML cuts at the comma.
    if (word === flowWord && found.split('(').length > found.split(')').length) fail();
    return written(valueOf(found), start, at);
  }

  function flowMap(column: number): Written {
    const start = at;
    const entries = new Map<string, WrittenEntry>();
    const value = (): Written => (text[at] === ',' || text[at] === '}' ? written(null, at, at) : readValue(flowWord, column));
    for (let more = flowGoesOn('}', column); more; more = flowGoesOn('}', column, true)) readEntry(entries, value);
    return written(entries, start, at);
  }

  function flowList(column: number): Written {
    const start = at;
    const items: Written[] = [];
    for (let more = flowGoesOn(']', column); more; more = flowGoesOn(']', column, true)) items.push(readValue(flowWord, column));
    return written(items, start, at);
  }

  /** From the opening sign, or from behind a value, to the next value; past the closing sign where there is none. */
  function flowGoesOn(close: string, column: number, behindValue = false): boolean {
    if (behindValue) skipFlowBlank(column);
    if (!behindValue || text[at] === ',') {
      at++;
      skipFlowBlank(column);
    } else if (text[at] !== close) {
      fail();
    }
    if (text[at] !== close) return true;
    at++;
    return false;
  }

  /** Over blanks, comments and ends of lines; what braces hold stands further in than what holds the braces. */
  function skipFlowBlank(column: number): void {
    const from = at;
    at = match(flowBlank) ?? from;
    const line = text.lastIndexOf('\n', at - 1) + 1;
    if (line > from && at - line <= column) fail();
  }

  /** Adds a key and its value, and returns where that ends. */
  function readEntry(entries: Map<string, WrittenEntry>, value: () => Written): number {
    const start = at;
    const end = (match(key) ?? fail()) - 1;
    const name = text.slice(start, end);
    if (entries.has(name)) fail();
    at = end + 1;
    at = match(blanks) ?? at;
    const entry = { key: { source, start, end }, value: value() };
    entries.set(name, entry);
    return entry.value.span.end;
  }

  function deeper(read: () => Written): Written {
    if (++depth > deepest) fail();
    const found = read();
    depth--;
    return found;
  }

  skipLines();
  if (isOver()) fail();
  const root = blockMap(0);
  // A line further in or out than any map around it is left over.
  return isOver() ? root : fail();
}

/** A word's value by YAML's core schema. */
function valueOf(word: string): string | number | boolean | null {
  if (isWhole.test(word)) return parseInt(word, 10);
  if (isFraction.test(word)) return parseFloat(word);
  if (isStrange.test(word)) throw otherYaml;
  return isNull.test(word) ? null : isTrue.test(word) ? true : isFalse.test(word) ? false : word;
}
