// What the schema's judge found, in the words of a spec and at the place to blame. One mistake may break the schema in
// many ways (each alternative of a value is one); here each key's value is spoken of once.

import type { Report } from '../source/catalog.ts';
import { catalog } from '../source/catalog.ts';
import { respell } from '../source/fix.ts';
import type { Span } from '../source/source.ts';
import { listOf, suggest } from '../source/suggest.ts';
import type { Written, WrittenEntry } from './document.ts';
import type { Key, Vocabulary } from './keys.ts';
import { argument, instanceKeys, layerKeys, placementKeys, specKeys, synonyms } from './keys.ts';
import { layersMeantBy, meantBy } from './meant.ts';
import { at, child, entriesOf, entryAt, keyAt, layerDepth, layerName, listItems, own, placeOf, valuePath } from './place.ts';
import type { Place } from './place.ts';
import { describe } from './number.ts';
import type { Violation } from './structure.ts';
import type { Tree } from './tree.ts';

type Entries = ReadonlyMap<string, WrittenEntry>;

/** The same value as plain data; maps have no prototype, so that any word can be a key. */
export function plain({ value }: Written): unknown {
  if (value instanceof Map) {
    const object = Object.create(null) as Record<string, unknown>;
    (value as Entries).forEach((entry, key) => { object[key] = plain(entry.value); });
    return object;
  }
  return Array.isArray(value) ? (value as readonly Written[]).map(plain) : value;
}

/**
 * Reports all violations but those of values already spoken of, and returns all values that are wrong; undefined where
 * the text is no spec at all.
 */
