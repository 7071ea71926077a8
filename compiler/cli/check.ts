// `netloom check`: every mistake in specs, without a GPU.

import { check as judge, checkedData, hasErrors, type Checked } from '../check.ts';
import type { Target } from '../ir/target.ts';
import { collect } from '../source/catalog.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { readBaseline, writeBaseline } from './baseline.ts';
import { exitCode } from './fault.ts';
import { github } from './formats/github.ts';
import { junit } from './formats/junit.ts';
import { markdown } from './formats/markdown.ts';
import type { CheckReport } from './formats/report.ts';
import { specsOf, type Operand } from './operands.ts';
import { assignments, choice, text, toggle } from './option.ts';
import { checkFor } from './check-for.ts';
import { tell } from './spec.ts';
import { openTarget } from './target.ts';
import { defineVerb } from './verb.ts';

export const check = defineVerb({
  name: 'check',
  about:
    'Reads specs and reports all that is wrong with them: text, words, shapes. Needs no GPU. FILE may be a file, a folder\n' +
    '(every spec in it), a pattern in quotes, or - for standard input. A comment `# netloom-ignore NL3010: reason` on its\n' +
    'line silences a warning. Ends with 1 where there is an error; with --strict also where there is a warning.\n' +
    'Whether buffers hold a network is judged for any WebGPU device; with --target for the class of devices that it names,\n' +
    'or the one device that its file tells, and notes say what netloom does about its limits.',
  operands: { name: 'FILE', min: 1, max: Infinity },
  options: {
    target: text('NAME|FILE.json', 'what it must run on: portable, lavapipe, or as `netloom compile` takes it'),
    set: assignments('NAME=VALUE', 'gives a param of the specs another value'),
    strict: toggle('let warnings fail, too'),
    baseline: text('FILE', 'let the problems pass that this file names'),
    'write-baseline': text('FILE', 'write all problems into this file, and let them pass'),
    format: choice(['text', 'json', 'github', 'sarif', 'junit', 'markdown'], 'how to print what is found'),
  },
  examples: [
    'netloom check specs/alexnet.yaml',
    'netloom check specs --strict --format github',
    "netloom check 'nets/**/*.yaml' --baseline known.json",
    'netloom check specs/alexnet.yaml --set width=0.5 --format json',
    'netloom doctor --format json > gpu.json && netloom check specs --target gpu.json',
    'git show main:specs/alexnet.yaml | netloom check -',
  ],
  async run(operands, { target: named, set, strict, baseline: known, 'write-baseline': written, format }, terminal) {
    const target = named === undefined ? undefined : openTarget(named);
    const checked = (await specsOf(operands, terminal)).map((operand) => ({ file: operand.file, ...checkOne(operand, set, target) }));
    if (written !== undefined) writeBaseline(written, diagnosticsOf(checked).filter(isProblem));
    const baseline = known === undefined && written === undefined ? undefined : readBaseline(written ?? known ?? '');
    const files = checked.map((one) => ({ ...one, diagnostics: one.diagnostics.filter((diagnostic) => !isProblem(diagnostic) || baseline?.knows(diagnostic) !== true) }));
    const all = diagnosticsOf(files);
    const problems = all.filter(isProblem);
    const fails = strict ? problems.length > 0 : hasErrors(problems);
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    const counts = [counted(files.length, 'file'), counted(errors, 'error'), counted(problems.length - errors, 'warning'), ...(all.length > problems.length ? [counted(all.length - problems.length, 'note')] : [])].join(', ');
    const passed = baseline === undefined ? '' : `; ${counted(baseline.met(), 'known problem')} left out${baseline.left() === 0 ? '' : `, ${baseline.left()} gone`}`;
    const report: CheckReport = { files, summary: counts + passed, strict };
    const print: Readonly<Record<typeof format, () => string | Promise<string>>> = {
      text: () => `${tell(all, terminal.color.out)}${report.summary}\n`,
      json: () => `${JSON.stringify({ version: 1, ok: !fails, files: files.map((one) => checkedData(one.file, one)) }, null, 2)}\n`,
      github: () => github(report, terminal.env['GITHUB_WORKSPACE'] ?? '.'),
      // It needs cryptography, which takes longer to load than a spec to check.
      sarif: async () => (await import('./formats/sarif.ts')).sarif(report, '.'),
      junit: () => junit(report),
      markdown: () => markdown(report),
    };
    terminal.out(await print[format]());
    return fails ? exitCode.input : exitCode.fine;
  },
});

function checkOne({ open }: Operand, overrides: ReadonlyMap<string, string>, target: Target | undefined): Checked {
  const { report, diagnostics } = collect();
  const source = open(report);
  return source === undefined ? { diagnostics, document: undefined, known: undefined, graph: undefined } : target === undefined ? judge(source, overrides) : checkFor(source, overrides, target);
}

const isProblem = ({ severity }: Diagnostic): boolean => severity !== 'note';

const diagnosticsOf = (files: readonly Pick<Checked, 'diagnostics'>[]): readonly Diagnostic[] => files.flatMap(({ diagnostics }) => diagnostics);

const counted = (count: number, what: string): string => `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'}`;
