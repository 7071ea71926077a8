// How wide text is on a terminal. Code frames stand marks under words, so they must count what is seen: a tab jumps,
// Chinese and emoji take two columns, combining marks none, and a control character must not reach the terminal at all.

const tabStop = 4;

// Ranges that Unicode's EastAsianWidth.txt calls Wide or Fullwidth, joined where only unassigned code points lie between.
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f], [0x2e80, 0x303e], [0x3041, 0x33ff], [0x3400, 0x4dbf], [0x4e00, 0x9fff], [0xa000, 0xa4cf], [0xa960, 0xa97f],
  [0xac00, 0xd7a3], [0xf900, 0xfaff], [0xfe10, 0xfe19], [0xfe30, 0xfe6f], [0xff01, 0xff60], [0xffe0, 0xffe6], [0x16fe0, 0x18cff],
  [0x1aff0, 0x1b2ff], [0x1f200, 0x1f2ff], [0x20000, 0x3fffd],
];

let segmenter: Intl.Segmenter | undefined;

/** What people see as one character each. */
function graphemes(text: string): Iterable<string> {
  // eslint-disable-next-line no-control-regex -- ASCII, the common case, needs no segmenter
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function widthOf(grapheme: string): number {
  if (grapheme === '\uFEFF' || /^[\p{M}\u200B-\u200F\u2060]+$/u.test(grapheme)) return 0;
  const point = grapheme.codePointAt(0) ?? 0;
  if (point < 0x1100) return 1;
  if (/\p{Emoji_Presentation}|\uFE0F/u.test(grapheme)) return 2;
  return wide.some(([from, to]) => point >= from && point <= to) ? 2 : 1;
}

/** Text as a terminal can show it, and the column (from 0) at which each UTF-16 unit of the original stands. */
export interface Laid {
  readonly shown: string;
  /** One entry a unit, and one more for the end. */
  readonly columns: readonly number[];
}

/** Expands tabs, replaces control characters, and says where everything went. */
export function layOut(text: string): Laid {
  let shown = '';
  let column = 0;
  const columns: number[] = [];
  for (const grapheme of graphemes(text)) {
    for (let unit = 0; unit < grapheme.length; unit++) columns.push(column);
    if (grapheme === '\t') {
      const blanks = tabStop - (column % tabStop);
      shown += ' '.repeat(blanks);
      column += blanks;
    } else if (/[\p{Cc}\u202A-\u202E\u2066-\u2069]/u.test(grapheme)) {
      // Also the marks that turn the direction of writing: with them a frame can be made to lie.
      shown += '�'.repeat(grapheme.length);
      column += grapheme.length;
    } else {
      shown += grapheme === '\uFEFF' ? '' : grapheme;
      column += widthOf(grapheme);
    }
  }
  columns.push(column);
  return { shown, columns };
}
