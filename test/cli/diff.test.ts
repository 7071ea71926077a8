import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Difference } from '../../compiler/diff.ts';
import { call } from '../support/call.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const specs = fileURLToPath(new URL('../../specs/', import.meta.url));
const [alexnet, notebook] = [join(specs, 'alexnet.yaml'), join(specs, 'alexnet-notebook.yaml')];
const folder = scratchFolder('diff');
const home = process.cwd();

const small = `netloom: 1
name: small
input: { image: 8x8x3 }
labels: names.txt
layers:
  c: { op: conv, filters: 4, kernel: 3, pad: 1 }
  f: { op: dense, units: 2 }
`;

beforeAll(() => {
  const git = (...args: readonly string[]): void => {
    execFileSync('git', ['-C', folder, '-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args], { stdio: 'pipe' });
  };
  mkdirSync(join(folder, 'nets'));
  const write = (text: string, names: string): void => {
    writeFileSync(join(folder, 'nets', 'small.yaml'), text);
    writeFileSync(join(folder, 'nets', 'names.txt'), names);
  };
  git('init', '-q', '-b', 'main');
  write(small, 'cat\ndog\n');
  git('add', '.');
  git('commit', '-qm', 'one');
  // Other labels than in the commit, as many as the last layer has there: each spec must find its own.
  write(small.replace('pad: 1', 'pad: 0').replace('units: 2', 'units: 3'), 'cat\ndog\nbird\n');
  process.chdir(folder);
});

afterAll(() => {
  process.chdir(home);
});

describe('text', () => {
  test('a line a change, the totals, and the tensors', async () => {
    const { code, out, err } = await call('diff', alexnet, notebook);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`${alexnet} → ${notebook}: breaks weights (3 changes); 13 of 16 tensors survive\n`);
    expect(out).toMatch(/^conv2 +groups 2 → 1, in_channels none → 96, init \{ bias: 1 \} → none +breaks weights +27x27x256 +307,456 → 614,656 +223,948,800 → 447,897,600 +1\.9 MiB → 3\.1 MiB$/m);
    expect(out).toMatch(/^norm1 +reduce sum → mean +numerics/m);
    expect(out).toMatch(/^preprocess std +\[1, 1, 1\] → \[58\.395, 57\.12, 57\.375\] +numerics$/m);
    expect(out).toMatch(/^MACs +724,406,816 +1,135,256,096 +\+56\.7 %$/m);
    expect(out).toMatch(/^reshaped: {2}conv2\.weight 256x48x5x5 → 256x96x5x5,/m);
    expect(out.split('\n').filter((line) => line.startsWith('summary')).every((line) => line.length < 140)).toBe(true);
  });

  test('no difference', async () => {
    expect(await call('diff', alexnet, alexnet)).toEqual({
      code: 0,
      out: `${alexnet} → ${alexnet}: no difference but in how it is written\n`,
      err: '',
    });
  });
});

test('json: every number of every changed layer', async () => {
  const { out } = await call('diff', alexnet, notebook, '--format', 'json');
  const found = JSON.parse(out) as Difference & { readonly version: number };
  expect(found).toMatchObject({ version: 1, effect: 'weights', before: alexnet, after: notebook });
  expect(found.layers.find(({ after }) => after?.name === 'conv2')).toMatchObject({
    kind: 'changed',
    effect: 'weights',
    before: { parameters: 307_456, shape: [27, 27, 256] },
    after: { parameters: 614_656, macs: 447_897_600 },
    details: [{ what: 'groups', before: '2', after: '1' }, { what: 'in_channels', before: null, after: '96' }, { what: 'init' }],
  });
  expect(found.tensors.kept).toContain('fc6.weight');
});

test('markdown: tables, and nothing of a spec’s own words that Markdown or HTML would take for theirs', async () => {
  const odd = join(folder, 'odd.yaml');
  writeFileSync(odd, small.replace('labels: names.txt', 'summary: "a | b <script> @all #1 *x*"'));
  const { code, out } = await call('diff', 'main:nets/small.yaml', odd, '--format', 'markdown');
  expect(code).toBe(0);
  expect(out).toMatch(/^\*\*`main:nets\/small\.yaml` → `.*odd\.yaml`: cosmetic, the same numbers come out\*\*\n\n\| total \| before/);
  expect(out).toContain('| `summary` | none → a \\| b &lt;script\\> \\@all \\#1 \\*x\\* | cosmetic |');
  for (const table of out.split('\n\n').filter((part) => part.startsWith('|'))) {
    const cells = table.trim().split('\n').map((line) => line.split(/(?<!\\)\|/).length);
    expect(new Set(cells).size).toBe(1);
  }
  const breaking = (await call('diff', alexnet, notebook, '--format', 'markdown')).out;
  expect(breaking).toContain('<details><summary>survive: 13</summary>\n\n- `conv1.weight`\n');
});

describe('--fail-on', () => {
  const [pad, init, wide] = [small.replace('pad: 1', 'pad: same'), small.replace('pad: 1', 'pad: 1, activation: relu'), small.replace('filters: 4', 'filters: 5')];
  test.each([
    ['nothing', small, 'any', 0],
    ['a cosmetic change', pad, 'any', 1],
    ['a cosmetic change', pad, 'numerics', 0],
    ['other numbers', init, 'numerics', 1],
    ['other numbers', init, 'weights', 0],
    ['other weights', wide, 'weights', 1],
    ['other weights', wide, 'numerics', 1],
    ['other weights', wide, 'nothing', 0],
  ])('%s, case %#', async (_, text, limit, expected) => {
    const path = join(folder, 'nets', 'other.yaml');
    writeFileSync(path, text.replace('labels: names.txt\n', 'labels: two.txt\n'));
    writeFileSync(join(folder, 'nets', 'two.txt'), 'cat\ndog\n');
    const before = join(folder, 'nets', 'before.yaml');
    writeFileSync(before, small.replace('labels: names.txt\n', 'labels: two.txt\n'));
    expect((await call('diff', before, path, '--fail-on', limit)).code).toBe(expected);
  });
});

describe('a commit', () => {
  test('as git names it, and what stands beside the spec there', async () => {
    const { code, out, err } = await call('diff', 'main:nets/small.yaml', 'nets/small.yaml', '--format', 'json');
    expect([code, err]).toEqual([0, '']);
    const found = JSON.parse(out) as Difference;
    expect(found.effect).toBe('weights');
    expect(found.layers[0]?.details).toEqual([{ what: 'pad', before: '1', after: '0' }]);
  });

  test('from where one stands', async () => {
    process.chdir(join(folder, 'nets'));
    const { code, out } = await call('diff', 'HEAD:./small.yaml', 'HEAD:nets/small.yaml');
    process.chdir(folder);
    expect([code, out]).toEqual([0, 'HEAD:./small.yaml → HEAD:nets/small.yaml: no difference but in how it is written\n']);
  });

  test.each([
    ['main:nets/smal.yaml', 'main:nets/smal.yaml does not exist in main'],
    ['mian:nets/small.yaml', 'mian:nets/small.yaml cannot be read: git knows no commit mian'],
    ['main:nets', 'main:nets is a folder'],
    ['nets/smal.yaml', 'nets/smal.yaml does not exist'],
  ])('%s', async (operand, message) => {
    const { code, out, err } = await call('diff', operand, 'nets/small.yaml');
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(`error[NL1000]: ${message}\n`);
  });

  test('outside of a repository', async () => {
    process.chdir(tmpdir());
    const { err } = await call('diff', 'main:a.yaml', alexnet);
    process.chdir(folder);
    expect(err).toContain('main:a.yaml cannot be read: this is no git repository');
  });
});

test('--set for both, --set-a and --set-b for one', async () => {
  const { out } = await call('diff', alexnet, alexnet, '--set', 'classes=10', '--set-b', 'width=0.125', '--format', 'json');
  const { totals } = JSON.parse(out) as Difference;
  expect(totals.after.parameters).toBe(898_554);
  expect((await call('diff', alexnet, alexnet, '--set-a', 'width=0.5', '--set-b', 'width=0.5')).out).toContain('no difference');
});

test('a spec that is wrong ends the call with its mistakes', async () => {
  const wrong = join(folder, 'wrong.yaml');
  writeFileSync(wrong, small.replace('op: dense', 'op: dens').replace('labels: names.txt\n', ''));
  const { code, out, err } = await call('diff', 'nets/small.yaml', wrong);
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(/^error\[NL2005\]/);
});