export function reportViolations(
  { root, flawed: spoken }: Tree,
  violations: readonly Violation[],
  operators: readonly Vocabulary[],
  report: Report,
): ReadonlySet<Written> | undefined {
  const flawed = new Set(spoken);
  const [first, ...others] = entriesOf(root) ?? [];
  if (first && ![first, ...others].some(([key]) => Object.hasOwn(specKeys, key))) {
    const near = suggest(first[0], Object.keys(specKeys));
    const help = near === undefined ? `is it a spec? One begins with \`netloom: 1\`, and has ${listOf(Object.keys(specKeys), 'and')}` : `did you mean \`${near}\`?`;
    const fix = respell(first[1].key, first[0], Object.keys(specKeys));
    report(catalog.unknownKey, first[1].key, { where: 'a spec', key: first[0] }, { help, fix });
    return undefined;
  }
  const operatorOf = new Map(operators.map((operator) => [operator.name, operator]));
  const wrongValues = new Map<string, { path: readonly string[]; length: number; deeper: Set<string>; words: string[] }>();
  const unknown = new Map<string, { path: readonly string[]; keys: string[] }>();
  const missing: { path: readonly string[]; key: string }[] = [];

  for (const { keyword, instancePath, params, propertyName } of violations) {
    const path = instancePath.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    // Names, and how many there may be, are judged where they are read; `if` only repeats what its branch says.
    if (propertyName !== undefined || ['if', 'propertyNames', 'minProperties', 'maxProperties'].includes(keyword)) continue;
    if (keyword === 'additionalProperties') {
      const found = unknown.get(instancePath) ?? { path, keys: [] };
      found.keys.push(String(params['additionalProperty']));
      unknown.set(instancePath, found);
    } else if (keyword === 'required') {
      missing.push({ path, key: String(params['missingProperty']) });
    } else {
      const length = valuePath(path);
      const id = path.slice(0, length).join('\n');
      const found = wrongValues.get(id) ?? { path: path.slice(0, length), length, deeper: new Set(), words: [] };
      if (path.length > length) found.deeper.add(path[length] ?? '');
      const allowed = keyword === 'enum' ? params['allowedValues'] : keyword === 'const' ? [params['allowedValue']] : [];
      found.words.push(...(allowed as readonly unknown[]).filter((word) => typeof word === 'string'));
      wrongValues.set(id, found);
    }
  }

  const said = new Set<string>();
  const once = (span: Span, words: string): boolean => {
    const id = `${span.start} ${span.source.path} ${words}`;
    return said.has(id) ? false : Boolean(said.add(id));
  };

  // A key that is missing because it was misspelt is one mistake.
  const meant = new Set<string>();
  for (const [id, { path, keys }] of unknown) {
    const map = at(root, path);
    if (!map) continue;
    flawed.add(map);
    const place = placeOf(root, path);
    for (const key of keys) {
      const entry = entriesOf(map)?.get(key);
      if (!entry || !once(entry.key, key)) continue;
      const word = reportUnknownKey(key, entry.key, map, place);
      if (word !== undefined) meant.add(`${id} ${word}`);
    }
  }

  for (const { path, key } of missing) {
    const map = at(root, path);
    if (!map || spoken.has(map)) continue;
    flawed.add(map);
    const place = placeOf(root, path);
    const span = place.layer?.op?.value.span ?? entryAt(root, path)?.key ?? entriesOf(root)?.values().next().value?.key ?? root.span;
    if (meant.has(`${['', ...path].join('/')} ${key}`) || !once(span, `missing ${key}`)) continue;
    if (place.layer && key === 'op' && reportMisspeltOp(map, place)) continue;
    const known = own(keysOf(place), key);
    const block = place.layer && key === 'op' && child(root, 'blocks') ? '; a block is put in by `use:`' : '';
    const help = path.length === 0 && key === 'netloom' ? 'begin it with `netloom: 1`, the version of the language' : undefined;
    report(catalog.missingKey, span, { where: place.owner, key, expected: `${known?.expected ?? 'something'}${block}` }, { help });
  }

  const belonging = new Set<Written>();
  for (const { path, deeper, words } of wrongValues.values()) {
    const value = at(root, path);
    if (!value || spoken.has(value)) continue;
    flawed.add(value);
    if (belonging.has(value)) continue;
    const entry = entryAt(root, path);
    reportWrongValue(path, value, entry, deeper, [...new Set(words)]);
  }
  return flawed;

  function keysOf({ keys, layer }: Place): Readonly<Record<string, Pick<Key, 'expected'>>> {
    const op = layer?.op?.value.value;
    return { ...keys, ...(typeof op === 'string' ? operatorOf.get(op)?.attrs : undefined) };
  }

  /** Whether a layer without an operator has one under another word; reports that word. */
  function reportMisspeltOp(map: Written, place: Place): boolean {
    const words = ['op', ...(child(root, 'blocks') ? ['use'] : [])];
    for (const [key, entry] of entriesOf(map) ?? []) {
      const synonym = own(synonyms, key.toLowerCase());
      const near = synonym === 'op' ? synonym : key.length > 1 && synonym === undefined ? suggest(key, words) : undefined;
      if (near === undefined || Object.hasOwn(layerKeys, key)) continue;
      report(catalog.unknownKey, entry.key, { where: place.owner, key }, { help: `did you mean \`${near}\`?`, fix: synonym === undefined ? respell(entry.key, key, words) : undefined });
      return true;
    }
    return false;
  }

  /** Says so, and returns the key that was meant, where that is plain. */
  function reportUnknownKey(key: string, span: Span, map: Written, place: Place): string | undefined {
    const known = Object.keys(keysOf(place));
    const free = known.filter((other) => entriesOf(map)?.has(other) !== true);
    const synonym = own(synonyms, key.toLowerCase());
    const op = place.layer?.op?.value.value;
    const others = operators.filter(({ attrs }) => Object.hasOwn(attrs, key)).map(({ name }) => name);
    if (place.layer && typeof op === 'string' && others.length > 0) {
      const help = `${op} takes ${listOf(known.filter((other) => !Object.hasOwn(layerKeys, other)), 'and')}`;
      report(catalog.keyOfAnotherOperator, span, { layer: place.layer.name, key, others: listOf(others, 'and'), op }, { help });
      return undefined;
    }
    if (place.layer && Object.hasOwn(placementKeys, key)) {
      report(catalog.unknownKey, span, { where: place.owner, key }, { help: 'layers stand in the order they are written; only one that a variant (`extends:`) adds says where it goes' });
      return undefined;
    }
    const near = synonym !== undefined && free.includes(synonym) ? synonym : (suggest(key, free) ?? suggest(key, known));
    const help = near !== undefined ? `did you mean \`${near}\`?` : `it takes ${listOf(known, 'and')}`;
    const fix = synonym === undefined ? respell(span, key, known) : undefined;
    // Two keys of one name would be another mistake.
    const taken = fix?.edits.some(({ text }) => !free.includes(text)) ?? false;
    report(catalog.unknownKey, span, { where: place.owner, key }, { help, fix: taken ? undefined : fix });
    return near;
  }

  function reportWrongValue(path: readonly string[], value: Written, entry: WrittenEntry | undefined, deeper: ReadonlySet<string>, words: readonly string[]): void {
    const key = path.at(-1) ?? '';
    const place = placeOf(root, path.slice(0, -1));
    const span = value.span.end > value.span.start ? value.span : (entry?.key ?? value.span);
    if (path.length === 0) {
      if (once(span, 'root')) report(catalog.wrongValue, span, { where: 'a spec', found: describe(value), expected: 'a map of keys: netloom, name, input, layers' });
      return;
    }
    if (place.layer && key === 'op') {
      const { name, use } = place.layer;
      if (use) report(catalog.opAndUse, span, { layer: name }, { related: [{ span: use.value.span, note: 'the block' }] });
      else reportOperator(name, value, span);
      return;
    }
    // What is no param of a block is told where the block is put in.
    if (place.layer?.use && !Object.hasOwn(instanceKeys, key)) {
      const block = place.layer.use.value.value;
      if (typeof block !== 'string' || !child(child(child(child(root, 'blocks'), block), 'params'), key)) return;
    }
    if (path.length === 1 && key === 'netloom' && (typeof value.value === 'number' || typeof value.value === 'string')) {
      report(catalog.unknownVersion, span, { version: String(value.value) });
      return;
    }
    const depth = layerDepth(path);
    const layer = layerName(path.slice(0, depth));
    const where = depth === 0 ? `\`${path.join('.')}\`` : depth === path.length ? `the layer ${layer}` : `${layer}: \`${path.slice(depth).join('.')}\``;
    const expected = expectedAt(path, place);
    if (!once(span, `value ${expected}`)) return;
    if (depth > 0 && depth === path.length && typeof value.value === 'string' && operatorOf.has(value.value)) {
      report(catalog.wrongValue, span, { where, found: describe(value), expected }, { help: `write \`${key}: { op: ${value.value} }\`` });
      return;
    }
    if (typeof value.value === 'string' && words.length > 0 && /^\p{L}/u.test(value.value)) {
      const near = suggest(value.value, words);
      report(catalog.unknownWord, span, { where, word: value.value, expected }, {
        help: near === undefined ? undefined : `did you mean \`${near}\`?`,
        fix: respell(span, value.value, words),
      });
      return;
    }
    const [only] = deeper;
    const item = deeper.size === 1 && only !== undefined ? listItems(value)?.[Number(only)] : undefined;
    const help = key === 'layers' && depth !== path.length ? layersMeantBy(value) : depth === path.length ? underIndented(path, value) : meantBy(item ?? value, expected, paramsAt(path));
    report(catalog.wrongValue, item?.span ?? span, { where, found: item ? `a list with ${describe(item)}` : describe(value), expected }, { help });
  }

  /** The params that an expression at a path may use. */
  function paramsAt(path: readonly string[]): ReadonlySet<string> {
    const own = path[0] === 'blocks' ? child(at(root, path.slice(0, 2)), 'params') : undefined;
    return new Set([child(root, 'params'), own].flatMap((params) => [...(entriesOf(params)?.keys() ?? [])]));
  }

  /** The keys of a layer, where they stand beside it and not below. They are its, and no mistakes of their own. */
  function underIndented(path: readonly string[], value: Written): string | undefined {
    const siblings = [...(entriesOf(at(root, path.slice(0, -1))) ?? [])];
    const rest = siblings.slice(siblings.findIndex(([, entry]) => entry.value === value) + 1);
    const end = rest.findIndex(([key, entry]) => entriesOf(entry.value) !== undefined || !(Object.hasOwn(layerKeys, key) || operators.some(({ attrs }) => Object.hasOwn(attrs, key))));
    const strays = end < 0 ? rest : rest.slice(0, end);
    if (value.value !== null || strays.length === 0) return undefined;
    for (const [, entry] of strays) belonging.add(entry.value);
    return `indent ${listOf(strays.map(([key]) => `\`${key}\``), 'and')} further: ${strays.length === 1 ? 'it belongs' : 'they belong'} to ${path.at(-1) ?? 'the layer'}`;
  }

  function reportOperator(layer: string, value: Written, span: Span): void {
    const names = operators.map(({ name }) => name);
    if (typeof value.value !== 'string') {
      report(catalog.wrongValue, span, { where: `${layer}: \`op\``, found: describe(value), expected: 'the name of an operator' });
      return;
    }
    const block = child(child(root, 'blocks'), value.value);
    if (block) {
      report(catalog.unknownOperator, span, { layer, op: value.value }, { help: `\`${value.value}\` is a block: write \`use: ${value.value}\`` });
      return;
    }
    const synonym = own(synonyms, value.value.toLowerCase());
    const near = synonym !== undefined && names.includes(synonym) ? synonym : suggest(value.value, names);
    const help = near === undefined ? `the operators are ${listOf(names, 'and')}` : `did you mean \`${near}\`?`;
    const fix = synonym === undefined ? respell(span, value.value, names) : undefined;
    report(catalog.unknownOperator, span, { layer, op: value.value }, { help, fix });
  }

  function expectedAt(path: readonly string[], place: Place): string {
    const key = path.at(-1) ?? '';
    if (layerDepth(path) === path.length) return 'a map such as { op: conv, filters: 64, kernel: 3 }';
    return own(keysOf(place), key)?.expected ?? (place.layer?.use ? argument : keyAt(path))?.expected ?? 'something else';
  }
}
