// The GitHub Action and the pre-commit hooks, run as those who use them would: every step with bash, in a repository of its
// own, with the environment that GitHub and pre-commit give.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'netloom-ci-'));
const repository = join(scratch, 'repository');
const bundled = join(scratch, 'netloom.cjs');
const command = `#!/usr/bin/env node\nrequire('${bundled}');\n`;

const spec = `netloom: 1
name: small
input: { image: 8x8x3 }
layers:
  conv: { op: conv, filters: 4, kernel: 3, pad: 1 }
  fc: { op: dense, units: 2, expect: 2 }
`;

function git(...args: readonly string[]): string {
  return execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args], { cwd: repository, encoding: 'utf8', stdio: 'pipe' });
}

/** Writes files, or removes those that are undefined, and commits them; returns the commit. */
function commit(files: Readonly<Record<string, string | undefined>>): string {
  for (const [name, text] of Object.entries(files)) {
    const path = join(repository, name);
    mkdirSync(dirname(path), { recursive: true });
    if (text === undefined) rmSync(path);
    else writeFileSync(path, text);
  }
  git('add', '-A');
  git('commit', '-q', '-m', 'x');
  return git('rev-parse', 'HEAD').trim();
}

beforeAll(async () => {
  // In one file, since the tests start it often; what needs a GPU is not asked for.
  await build({
    absWorkingDir: root,
    entryPoints: ['compiler/cli/netloom.ts'],
    outfile: bundled,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['webgpu', 'sharp', 'ts-morph'],
    define: { 'import.meta.url': 'urlOfThisFile' },
    banner: { js: "const urlOfThisFile = require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'warning',
  });
});

beforeEach(() => {
  rmSync(repository, { recursive: true, force: true });
  mkdirSync(repository);
  git('init', '-q', '-b', 'main');
  writeFileSync(join(repository, '.git/info/exclude'), 'node_modules\n');
  mkdirSync(join(repository, 'node_modules/netloom/dist'), { recursive: true });
  writeFileSync(join(repository, 'node_modules/netloom/dist/netloom.cjs'), command);
});

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
}, 60_000);

interface Step {
  readonly name: string;
  readonly id?: string;
  readonly if?: string;
  readonly shell: string;
  readonly env: Readonly<Record<string, string>>;
  readonly run: string;
}

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

const action = parse(readFileSync(join(root, '.github/actions/check/action.yml'), 'utf8')) as Action;

interface Ran {
  readonly ok: boolean;
  /** The names of the steps that ran. */
  readonly steps: readonly string[];
  readonly log: string;
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** Runs the action's steps as a runner does; `inputs` other than the defaults, `env` beside a runner's own. */
function runAction(inputs: Readonly<Record<string, string>>, actionPath = join(root, '.github/actions/check'), env: Readonly<Record<string, string>> = {}): Ran {
  const values = new Map<string, string>([
    ['github.action_path', actionPath],
    ['github.event.pull_request.base.sha || github.event.before', ''],
  ]);
  const fill = (text: string): string =>
    text.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => values.get(expression) ?? (/^steps\.\w+\.outputs\.\w+$/.test(expression) ? '' : unknown(expression)));
  const unknown = (expression: string): never => {
    throw new Error(`a runner would not know \${{ ${expression} }}`);
  };
  for (const [name, input] of Object.entries(action.inputs)) values.set(`inputs.${name}`, inputs[name] ?? fill(input.default));
  const state = { failed: false };
  const wanted = (condition = 'success()'): boolean => {
    const parts = condition.replace(/^\$\{\{\s*|\s*\}\}$/g, '').split(' && ');
    const holds = parts.every((part) => {
      if (part === 'success()' || part === '!cancelled()') return part === '!cancelled()' || !state.failed;
      const [, left = '', operator, right] = /^([\w.]+) (==|!=) '(.*)'$/.exec(part) ?? unknown(part);
      return ((values.get(left) ?? '') === right) === (operator === '==');
    });
    return holds && (parts.includes('!cancelled()') || !state.failed);
  };
  const [summary, temporary] = [join(scratch, 'summary.md'), join(scratch, 'temporary')];
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary);
  writeFileSync(summary, '');
  const steps: string[] = [];
  let log = '';
  for (const step of action.runs.steps) {
    if (!wanted(step.if)) continue;
    steps.push(step.name);
    const output = join(temporary, `output-${steps.length}`);
    writeFileSync(output, '');
    writeFileSync(join(temporary, 'step.sh'), step.run);
    const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', join(temporary, 'step.sh')], {
      cwd: repository,
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        HOME: scratch,
        GITHUB_WORKSPACE: repository,
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: summary,
        RUNNER_TEMP: temporary,
        ...env,
        ...Object.fromEntries(Object.entries(step.env).map(([name, value]) => [name, fill(value)])),
      },
    });
    log += stdout + stderr;
    if (status !== 0) state.failed = true;
    if (step.id === undefined) continue;
    values.set(`steps.${step.id}.outcome`, status === 0 ? 'success' : 'failure');
    for (const line of readFileSync(output, 'utf8').split('\n')) {
      const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) values.set(`steps.${step.id}.outputs.${name}`, value);
    }
  }
  const outputs = Object.fromEntries(Object.entries(action.outputs).map(([name, { value }]) => [name, fill(value)]));
  return { ok: !state.failed, steps, log, summary: readFileSync(summary, 'utf8'), outputs };
}

