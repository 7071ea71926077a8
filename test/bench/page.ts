// `RESULTS.md`: the ratios first, then what they are made of, each kernel against the device's peak, how cost grows, and what
// all of this leaves out.

import { markdownTable } from '../../compiler/emit/table.ts';
import { adapterNames, type AdapterName } from './adapter.ts';
import { chartFile } from './chart.ts';
import { THREADS, TOLERANCE } from './compare.ts';
import { growthAlign, growthHead, growthRows, growthSummary, type GrowthSeries } from './growth.ts';
import { kernelAlign, kernelHead, kernelRows, kernelSummary, worstSteps, type KernelTimes } from './kernels.ts';
import { ratiosOf } from './ratios.ts';
import type { Results, Setting } from './results.ts';

export function page(results: Results): string {
  const { settings, compared, kernels, growth } = results;
  const shared = settings.some((setting) => setting.shared);
  const parts = [
    '# netloom beside other runtimes',
    'Written by `npm run bench -- --write-results`. Numbers that are compared are of one run, in which all took turns. ' +
      `${shared ? 'The machine was shared with other work at the time' : 'The machine may have had other work to do'} (see the load averages): believe ratios, not milliseconds, and small differences not at all.`,
    ...section('Times netloom\'s', ABOUT_RATIOS, (adapter) => ratioTable(results, adapter)),
    ...section('Milliseconds for a batch', ABOUT_TIMES, (adapter) => timeTable(compared.filter((cell) => cell.adapter === adapter))),
    ...section('Each kernel beside the device\'s peak', ABOUT_KERNELS, (adapter) => kernels.filter((times) => times.adapter === adapter).map(kernelText).join('\n\n')),
    ...section('How cost grows', ABOUT_GROWTH, (adapter) => growth.filter((one) => one.adapter === adapter).flatMap(({ series }) => series).map(growthText).join('\n\n')),
    LEFT_OUT,
    `## Where\n\n\`\`\`text\n${settings.map((setting) => whereText(setting, results)).join('\n\n')}\n\`\`\``,
  ];
  return `${parts.join('\n\n')}\n`;
}

const ABOUT_RATIOS = 'How many times what netloom takes a peer takes, from an array to an array, to its first result from a fresh process, and in memory: above 1 netloom is better.';

const ABOUT_TIMES = `- A run is from an array to an array: images in the order in which the peer takes pictures, to the spec's output. Decoding and laying out a picture is in none of them. Peers take turns of some runs in a row (two, or a third of a second's), of which the first is not counted.
- \`load\` and \`first\` are from the start of a process to the network being ready and to its first result, the median of three processes (fewer where they are slow), each with an empty shader cache of Mesa's and with the one that this left; \`load\` is of the latter. Files have been read before. SwiftShader keeps no cache.
- \`deviation\` is from our interpreter in float64, relative to its largest value. Beyond ${TOLERANCE} (0.05 with weights in f16, whose logits \`netloom verify\` judges) there is an error and no time.
- \`peak MB\` is the resident memory of the process, the software GPU in it included.`;

const ABOUT_KERNELS = 'Steps have passes of their own here. The peak is measured in the same rounds, by two shaders that do nothing else: fused multiply-adds that wait for nothing, and reads of a buffer larger than caches. ' +
  'Rates and shares are those of the fastest round; bytes are what must be touched once, so what lies in a cache may come faster than the peak.';

const ABOUT_GROWTH = 'Whole runs, array to array, against the work in them. Memory is what the plan asks for: weights as they are packed, and a few buffers that all layers share, beside what the results of all layers would take together.';

const LEFT_OUT = `## What it leaves out

- Trained weights: these come from a formula, the last ones made smaller where the network would be certain of every image, since a probability of 1 hides what is wrong; and the images too, two different ones repeated.
- GPUs that are not made of software; other precisions than f32, but for \`netloom-f16\`, whose weights are stored in 16 bits; more than ${THREADS} threads on the CPU.
- What peers could be given with work of one's own: graph capture, quantization, inputs that stay on the GPU.
- The cost of waiting: netloom lets the processor go while a software GPU works; jax-js and TensorFlow.js wait as Dawn's Node binding does, by spinning, and that is in their times.`;

