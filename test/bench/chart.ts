// The ratios as bars on a logarithmic scale, since they range from below 1 to a hundred. SVG by hand: it is rectangles and text.

import type { AdapterName } from './adapter.ts';
import type { Ratio } from './ratios.ts';

const WIDTH = 760;
const LABEL = 290;
const ROW = 24;
const TOP = 48;
/** Room for a number behind the longest bar. */
const REST = 60;

/** Its name, beside the page. */
export const chartFile = (adapter: AdapterName): string => `results-${adapter}.svg`;

export function chart(adapter: AdapterName, ratios: readonly Ratio[]): string {
  const known = ratios.flatMap(({ run }) => (run === undefined ? [] : [run]));
  const [low, high] = [Math.min(0.5, ...known), Math.max(2, ...known)];
  const x = (ratio: number): number => LABEL + ((WIDTH - LABEL - REST) * Math.log(ratio / low)) / Math.log(high / low);
  const height = TOP + ROW * ratios.length + 16;
  const marks = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500].filter((mark) => mark >= low && mark <= high);
  const grid = marks.map((mark) =>
    `<line x1="${n(x(mark))}" y1="${TOP - 8}" x2="${n(x(mark))}" y2="${height - 12}" stroke="${mark === 1 ? '#444' : '#ddd'}"/>` +
    `<text x="${n(x(mark))}" y="${TOP - 14}" text-anchor="middle" fill="#666">${mark}</text>`);
  const bars = ratios.map(({ row, run: ratio }, index) => {
    const y = TOP + ROW * index;
    const label = `<text x="${LABEL - 10}" y="${y + 15}" text-anchor="end">${row.peer}, ${row.model}, batch ${row.batch}</text>`;
    if (ratio === undefined) return `${label}<text x="${n(x(1) + 6)}" y="${y + 15}" fill="#a33">no time</text>`;
    const [left, right] = [Math.min(x(1), x(ratio)), Math.max(x(1), x(ratio))];
    return `${label}<rect x="${n(left)}" y="${y + 3}" width="${n(right - left)}" height="${ROW - 7}" fill="${ratio >= 1 ? '#2f7d5b' : '#c2703d'}"/>` +
      `<text x="${n(right + 6)}" y="${y + 15}">${ratio.toFixed(2)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
<text x="10" y="18" font-size="14">How many times netloom's time on ${adapter}: right of 1 netloom is faster (logarithmic)</text>
${[...grid, ...bars].join('\n')}
</svg>
`;
}

const n = (value: number): string => value.toFixed(1);