const [findStep, installStep, checkStep, summariseStep] = ['Find changed specs', 'Install netloom', 'Check', 'Summarise what changes'];

describe('the action', () => {
  test('is one that GitHub takes', () => {
    expect(action.runs.using).toBe('composite');
    expect(action.runs.steps.map(({ name }) => name)).toEqual([findStep, installStep, checkStep, summariseStep]);
    for (const { shell } of action.runs.steps) expect(shell).toBe('bash');
  });

  test('a changed spec is checked, and compared with what it was', () => {
    const base = commit({ 'nets/small net.yaml': spec, 'other.yaml': 'not: a spec\n' });
    commit({ 'nets/small net.yaml': spec.replace('filters: 4', 'filters: 8'), 'other.yaml': 'still: no spec\n' });
    const { ok, steps, log, summary, outputs } = runAction({ base });
    expect(ok, log).toBe(true);
    expect(steps).toHaveLength(4);
    expect(outputs).toEqual({ count: '1' });
    expect(log).toContain('1 file, no errors, no warnings');
    expect(summary).toContain('small net.yaml`: breaks weights');
    expect(summary).toContain('| `conv` | filters 4 → 8 | breaks weights | 8x8x4 → 8x8x8 |');
  });

  test('an error becomes an annotation, and the other specs are compared all the same', () => {
    const base = commit({ 'a.yaml': spec, 'b.yaml': spec });
    commit({ 'a.yaml': spec.replace('kernel: 3', 'kernal: 3'), 'b.yaml': spec.replace('units: 2, expect: 2', 'units: 3, expect: 3') });
    const { ok, steps, log, summary } = runAction({ base });
    expect(ok).toBe(false);
    expect(steps).toContain(summariseStep);
    expect(log).toMatch(/^::error file=a\.yaml,line=5,endLine=5,col=\d+,endColumn=\d+,title=NL2\d{3}::conv.*kernal/m);
    expect(summary).toContain('**`a.yaml`: before or after this change it does not pass');
    expect(summary).toContain('b.yaml`: breaks weights');
  });

  test('new, renamed and removed specs', () => {
    const fresh = 'netloom: 1\nname: other\ninput: { values: 100 }\nlayers:\n  first: { op: dense, units: 10, expect: 10 }\n';
    const base = commit({ 'gone.yaml': spec, 'old.yaml': spec.replace('small', 'renamed'), 'notes.yaml': 'no: spec\n' });
    commit({ 'gone.yaml': undefined, 'notes.yaml': undefined, 'old.yaml': undefined, 'new.yaml': spec.replace('small', 'renamed').replace('pad: 1', 'pad: 0'), 'fresh.yaml': fresh });
    const { ok, log, summary, outputs } = runAction({ base });
    expect(ok, log).toBe(true);
    expect(outputs).toEqual({ count: '3' });
    expect(summary).toContain('**`gone.yaml`: removed**');
    expect(summary).toContain('**`fresh.yaml`: new**');
    expect(summary).toMatch(/\| first +\| dense +\|/);
    expect(summary).toMatch(/old\.yaml` → `new\.yaml`: breaks weights/);
    expect(summary).not.toContain('notes.yaml');
  });

  test('nothing else runs where no spec changes', () => {
    const base = commit({ 'a.yaml': spec });
    commit({ 'README.md': 'text' });
    expect(runAction({ base })).toMatchObject({ ok: true, steps: [findStep], summary: '', outputs: { count: '0' } });
  });

  test('a first push has nothing to compare with: every spec is new', () => {
    commit({ 'a.yaml': spec, 'deep/b.yml': spec });
    for (const base of ['', '0'.repeat(40)]) {
      const { ok, summary, outputs } = runAction({ base });
      expect([ok, outputs]).toEqual([true, { count: '2' }]);
      expect(summary).toContain('**`deep/b.yml`: new**');
    }
  });

  test('what extends a changed spec is checked with it', () => {
    const variant = 'netloom: 1\nname: wide\nextends: "../base.yaml" # a comment\nlayers:\n  fc: { units: 3, expect: 3 }\n';
    const base = commit({ 'base.yaml': spec, 'variants/wide.yaml': variant, 'variants/wider.yaml': 'netloom: 1\nname: wider\nextends: wide.yaml\n', 'apart.yaml': spec });
    commit({ 'base.yaml': spec.replace('filters: 4', 'filters: 6') });
    const { outputs, log } = runAction({ base });
    expect(outputs, log).toEqual({ count: '3' });
  });

  test('strict: warnings fail; fail-on: so does a change that breaks weights', () => {
    const base = commit({ 'a.yaml': spec, 'b.yaml': spec });
    commit({ 'a.yaml': spec.replace('kernel: 3, pad: 1', 'kernel: 3, stride: 2') });
    expect(runAction({ base }).ok).toBe(true);
    expect(runAction({ base, strict: 'true' }).ok).toBe(false);
    const { ok, log, summary } = runAction({ base, 'fail-on': 'weights' });
    expect(ok).toBe(false);
    expect(log).toContain('::error file=a.yaml::');
    expect(summary).toContain('a.yaml`: breaks weights');
  });

  test('a commit that is not there is fetched, or every spec counts as new', () => {
    const base = commit({ 'a.yaml': spec });
    commit({ 'a.yaml': spec.replace('filters: 4', 'filters: 8') });
    const origin = join(scratch, 'origin');
    rmSync(origin, { recursive: true, force: true });
    execFileSync('git', ['clone', '-q', '--bare', repository, origin], { stdio: 'pipe' });
    git('checkout', '-q', '--orphan', 'shallow');
    git('commit', '-q', '-m', 'x');
    git('branch', '-q', '-D', 'main');
    git('reflog', 'expire', '--expire=now', '--all');
    git('gc', '-q', '--prune=now');
    const lost = runAction({ base });
    expect(lost.log).toContain(`::warning::${base} cannot be fetched`);
    expect(lost.summary).toContain('**`a.yaml`: new**');
    git('remote', 'add', 'origin', origin);
    execFileSync('git', ['-C', origin, 'config', 'uploadpack.allowAnySHA1InWant', 'true']);
    expect(runAction({ base }).summary).toContain('a.yaml`: breaks weights');
  });

  test('without a netloom of the project the one beside the action is used', () => {
    rmSync(join(repository, 'node_modules'), { recursive: true });
    const beside = join(scratch, 'netloom');
    mkdirSync(join(beside, '.github/actions/check'), { recursive: true });
    mkdirSync(join(beside, 'dist'), { recursive: true });
    writeFileSync(join(beside, 'dist/netloom.cjs'), command);
    commit({ 'a.yaml': spec });
    const { ok, log } = runAction({}, join(beside, '.github/actions/check'));
    expect(ok, log).toBe(true);
    expect(log).toContain('1 file, no errors, no warnings');
  });

  test('where that is a bare clone it is installed and built first', { timeout: 300_000 }, ({ skip }) => {
    rmSync(join(repository, 'node_modules'), { recursive: true });
    const clone = join(scratch, 'clone');
    for (const file of execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' }).split('\0')) {
      if (file !== '' && existsSync(join(root, file))) cpSync(join(root, file), join(clone, file));
    }
    commit({ 'a.yaml': spec });
    // The packages come from npm's cache, where it has them all: tests use no network.
    const cache = execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim();
    const { ok, log } = runAction({}, join(clone, '.github/actions/check'), { npm_config_cache: cache, npm_config_offline: 'true' });
    if (log.includes('ENOTCACHED')) {
      console.warn("skipped: the action in a bare clone. npm's cache lacks a package.");
      skip();
    }
    expect(ok, log).toBe(true);
    expect(existsSync(join(clone, 'dist/netloom.cjs'))).toBe(true);
    expect(log).toContain('1 file, no errors, no warnings');
  });
});

interface Hook {
  readonly id: string;
  readonly name: string;
  readonly entry: string;
  readonly language: string;
  readonly files: string;
}

const hooks = parse(readFileSync(join(root, '.pre-commit-hooks.yaml'), 'utf8')) as readonly Hook[];

/** Runs a hook on staged files, as pre-commit does: those that fit are given to `entry`, and a hook that changes one fails. */
function runHook(id: string): { readonly passes: boolean; readonly out: string; readonly given: readonly string[] } {
  const hook = hooks.find((one) => one.id === id);
  if (!hook) throw new Error(`no hook ${id}`);
  const bin = join(scratch, 'bin');
  mkdirSync(bin, { recursive: true });
  // What `language: node` installs: the package's commands.
  const { bin: commands } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { bin: Record<string, string> };
  for (const name of Object.keys(commands)) writeFileSync(join(bin, name), command, { mode: 0o755 });
  const staged = git('diff', '--cached', '--name-only', '-z').split('\0');
  const given = staged.filter((name) => /\.ya?ml$/.test(name) && new RegExp(hook.files).test(name));
  if (given.length === 0) return { passes: true, out: '', given };
  const [program = '', ...args] = hook.entry.split(' ');
  const { status, stdout, stderr } = spawnSync(program, [...args, ...given], { cwd: repository, encoding: 'utf8', env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` } });
  return { passes: status === 0 && git('diff', '--name-only') === '', out: stdout + stderr, given };
}

describe('the pre-commit hooks', () => {
  const stage = (files: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(repository, name)), { recursive: true });
      writeFileSync(join(repository, name), text);
    }
    git('add', '-A');
  };

  beforeEach(() => {
    commit({ 'README.md': 'text' });
  });

  test('are installed as the package is', () => {
    expect(hooks.map(({ id }) => id)).toEqual(['netloom-check', 'netloom-fmt', 'netloom-fix']);
    for (const { language, name } of hooks) expect([language, name.startsWith('netloom ')]).toEqual(['node', true]);
  });

  test('check takes specs and nothing else, and fails where one is wrong', () => {
    stage({ 'nets/specs/a.yaml': spec, 'specs/b.yml': spec, 'workflow.yaml': 'on: push\n' });
    expect(runHook('netloom-check')).toMatchObject({ passes: true, given: ['nets/specs/a.yaml', 'specs/b.yml'] });
    stage({ 'specs/b.yml': spec.replace('kernel: 3', 'kernel: 30') });
    const { passes, out } = runHook('netloom-check');
    expect(passes).toBe(false);
    expect(out).toMatch(/error\[NL3\d{3}\]/);
    expect(out).toContain('specs/b.yml:5');
  });

  test('fmt and fix change what can be changed, and then fail', () => {
    stage({ 'specs/a.yaml': spec.replace('{ op: dense,', '{op: dense,') });
    expect(runHook('netloom-fmt').passes).toBe(false);
    git('add', '-A');
    expect(runHook('netloom-fmt').passes).toBe(true);
    stage({ 'specs/a.yaml': spec.replace('kernel', 'kernal') });
    expect(runHook('netloom-fix').passes).toBe(false);
    expect(readFileSync(join(repository, 'specs/a.yaml'), 'utf8')).toBe(spec);
  });
});
