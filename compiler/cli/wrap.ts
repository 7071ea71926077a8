// Paragraphs for a terminal.

/** `lead` and `text` in lines of at most `width` characters, broken at blanks; later lines stand under the text. */
export function wrap(text: string, width: number, lead = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && lead.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return lead + [...lines, line].join(`\n${' '.repeat(lead.length)}`);
}
