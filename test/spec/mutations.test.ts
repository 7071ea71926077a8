// Specs with random damage: whatever is done to a text, its author gets diagnostics with places in it, and no crash. And an
// edit that is wrong by construction is found, at the line where it was made.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { render } from '../../compiler/source/render.ts';
import { check as judge } from '../../compiler/check.ts';
import type { Diagnostic } from '../../compiler/source/diagnostic.ts';
import { positionAt, type Source, type Span } from '../../compiler/source/source.ts';
import { check } from '../support/check.ts';
import { randomFrom } from '../support/random.ts';
import { anyEdit, wrongEdit } from './edits.ts';

const folder = new URL('../invalid/', import.meta.url);
const specs = readdirSync(folder).filter((file) => file.endsWith('.yaml')).map((file) => readFileSync(new URL(file, folder), 'utf8'));
const signs = Array.from('{}[]:,?-#&*!|>\'"%@`=()x×0123456789\n\t \u0000\uFEFF\u2028🚀é~.');

const random = randomFrom(2012).below;

function damaged(text: string): string {
  const at = random(text.length);
  const lines = text.split('\n');
  const line = random(lines.length);
  switch (random(5)) {
    case 0:
      return text.slice(0, at) + (signs[random(signs.length)] ?? '') + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + random(5));
    case 2:
      return lines.toSpliced(line, 1).join('\n');
    case 3:
      return lines.toSpliced(line, 0, lines[random(lines.length)] ?? '').join('\n');
    default:
      return lines.with(line, ` ${lines[line] ?? ''}`.slice(random(3))).join('\n');
  }
}

function expectReadable(diagnostic: Diagnostic): void {
  for (const { start, end, source } of [diagnostic, ...diagnostic.related].map(({ span }) => span)) {
    expect(start).toBeGreaterThanOrEqual(0);
    expect(end).toBeGreaterThanOrEqual(start);
    expect(start).toBeLessThanOrEqual(source.text.length);
  }
  expect(`${diagnostic.message} ${diagnostic.label} ${diagnostic.help ?? ''}`).not.toMatch(/undefined|\[object|NaN(?! where)|\{\w+\}/);
  expect(render(diagnostic).split('\n').length).toBeGreaterThan(3);
}

test('random edits', () => {
  let wrong = 0;
  for (let round = 0; round < 400; round++) {
    let text = specs[random(specs.length)] ?? '';
    for (let edits = 1 + random(3); edits > 0; edits--) text = damaged(text);
    const { diagnostics } = check(text);
    if (diagnostics.length > 0) wrong++;
    for (const diagnostic of diagnostics) expectReadable(diagnostic);
  }
  expect(wrong).toBeGreaterThan(360);
});

test('random bytes', () => {
  for (let round = 0; round < 400; round++) {
    const text = Array.from({ length: random(60) }, () => signs[random(signs.length)] ?? '').join('');
    expect(() => check(text)).not.toThrow();
  }
});

const shipped = new URL('../../specs/', import.meta.url);
const texts = new Map(readdirSync(shipped).filter((name) => name.endsWith('.yaml')).map((name) => [name, readFileSync(new URL(name, shipped), 'utf8')]));

/** A spec of the folder with another text; its base is the one in the folder. */
function sourceOf(path: string, text: string): Source {
  const read = (name: string): Source | undefined => {
    const found = texts.get(name);
    return found === undefined ? undefined : sourceOf(name, found);
  };
  return { path, text, read };
}

const patience = 180_000;

test('5,000 single edits of the specs that ship: no crash, no hang', { timeout: patience }, () => {
  const source = randomFrom(5000);
  const names = [...texts.keys()];
  let [slowest, where, quiet] = [0, '', 0];
  for (let round = 0; round < 5000; round++) {
    const name = source.of(names);
    const { kind, text, line } = anyEdit(texts.get(name) ?? '', source);
    const start = performance.now();
    const { diagnostics } = judge(sourceOf(name, text));
    const milliseconds = performance.now() - start;
    for (const diagnostic of diagnostics) expectReadable(diagnostic);
    if (diagnostics.length === 0) quiet++;
    if (milliseconds > slowest) [slowest, where] = [milliseconds, `${name}:${line}, ${kind}`];
  }
  console.info(`5,000 random edits: ${5000 - quiet} told of, ${quiet} still right; the slowest check took ${slowest.toFixed(0)} ms (${where})`);
  expect(quiet).toBeLessThan(2500);
});

test('2,000 edits that are wrong by construction: an error at the edited line', { timeout: patience }, () => {
  const source = randomFrom(2000);
  const names = [...texts.keys()];
  const figures = new Map<string, { made: number; found: number }>();
  const missed: string[] = [];
  for (let made = 0; made < 2000; ) {
    const name = source.of(names);
    const edit = wrongEdit(texts.get(name) ?? '', source);
    if (edit === undefined) continue;
    made++;
    const edited = sourceOf(name, edit.text);
    const touches = ({ source: place, start, end }: Span): boolean =>
      place === edited && positionAt(place, start).line <= edit.line && positionAt(place, end).line >= edit.line;
    const errors = judge(edited).diagnostics.filter(({ severity }) => severity === 'error');
    const found = errors.some(({ span, related }) => [span, ...related.map((other) => other.span)].some(touches));
    const figure = figures.get(edit.kind) ?? { made: 0, found: 0 };
    figures.set(edit.kind, { made: figure.made + 1, found: figure.found + (found ? 1 : 0) });
    if (!found) missed.push(`${name}:${edit.line}, ${edit.kind}: ${edit.text.split('\n')[edit.line - 1] ?? ''}`);
  }
  const rows = [...figures].map(([kind, { made, found }]) => `  ${kind}: ${found} of ${made}`);
  console.info([`2,000 wrong edits: ${2000 - missed.length} found at their line`, ...rows, ...missed.slice(0, 10)].join('\n'));
  expect(missed.length).toBeLessThanOrEqual(40);
  expect(figures.size).toBe(9);
});
