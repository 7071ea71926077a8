// What was found as Markdown, for the summary of a job or a comment: a table of the files, then each problem in its frame.

import { markdownTable } from '../../emit/table.ts';
import type { Diagnostic, Severity } from '../../source/diagnostic.ts';
import { render } from '../../source/render.ts';
import type { CheckReport } from './report.ts';

export function markdown({ files, summary }: CheckReport): string {
  const columns: readonly Severity[] = files.some(({ diagnostics }) => diagnostics.some(({ severity }) => severity === 'note')) ? ['error', 'warning', 'note'] : ['error', 'warning'];
  const rows = files.map(({ file, diagnostics }) => [code(file), ...columns.map((severity) => count(diagnostics, severity))]);
  return [
    `**netloom check: ${summary}**\n`,
    markdownTable(['spec', ...columns.map((severity) => `${severity}s`)], rows, ['left', ...columns.map(() => 'right' as const)]),
    ...files.flatMap(({ diagnostics }) => diagnostics.map((diagnostic) => fenced(render(diagnostic)))),
  ].join('\n');
}

const count = (diagnostics: readonly Diagnostic[], of: Severity): string => String(diagnostics.filter(({ severity }) => severity === of).length);

const code = (text: string): string => `\`${text.replaceAll('`', "'")}\``;

/** A fence longer than any that the text itself may hold. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}${fence}\n`;
}
