// Specs with random damage: whatever is done to a text, its author gets diagnostics with places in it, and no crash.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { render } from '../../compiler/source/render.ts';
import { check } from '../support/check.ts';

const folder = new URL('../invalid/', import.meta.url);
const specs = readdirSync(folder).filter((file) => file.endsWith('.yaml')).map((file) => readFileSync(new URL(file, folder), 'utf8'));
const signs = Array.from('{}[]:,?-#&*!|>\'"%@`=()x×0123456789\n\t \u0000\uFEFF\u2028🚀é~.');

let state = 2012;
const random = (below: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};

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

test('random edits', () => {
  let wrong = 0;
  for (let round = 0; round < 400; round++) {
    let text = specs[random(specs.length)] ?? '';
    for (let edits = 1 + random(3); edits > 0; edits--) text = damaged(text);
    const { diagnostics } = check(text);
    if (diagnostics.length > 0) wrong++;
    for (const diagnostic of diagnostics) {
      for (const { start, end, source } of [diagnostic, ...diagnostic.related].map(({ span }) => span)) {
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeGreaterThanOrEqual(start);
        expect(start).toBeLessThanOrEqual(source.text.length);
      }
      expect(`${diagnostic.message} ${diagnostic.label} ${diagnostic.help ?? ''}`).not.toMatch(/undefined|\[object|NaN|\{\w+\}/);
      expect(render(diagnostic).split('\n').length).toBeGreaterThan(3);
    }
  }
  expect(wrong).toBeGreaterThan(360);
});

test('random bytes', () => {
  for (let round = 0; round < 400; round++) {
    const text = Array.from({ length: random(60) }, () => signs[random(signs.length)] ?? '').join('');
    expect(() => check(text)).not.toThrow();
  }
});
