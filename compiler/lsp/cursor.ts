// Where a cursor is in a text that is being written, and so is hardly ever right: a word is put where the cursor stands, the
// text up to there is read by a parser that goes on after mistakes, and the word is looked for in what it makes of it.

import { isMap, isScalar, isSeq, parseDocument, type Node, type Pair } from 'yaml';
import type { Path } from './language.ts';

export interface Cursor {
  /** The keys that lead to the map, list or value in which the cursor is. */
  readonly path: Path;
  /** Whether a key is being written, or a value. */
  readonly at: 'key' | 'value';
  /** The text of the key or value up to the cursor. */
  readonly typed: string;
  /** Of a key: those written beside it, the ones behind the cursor included. */
  readonly beside: ReadonlySet<string>;
  /** Of a value: whether it is an item of a list. */
  readonly inList: boolean;
}

const word = 'netloomCursorIsHere';
/** Behind the cursor nobody looks further for keys beside it. */
const mostBehind = 2000;
/** Of a longer text before the cursor only what leads to it is read. */
const mostBefore = 4000;

/** Undefined where the cursor is in a comment, or where YAML finds no place for a word. */
export function cursorIn(text: string, offset: number): Cursor | undefined {
  const before = contextOf(text.slice(0, offset));
  const found = find(before + word);
  if (found?.at !== 'key') return found;
  // Keys behind the cursor count too, where the text can be read with them.
  const whole = find(before + word + text.slice(offset, offset + mostBehind));
  const same = whole?.at === 'key' && whole.path.join('\n') === found.path.join('\n');
  return same ? { ...found, beside: new Set([...found.beside, ...whole.beside]) } : found;
}

/** The section that the text ends in, without the entries before the last: the keys that lead to the end are the same. */
function contextOf(text: string): string {
  const lines = text.split('\n');
  const head = lines.findLastIndex((line, index) => index < lines.length - 1 && /^[^\s#}\]]/.test(line));
  const indent = /^ +/.exec(lines[head + 1] ?? '')?.[0];
  if (text.length <= mostBefore || head < 0 || indent === undefined || !lines.at(-1)?.startsWith(indent)) return text;
  const entry = lines.findLastIndex((line) => line.startsWith(indent) && /^[^\s#}\]]/.test(line.slice(indent.length)));
  return [lines[head] ?? '', ...lines.slice(Math.max(entry, head + 1))].join('\n');
}

function find(text: string): Cursor | undefined {
  try {
    const { contents } = parseDocument(text, { version: '1.2', uniqueKeys: false, resolveKnownTags: false, prettyErrors: false, logLevel: 'silent' });
    return contents === null ? undefined : findIn(contents, [], false);
  } catch {
    // Nested too deeply for the parser.
    return undefined;
  }
}

function findIn(node: Node, path: Path, inList: boolean): Cursor | undefined {
  if (isScalar(node)) {
    const typed = typedIn(node);
    // A lone word at the top will be a key.
    return typed === undefined ? undefined : { path, at: path.length === 0 ? 'key' : 'value', typed, beside: new Set(), inList };
  }
  if (isSeq(node)) return firstOf(node.items as readonly Node[], (item) => findIn(item, path, true));
  if (!isMap(node)) return undefined;
  const pairs = node.items as readonly Pair<Node | null, Node | null>[];
  return firstOf(pairs, ({ key, value }) => {
    const typed = isScalar(key) ? typedIn(key) : undefined;
    if (typed !== undefined) return { path, at: 'key', typed, beside: new Set(pairs.map(nameOf).filter((name) => !name.includes(word))), inList };
    return value === null ? undefined : findIn(value, [...path, nameOf({ key })], false);
  });
}

/** Before the word, where it is part of a scalar. */
function typedIn({ value }: { readonly value: unknown }): string | undefined {
  const at = typeof value === 'string' ? value.indexOf(word) : -1;
  return at < 0 ? undefined : String(value).slice(0, at);
}

const nameOf = ({ key }: Pick<Pair<Node | null, Node | null>, 'key'>): string => (isScalar(key) ? String(key.value) : '');

function firstOf<T, Found>(items: readonly T[], search: (item: T) => Found | undefined): Found | undefined {
  for (const item of items) {
    const found = search(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
