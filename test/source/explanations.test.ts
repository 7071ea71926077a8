// Every example of an explanation is checked: the wrong one gets the diagnostic it is for, the right one none of the kind.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { check } from '../../compiler/check.ts';
import { checkFor } from '../../compiler/cli/check-for.ts';
import { openTarget } from '../../compiler/cli/target.ts';
import { allExplanations } from '../../compiler/source/explanations.ts';
import type { Source } from '../../compiler/source/source.ts';

const specs = new URL('../../specs/', import.meta.url);

/** An example as a whole spec: what it leaves out comes from here. */
function whole(lines: readonly string[]): string {
  const has = (key: string): boolean => lines.some((line) => line.startsWith(`${key}:`));
  const rest = [
    ['netloom', '1'],
    ['name', 'example'],
    ...(has('extends') ? [] : [['input', '{ image: 32x32x16 }'], ['layers', '{ conv: { op: conv, filters: 8, kernel: 3, pad: 1 } }']]),
  ];
  return [...rest.flatMap(([key = '', value = '']) => (has(key) ? [] : [`${key}: ${value}`])), ...lines, ''].join('\n');
}

function codesOf(text: string, target: string | undefined): readonly { readonly code: string; readonly severity: string }[] {
  const read = (name: string): Source | undefined => {
    try {
      return { path: name, text: readFileSync(new URL(name, specs), 'utf8'), read };
    } catch {
      return undefined;
    }
  };
  const source: Source = { path: 'example.yaml', text, read, leaves: (name) => name.startsWith('/') };
  return (target === undefined ? check(source) : checkFor(source, new Map(), openTarget(target))).diagnostics;
}

const examples = allExplanations().filter(({ explanation }) => explanation.kind !== 'shell');

test('hardly any code has no spec as its example', () => {
  expect(allExplanations().length - examples.length).toBeLessThanOrEqual(8);
});

test.each(examples.map(({ entry, explanation }) => [entry.code, explanation] as const))('%s', (code, { kind, target, wrong, right }) => {
  const text = kind === 'whole' ? (lines: readonly string[]): string => lines.join('\n') : whole;
  expect(codesOf(text(wrong), target).map((found) => found.code)).toContain(code);
  expect(codesOf(text(right), target).filter((found) => found.code === code || found.severity === 'error')).toEqual([]);
});

test('reasons are sentences', () => {
  for (const { entry, explanation } of allExplanations()) expect(explanation.reason, entry.code).toMatch(/^[A-ZÀ-Þ`0-9].{30,}[.]$/);
});