/** With a part for each adapter of which there is something to say; none where there is nothing. */
function section(title: string, about: string, of: (adapter: AdapterName) => string): readonly string[] {
  const parts = adapterNames.map((adapter) => [adapter, of(adapter)] as const).filter(([, text]) => text !== '');
  return parts.length === 0 ? [] : [`## ${title}`, about, ...parts.flatMap(([adapter, text]) => [`### On ${adapter}`, text])];
}

function kernelText(times: KernelTimes): string {
  if (times.steps.length === 0) return kernelSummary(times);
  const all = kernelRows(times).at(-1)?.[kernelHead.indexOf('of peak')] ?? '';
  const rows = markdownTable(kernelHead, kernelRows(times), kernelAlign);
  return `${kernelSummary(times)}\n\n<details><summary>All steps: ${all} of what was possible</summary>\n\n${rows}\n${worstSteps(times)}\n</details>`;
}

function growthText(series: GrowthSeries): string {
  return `**${series.what}**\n\n${markdownTable(growthHead, growthRows(series), growthAlign)}\n${growthSummary(series)}`;
}

function ratioTable(results: Results, adapter: AdapterName): string {
  const ratios = ratiosOf(results, adapter);
  if (ratios.length === 0) return '';
  const times = (ratio: number | undefined): string => ratio?.toFixed(2) ?? '';
  return `${markdownTable(
    ['model', 'batch', 'peer', 'a run', 'first, cold', 'first, warm', 'memory'],
    ratios.map(({ row, run, cold, warm, memory }) => [
      row.model, String(row.batch), row.peer, row.error === null ? run?.toFixed(2) ?? 'netloom has no time' : oneLine(row.error), times(cold), times(warm), times(memory),
    ]),
    ['left', 'right', 'left', 'right', 'right', 'right', 'right'],
  )}\n![The runs as a chart](${chartFile(adapter)})`;
}

function timeTable(compared: Results['compared']): string {
  if (compared.length === 0) return '';
  const right = (count: number): readonly 'right'[] => Array.from({ length: count }, () => 'right' as const);
  return markdownTable(
    ['model', 'batch', 'peer', 'median', 'p10', 'p90', 'runs', 'load', 'first, cold', 'first, warm', 'peak MB', 'deviation'],
    compared.flatMap(({ measured }) => measured).map(({ row, runs }) => [
      row.model, String(row.batch), row.peer,
      ...(row.error === null
        ? [ms(row.median_ms), ms(row.p10_ms), ms(row.p90_ms), String(runs), ms(row.load_ms), ms(row.first_cold_ms), ms(row.first_warm_ms), String(row.rss_mb ?? '?')]
        : [oneLine(row.error), '', '', '', '', '', '', '']),
      row.max_error?.toExponential(1) ?? '',
    ]),
    ['left', 'right', 'left', ...right(9)],
  ).trimEnd();
}

/** What was measured in that setting, and what peers say of themselves. */
function whereText({ date, lines }: Setting, { compared, kernels, growth }: Results): string {
  const cells = compared.filter((cell) => cell.date === date);
  const what = [
    ...cells.map(({ model, batch, adapter }) => `${model} x${batch} on ${adapter}`),
    ...kernels.filter((times) => times.date === date).map(({ model, batch, adapter }) => `kernels of ${model} x${batch} on ${adapter}`),
    ...growth.filter((one) => one.date === date).map(({ adapter }) => `growth on ${adapter}`),
  ];
  const notes = new Set(cells.flatMap(({ measured }) => measured.flatMap(({ row, note }) => (note === undefined ? [] : [`${row.peer}: ${note}`]))));
  return [`date      ${date.slice(0, 10)}`, ...lines, `measured  ${what.join('; ')}`, ...notes].join('\n');
}

const oneLine = (text: string): string => text.replaceAll('\n', ' ');

const ms = (value: number | null): string => (value === null ? '?' : value.toFixed(value < 100 ? 1 : 0));
