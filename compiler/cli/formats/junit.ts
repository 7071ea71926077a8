// JUnit's XML, which most CI servers read: a suite for each spec, in it a test for each problem, or one that passed.

import type { Diagnostic } from '../../source/diagnostic.ts';
import { render } from '../../source/render.ts';
import { positionAt } from '../../source/source.ts';
import type { CheckedFile, CheckReport } from './report.ts';

export function junit({ files, strict }: CheckReport): string {
  const all = files.flatMap(({ diagnostics }) => diagnostics);
  const tests = files.reduce((sum, { diagnostics }) => sum + Math.max(1, diagnostics.length), 0);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="netloom check" tests="${tests}" failures="${failures(all, strict)}" errors="0">`,
    ...files.flatMap((file) => suite(file, strict)),
    '</testsuites>',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

const fails = ({ severity }: Diagnostic, strict: boolean): boolean => severity === 'error' || (strict && severity === 'warning');

const failures = (diagnostics: readonly Diagnostic[], strict: boolean): number => diagnostics.filter((diagnostic) => fails(diagnostic, strict)).length;

function suite({ file, diagnostics }: CheckedFile, strict: boolean): readonly string[] {
  const passed = `    <testcase classname="${xml(file)}" name="check" time="0"/>`;
  return [
    `  <testsuite name="${xml(file)}" tests="${Math.max(1, diagnostics.length)}" failures="${failures(diagnostics, strict)}" errors="0" skipped="0" time="0">`,
    ...(diagnostics.length === 0 ? [passed] : diagnostics.flatMap((diagnostic) => test(file, diagnostic, strict))),
    '  </testsuite>',
  ];
}

function test(file: string, diagnostic: Diagnostic, strict: boolean): readonly string[] {
  const { code, message, span } = diagnostic;
  const { line, column } = positionAt(span.source, span.start);
  const text = xml(render(diagnostic));
  return [
    `    <testcase classname="${xml(file)}" name="${xml(`${code} at ${line}:${column}`)}" time="0">`,
    fails(diagnostic, strict) ? `      <failure type="${code}" message="${xml(message)}">${text}</failure>` : `      <system-out>${text}</system-out>`,
    '    </testcase>',
  ];
}

const entities: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;', "'": '&apos;' };

/** Text as XML 1.0 takes it: of control characters it knows three, of halves of a pair none. */
function xml(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what has to go
  const allowed = text.replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu, '\uFFFD');
  return allowed.replace(/[<>&"']/g, (sign) => entities[sign] ?? sign);
}
