// Reads a text again after an edit. Reading YAML is most of what a check costs, and most edits stay within one layer: then
// only that layer's lines are read, and the rest of the tree is moved to where it stands now. Where it is not certain that
// reading everything would give the same tree, nothing is returned and everything is read.

import { collect } from '../source/catalog.ts';
import type { Source, Span } from '../source/source.ts';
import type { Written, WrittenEntry } from '../spec/document.ts';
import type { Tree } from '../spec/tree.ts';
import { entriesOf } from '../spec/place.ts';
import { readYaml } from '../spec/yaml.ts';
import { editBetween, type TextEdit } from './edit.ts';

type Entries = ReadonlyMap<string, WrittenEntry>;

/** An anchor or an alias, perhaps: what one layer says may then stand in another. */
const anchors = /(^|[\s,[{:])[&*][^\s,\]}]/;
/** What ends a document or reaches beyond it, and tabs, which YAML counts differently from place to place. */
const unsafe = /^(---|\.\.\.|%)|\t|\uFEFF/m;
/** Near the largest size that a file may have, whether it has it is found by reading everything. */
const mostCharacters = 3_900_000;

/** The tree of `source`, from that of a text without mistakes of YAML's, or from the same text read for another; undefined where everything has to be read. */
export function reread(before: Tree, source: Source): Tree | undefined {
  const old = before.root.span.source;
  const entries = entriesOf(before.root);
  const edit = editBetween(old.text, source.text);
  if (!entries || before.flawed.size > 0 || source.text.length > mostCharacters || anchors.test(source.text) || anchors.test(old.text)) return undefined;
  if (!edit) return { root: moveValue(before.root, ({ start, end }) => ({ source, start, end })), flawed: new Set() };
  const found = partAround(entries, old, edit);
  if (!found) return undefined;
  const { section, first, after, start, end, column } = found;
  const grown = edit.newEnd - edit.oldEnd;
  const fragment: Source = { path: source.path, text: source.text.slice(start, end + grown) };
  if (unsafe.test(fragment.text)) return undefined;
  const fresh = readEntries(fragment, column);
  const siblings = [...(entriesOf(section) ?? [])];
  const kept = [...siblings.slice(0, first), ...siblings.slice(after)];
  if (!fresh || fresh.size + kept.length === 0 || kept.some(([key]) => fresh.has(key))) return undefined;

  const move = (span: Span): Span => {
    if (span.source === fragment) return { source, start: span.start + start, end: span.end + start };
    const shift = span.start >= end ? grown : 0;
    return { source, start: span.start + shift, end: span.end + shift };
  };
  const children = new Map([...siblings.slice(0, first), ...fresh, ...siblings.slice(after)].map(([key, entry]) => [key, moveEntry(entry, move)]));
  const parts = [...children.values()];
  const moved = new Map(
    [...entries].map(([key, entry]) => {
      if (entry.value !== section) return [key, moveEntry(entry, move)];
      const span = { source, start: parts[0]?.key.start ?? start, end: endOf(parts, source) };
      return [key, { key: move(entry.key), value: { value: children, span } }];
    }),
  );
  const rootSpan = { source, start: before.root.span.start, end: endOf([...moved.values()], source) };
  return { root: { value: moved, span: rootSpan }, flawed: new Set() };
}

/** A map ends with its last value. */
function endOf(entries: readonly WrittenEntry[], source: Source): number {
  const last = entries.at(-1);
  return last === undefined ? source.text.length : last.value.span.end;
}

interface Part {
  /** The map in which the edit lies, such as that of all layers. */
  readonly section: Written;
  /** The first of its entries that the edit touches, and the first behind it. */
  readonly first: number;
  readonly after: number;
  /** Whole lines of the old text that hold those entries and no others. */
  readonly start: number;
  readonly end: number;
  /** Where its keys stand in their lines, from 0. */
  readonly column: number;
}

/** The entries of a map below the root in which an edit lies; undefined where it reaches beyond, or they share a line. */
function partAround(entries: Entries, { text }: Source, edit: TextEdit): Part | undefined {
  const tops = [...entries.values()];
  const at = tops.findLastIndex(({ key }) => key.start < edit.start);
  const top = tops[at];
  const section = top?.value;
  const children = section && [...(entriesOf(section)?.values() ?? [])];
  if (!children || children.length === 0 || text[section.span.start] === '{') return undefined;
  // What is inserted in front of a key may belong to the entry before it.
  const before = children.findLastIndex(({ key }) => key.start < edit.start);
  const first = Math.max(0, before);
  const child = children[first];
  if (!child) return undefined;
  // Where a line break before the next entry goes, so does the border between the two.
  const next = children.findIndex(({ key }, index) => index > first && lineStart(text, key.start) > edit.oldEnd);
  const after = next < 0 ? children.length : next;
  const border = next < 0 ? tops[at + 1] : children[next];
  const line = lineStart(text, child.key.start);
  const start = before < 0 ? Math.min(line, text.indexOf('\n', top.key.end) + 1) : line;
  const end = border ? lineStart(text, border.key.start) : text.length;
  const column = child.key.start - line;
  const ownLine = text.slice(line, child.key.start).trim() === '';
  const inside = edit.start >= start && (border ? edit.oldEnd < end : text.endsWith('\n'));
  return ownLine && inside && column > 0 ? { section, first, after, start, end, column } : undefined;
}

const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1;

/** The entries in a map's lines that begin in this column; undefined where they are not that, or not free of mistakes. */
function readEntries(fragment: Source, column: number): Entries | undefined {
  const { text } = fragment;
  if (!text.endsWith('\n')) return undefined;
  if (/^([ \r]*(#.*)?\n)*$/.test(text)) return new Map();
  const { report, diagnostics } = collect();
  const tree = readYaml(fragment, report);
  const entries = tree && entriesOf(tree.root);
  const [head] = entries?.values() ?? [];
  if (!entries || !head || diagnostics.length > 0 || tree.flawed.size > 0) return undefined;
  const start = lineStart(text, head.key.start);
  return head.key.start - start === column && text.slice(start, head.key.start).trim() === '' ? entries : undefined;
}

function moveEntry({ key, value }: WrittenEntry, move: (span: Span) => Span): WrittenEntry {
  return { key: move(key), value: moveValue(value, move) };
}

function moveValue({ value, span }: Written, move: (span: Span) => Span): Written {
  if (value instanceof Map) {
    const moved = new Map<string, WrittenEntry>();
    // Without a pair for each: these are most of the objects that a key stroke makes.
    (value as Entries).forEach((entry, key) => moved.set(key, moveEntry(entry, move)));
    return { value: moved, span: move(span) };
  }
  if (Array.isArray(value)) return { value: (value as readonly Written[]).map((item) => moveValue(item, move)), span: move(span) };
  return { value, span: move(span) };
}
