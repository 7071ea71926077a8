// `CODES.md`: every code with what it says, why, and an example, to which reports and editors link. The same text as
// `netloom explain` prints.

import type { Entry } from '../source/catalog.ts';
import { allExplanations, exampleTitles, type Explanation } from '../source/explanations.ts';

const rooms: readonly (readonly [prefix: string, title: string])[] = [
  ['NL1', 'Text: the file and its YAML'],
  ['NL2', 'Words: names, keys and values'],
  ['NL3', 'Shapes'],
  ['NL4', 'Device limits'],
  ['NL5', 'Contracts'],
];

/** The whole file. */
export function printCodes(): string {
  const all = allExplanations();
  const sections = rooms.flatMap(([prefix, title]) => [`## ${title}`, ...all.filter(({ entry }) => entry.code.startsWith(prefix)).map(section)]);
  return `${[
    '# What netloom says of specs',
    'One section a code. `netloom explain NL3004` prints the same, and `test/invalid/` holds specs that get each of them, beside the exact text. ' +
      'A warning that is meant to be there is silenced on its line: `# netloom-ignore NL3010: why`.',
    '<!-- Generated from compiler/source/catalog.ts and explanations.ts: UPDATE=1 npx vitest run test/emit/codes.test.ts -->',
    ...sections,
  ].join('\n\n')}\n`;
}

function section({ entry, explanation }: { readonly entry: Entry; readonly explanation: Explanation }): string {
  const { code, severity, message, label, help } = entry;
  const { reason, wrong, right, kind } = explanation;
  const titles = exampleTitles(severity, explanation);
  const fence = (lines: readonly string[]): string => ['```' + (kind === 'shell' ? 'sh' : 'yaml'), ...lines, '```'].join('\n');
  const said = `> **${severity}:** ${holes(message)}  \n> at: ${holes(label)}${help === undefined ? '' : `  \n> help: ${holes(help)}`}`;
  return [`### ${code}`, said, reason, `${titles.wrong}:`, fence(wrong), `${titles.right}:`, fence(right)].join('\n\n');
}

/** Holes as what they are filled with; Markdown must not take them for tags. */
function holes(text: string): string {
  return text.replace(/\{(\w+)\}/g, '‹$1›').replaceAll('<', '&lt;');
}
