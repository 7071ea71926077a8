// Single edits of a right spec, made from its text alone: those a hand slips into, and those that are wrong whatever a
// checker thinks of them.

import { ops } from '../../compiler/ops/index.ts';
import type { Random } from '../support/random.ts';

export interface Edit {
  readonly kind: string;
  readonly text: string;
  /** The line that was changed or put in, from 1. */
  readonly line: number;
}

type Lines = readonly string[];

const joined = (kind: string, lines: Lines, line: number): Edit => ({ kind, text: lines.join('\n'), line: line + 1 });

/** A word with one slip of the fingers. */
function slip(word: string, { below }: Random): string {
  const at = below(word.length);
  const letters = Array.from(word);
  switch (below(4)) {
    case 0:
      return letters.toSpliced(at, 1).join('');
    case 1:
      return letters.toSpliced(at, 0, letters[at] ?? '').join('');
    case 2:
      return letters.toSpliced(at, 2, letters[at + 1] ?? 'x', letters[at] ?? '').join('');
    default:
      return letters.with(at, 'abcdefghijklmnopqrstuvwxyz'.charAt(below(26))).join('');
  }
}

/** Any edit: it may well leave the spec right. */
export function anyEdit(text: string, random: Random): Edit {
  const lines = text.split('\n');
  const { below, of } = random;
  const line = below(lines.length);
  const old = lines[line] ?? '';
  const layers = lines.flatMap((content, at) => (/^ {2}[\w.-]+: *\{/.test(content) ? [at] : []));
  const change = (kind: string, pattern: RegExp, replacement: (found: string) => string): Edit => {
    const found = [...old.matchAll(pattern)];
    if (found.length === 0) return joined('break an indent', lines.with(line, ` ${old}`), line);
    const match = of(found);
    return joined(kind, lines.with(line, old.slice(0, match.index) + replacement(match[0]) + old.slice(match.index + match[0].length)), line);
  };
  switch (below(8)) {
    case 0:
      return change('drop a key', /[\w.]+: *(\[[^\]]*\]|[^,{}[\]]+)(, *)?/g, () => '');
    case 1:
      return change('misspell a word', /\w+/g, (word) => slip(word, random));
    case 2:
      return change('change a number', /\d+(\.\d+)?/g, (number) => of([String(Number(number) + 1), '0', `-${number}`, `${number}0`, `${number}.5`, '', '1e99']));
    case 3: {
      const [a, b] = layers.length < 2 ? [line, below(lines.length)] : [of(layers), of(layers)];
      return joined('swap two layers', lines.with(a, lines[b] ?? '').with(b, lines[a] ?? ''), a);
    }
    case 4:
      return joined('delete a line', lines.toSpliced(line, 1), line);
    case 5:
      return joined('duplicate a name', lines.toSpliced(line, 0, old), line);
    case 6:
      return joined('break an indent', lines.with(line, of([` ${old}`, old.slice(1), `\t${old}`, `      ${old}`])), line);
    default:
      return change('drop a sign', /[{}[\]:,'"=]/g, () => '');
  }
}

const operators = new Map(ops.map((op) => [op.name, op]));

/** Keys of the language and of the operators; not names of layers and params, which may be anything. */
const vocabulary = new Set([
  ...['netloom', 'name', 'summary', 'input', 'layers', 'outputs', 'preprocess', 'labels', 'train', 'params', 'blocks', 'check', 'extends', 'resize', 'crop', 'channels', 'mean', 'std'],
  ...['op', 'use', 'repeat', 'from', 'activation', 'expect', 'init', 'loss', 'optimizer', 'schedule', 'batch', 'epochs', 'augment', 'momentum', 'weight_decay'],
  ...ops.flatMap(({ attrs }) => Object.keys(attrs)),
]);

interface Found {
  readonly at: number;
  readonly start: number;
  readonly text: string;
  /** What a group of the pattern found. */
  readonly part: string;
}

/** All places of a pattern in lines that are no comments and declare no params. */
function places(lines: Lines, pattern: RegExp): readonly Found[] {
  return lines.flatMap((line, at) =>
    /^\s*(#|params:)/.test(line) || / params: \{/.test(line) ? [] : [...line.replace(/#.*/, '').matchAll(pattern)].map((match) => ({ at, start: match.index, text: match[0], part: match[1] ?? '' })),
  );
}

const replaced = (kind: string, lines: Lines, { at, start, text }: Found, by: string): Edit => {
  const line = lines[at] ?? '';
  return joined(kind, lines.with(at, line.slice(0, start) + by + line.slice(start + text.length)), at);
};

type Wrong = (lines: Lines, random: Random) => Edit | undefined;

/** One of the places, if there are any, changed; `by` says undefined where that place will not do. */
function changeOne(kind: string, pattern: RegExp, by: (found: Found, lines: Lines, random: Random) => string | undefined): Wrong {
  return (lines, random) => {
    const found = places(lines, pattern);
    if (found.length === 0) return undefined;
    const chosen = random.of(found);
    const text = by(chosen, lines, random);
    return text === undefined ? undefined : replaced(kind, lines, chosen, text);
  };
}

/** Edits that no reader of the language could take for right. */
const wrongEdits: readonly Wrong[] = [
  changeOne('a misspelt key', /(?<=^\s*|[{,] *)([a-z_]+)(?=:(\s|$))/g, ({ text }, _, random) => {
    const misspelt = slip(text, random);
    return vocabulary.has(text) && misspelt !== '' && !vocabulary.has(misspelt) && misspelt !== text ? misspelt : undefined;
  }),
  changeOne('a misspelt operator', /(?<=op: )[a-z_0-9]+/g, ({ text }, _, random) => {
    const misspelt = slip(text, random);
    return operators.has(misspelt) || misspelt === text || misspelt === '' ? undefined : misspelt;
  }),
  (lines, random) => {
    // What a variant leaves out its base has.
    if (lines.some((line) => line.startsWith('extends:'))) return undefined;
    const found = places(lines, /\{ op: ([a-z_0-9]+)[^}]*\}/g).flatMap((layer) =>
      Object.entries(operators.get(layer.part)?.attrs ?? {}).flatMap(([key, { fallback }]) => (fallback === undefined ? [{ layer, key }] : [])),
    );
    if (found.length === 0) return undefined;
    const { layer, key } = random.of(found);
    const rest = layer.text.replace(new RegExp(`, ${key}: (\\[[^\\]]*\\]|[^,}]*[^,} ])`), '');
    return rest === layer.text ? undefined : replaced('a required key removed', lines, layer, rest);
  },
  changeOne('a reference to nowhere', /(?<=(?:from|after|before|outputs): *\[?(?:[\w.]+, )*|shape\()[a-z][\w.]*/g, () => 'nowhere'),
  changeOne('no count where one belongs', /(?<=[{,] *(?:filters|units|kernel|stride|pad|groups|dilation|size|repeat|in_channels|in_features): )(= [^,}]*[^,} ]|[\w.]+)/g, (_, __, { of }) => of(['many', '-3', '2.5', '"= 7 / 2"', '[]', 'true'])),
  changeOne('groups that do not divide', /\{ op: conv[^}]*filters: =? ?(\d+)[^}]*\}/g, ({ text, part }) => {
    const groups = [7, 11, 13].find((count) => Number(part) % count !== 0);
    return groups === undefined || /filters: = \d+ [^*]/.test(text) ? undefined : text.replace(/, groups: [^,}]*[^,} ]/, '').replace(/ \}$/, `, groups: ${groups} }`);
  }),
  changeOne('an expect off by one', /(?<=expect: )(\[[^\]]*\]|[\dx?]+)/g, ({ text }, _, { of }) => {
    const sizes = [...text.matchAll(/\d+|= *classes/g)];
    if (sizes.length === 0) return undefined;
    const size = of(sizes);
    const by = size[0].startsWith('=') ? `${size[0]} + 1` : String(Number(size[0]) + of(Number(size[0]) > 1 ? [1, -1] : [1]));
    return text.slice(0, size.index) + by + text.slice(size.index + size[0].length);
  }),
  (lines, random) => {
    const layers = places(lines, /^ +[\w.-]+: *\{ (?:op|use): .*$/g);
    if (layers.length === 0) return undefined;
    const { at } = random.of(layers);
    return joined('a layer written twice', lines.toSpliced(at + 1, 0, lines[at] ?? ''), at + 1);
  },
  changeOne('a brace left open', /[}\]](?=\s*$)/g, () => ''),
];

/** An edit that is wrong by construction; of a spec that has no place for any, undefined. */
export function wrongEdit(text: string, random: Random): Edit | undefined {
  const lines = text.split('\n');
  for (let tries = 0; tries < 50; tries++) {
    const edit = random.of(wrongEdits)(lines, random);
    if (edit !== undefined) return edit;
  }
  return undefined;
}
