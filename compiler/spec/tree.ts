// The tree of values behind a spec, each with its place. Aliases are followed here, so that nobody after this meets
// one; what YAML would quietly take for something else (an unquoted comma, a lone `?`) is caught here.

import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { Report } from '../source/catalog.ts';
import { catalog } from '../source/catalog.ts';
import type { Source, Span } from '../source/source.ts';
import type { Written, WrittenEntry } from './document.ts';
import { pairIn } from './meant.ts';

/** Values that all aliases of a file may stand for, together. */
const mostAliased = 100_000;

export interface Tree {
  readonly root: Written;
  /** Values in which a mistake has already been reported: nobody says more about them. */
  readonly flawed: ReadonlySet<Written>;
}

/** Turns a YAML node, errors of syntax already ruled out, into a tree of values; undefined where aliases make it boundless. */
export function makeTree(contents: Node, source: Source, report: Report): Tree | undefined {
  const { text } = source;
  const flawed = new Set<Written>();
  const anchors = new Map<string, Written | 'open'>();
  const sizes = new Map<Written, number>();
  let aliased = 0;

  const spanOf = (node: Node): Span => ({ source, start: node.range?.[0] ?? 0, end: node.range?.[1] ?? 0 });

  function walk(node: Node | null): Written {
    if (node === null || isAlias(node)) return node === null ? { value: null, span: { source, start: 0, end: 0 } } : follow(node.source, spanOf(node));
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) anchors.set(anchor, 'open');
    const written = isMap(node) ? walkMap(node) : isSeq(node) ? walkList(node) : walkScalar(node);
    if (anchor !== undefined) anchors.set(anchor, written);
    return written;
  }

  function follow(name: string, span: Span): Written {
    const target = anchors.get(name);
    const nothing: Written = { value: null, span };
    if (target === undefined || target === 'open') {
      if (target === undefined) report(catalog.unknownAlias, span, { name });
      else report(catalog.aliasOfItself, span, { name });
      flawed.add(nothing);
      return nothing;
    }
    const before = aliased;
    const count = sizes.get(target) ?? 1;
    aliased += count;
    if (aliased <= mostAliased) return target;
    if (before <= mostAliased) report(catalog.aliasesTooMany, span, { limit: mostAliased, count });
    flawed.add(nothing);
    return nothing;
  }

  function walkScalar(node: Scalar): Written {
    const { value } = node;
    const known = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null;
    return keep({ value: known ? value : spanText(spanOf(node)), span: spanOf(node) }, 1);
  }

  function walkList(node: YAMLSeq): Written {
    const items: Written[] = [];
    let broken = false;
    const nodes = node.items as readonly Node[];
    for (let i = 0; i < nodes.length; i++) {
      const item = nodes[i];
      if (item === undefined) continue;
      if (isMap(item) && item.items.length === 1 && isLoneQuestionMark(item.items[0] as Pair<Node | null, Node | null>)) {
        report(catalog.bareQuestionMark, questionMark(spanOf(item)), {});
        broken = true;
      } else if (node.flow === true && opensParenthesis(item) && nodes[i + 1] !== undefined) {
        const rest = nodes.findIndex((other, j) => j > i && spanText(spanOf(other)).includes(')'));
        const last = nodes[rest < 0 ? nodes.length - 1 : rest] ?? item;
        reportComma(spanOf(item), spanOf(last).end);
        broken = true;
        i = rest < 0 ? nodes.length : rest;
      } else {
        items.push(walk(item));
      }
    }
    const written = keep({ value: items, span: { source, start: spanOf(node).start, end: endOf(node, items.at(-1)) } }, total(items));
    if (broken) flawed.add(written);
    return written;
  }

  function walkMap(node: YAMLMap): Written {
    const entries = new Map<string, WrittenEntry>();
    const pairs = node.items as readonly Pair<Node | null, Node | null>[];
    let broken = false;
    let last: Written | undefined;
    for (let i = 0; i < pairs.length; i++) {
      const pair = pairs[i];
      if (pair === undefined) continue;
      const key = keyOf(pair);
      if (key === undefined) {
        broken = true;
        continue;
      }
      if (pair.value === null) {
        report(catalog.missingColon, key.span, { key: key.name }, { help: (node.flow === true ? listHelp(pairs, i) : undefined) ?? colonHelp(key.name) });
        broken = true;
        continue;
      }
      const value = walk(pair.value);
      last = value;
      if (node.flow === true && opensParenthesis(pair.value) && pairs[i + 1]?.value === null) {
        const rest = pairs.findIndex((other, j) => j > i && other.key !== null && spanText(spanOf(other.key)).includes(')'));
        const end = pairs[rest < 0 ? i + 1 : rest]?.key;
        reportComma(value.span, end ? spanOf(end).end : value.span.end);
        flawed.add(value);
        i = rest < 0 ? i + 1 : rest;
      }
      const first = entries.get(key.name);
      if (key.name === '<<' && spanText(key.span) === '<<') {
        report(catalog.mergeKey, key.span, {});
        broken = true;
      } else if (first) {
        report(catalog.duplicateKey, key.span, { key: key.name }, { related: [{ span: first.key, note: 'first written here' }] });
        flawed.add(first.value);
      } else {
        entries.set(key.name, { key: key.span, value });
      }
    }
    const size = total([...entries.values()].map(({ value }) => value));
    const written = keep({ value: entries, span: { source, start: spanOf(node).start, end: endOf(node, last) } }, size);
    if (broken) flawed.add(written);
    return written;
  }

  /** `from: a, b` of what was meant to be `from: [a, b]`. */
  function listHelp(pairs: readonly Pair<Node | null, Node | null>[], stray: number): string | undefined {
    const start = pairs.slice(0, stray).findLastIndex(({ value }) => value !== null);
    const { key, value } = pairs[start] ?? {};
    if (!key || !value || !isScalar(value) || value.type !== 'PLAIN') return undefined;
    const end = pairs.findIndex((pair, at) => at > stray && pair.value !== null);
    const items = pairs.slice(start + 1, end < 0 ? pairs.length : end).map((pair) => (pair.key ? spanText(spanOf(pair.key)) : ''));
    if (!items.every((item) => /^[\w.-]+$/.test(item))) return undefined;
    return `if it belongs to \`${spanText(spanOf(key))}\`, write a list: \`${spanText(spanOf(key))}: [${[spanText(spanOf(value)), ...items].join(', ')}]\``;
  }

  /** A key's word and place; undefined after reporting. */
  function keyOf(pair: Pair<Node | null, Node | null>): { name: string; span: Span } | undefined {
    const { key } = pair;
    if (isLoneQuestionMark(pair)) report(catalog.bareQuestionMark, questionMark(key ? spanOf(key) : { source, start: 0, end: 0 }), {});
    else if (key === null || !isScalar(key) || key.source === '' || key.value === undefined) report(catalog.keyNotText, key ? spanOf(key) : spanOf(contents), {});
    else return { name: typeof key.value === 'string' ? key.value : spanText(spanOf(key)), span: spanOf(key) };
    return undefined;
  }

  /** YAML takes a `?` on its own for the sign of a key, here an empty one without a value. */
  function isLoneQuestionMark({ key, value }: Pair<Node | null, Node | null>): boolean {
    return value === null && key !== null && isScalar(key) && key.source === '' && text.slice(0, key.range?.[0]).trimEnd().endsWith('?');
  }

  function questionMark(near: Span): Span {
    const at = text.lastIndexOf('?', near.start);
    return { source, start: at, end: at + 1 };
  }

  /** `= max(3` of what was meant to be `= max(3, 4)`: YAML has cut it at the comma. */
  function opensParenthesis(node: Node): boolean {
    if (!isScalar(node) || node.type !== 'PLAIN' || typeof node.value !== 'string') return false;
    return node.value.split('(').length > node.value.split(')').length;
  }

  function reportComma(cut: Span, end: number): void {
    const comma = text.indexOf(',', cut.end);
    const whole = text.slice(cut.start, end);
    const pair = pairIn(whole);
    report(catalog.bareComma, { source, start: comma, end: comma + 1 }, { before: spanText(cut), whole }, { help: pair === undefined ? undefined : `write \`${pair}\`` });
  }

  const spanText = ({ start, end }: Span): string => text.slice(start, end);
  const total = (parts: readonly Written[]): number => parts.reduce((sum, part) => sum + (sizes.get(part) ?? 1), 1);
  const keep = (written: Written, size: number): Written => {
    sizes.set(written, size);
    return written;
  };
  /** A block ends with its last value; its own range goes on over blank lines and comments. */
  const endOf = (node: YAMLMap | YAMLSeq, last: Written | undefined): number =>
    node.flow === true || last === undefined || last.span.end < spanOf(node).start ? spanOf(node).end : last.span.end;

  const root = walk(contents);
  return aliased > mostAliased ? undefined : { root, flawed };
}

/** What to write where YAML found no colon: often only a blank is missing after it, or the colon in front of a value. */
export function colonHelp(key: string): string | undefined {
  const colon = key.search(/[:=]/);
  if (colon > 0) return `put a ${key[colon] === '=' ? 'colon for the `=`' : 'blank after the colon'}: \`${key.slice(0, colon).trim()}: ${key.slice(colon + 1).trim()}\``;
  const blank = key.search(/\s/);
  return blank > 0 ? `put a colon between key and value: \`${key.slice(0, blank)}: ${key.slice(blank).trim()}\`` : undefined;
}
