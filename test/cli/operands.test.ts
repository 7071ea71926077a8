import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheckedData } from '../../compiler/check.ts';
import { call, callWith } from '../support/call.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const folder = scratchFolder('operands');
const home = process.cwd();
const spec = 'netloom: 1\nname: small\ninput: { image: 8 }\nlayers: { d: { op: dense, units: 2, expect: 2 } }\n';

beforeAll(() => {
  const files = {
    'nets/b.yaml': spec,
    'nets/a.yml': spec,
    'nets/deep/c.yaml': `# a comment\n${spec}`,
    'nets/deep/json.yaml': '{"netloom": 1, "name": "j", "input": {"image": 8}, "layers": {"d": {"op": "dense", "units": 2, "expect": 2}}}',
    'nets/workflow.yaml': 'on: push\njobs: { check: { env: { netloom: 1 } } }\n',
    'nets/other.txt': spec,
    'nets/node_modules/x/d.yaml': spec,
    'nets/.hidden/e.yaml': spec,
    'empty/readme.md': '',
    'odd[1].yaml': spec,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  process.chdir(folder);
});

afterAll(() => {
  process.chdir(home);
});

/** The specs that a call reads, in its order. */
async function read(...operands: readonly string[]): Promise<readonly string[]> {
  const { out } = await call('check', ...operands, '--format', 'json');
  return (JSON.parse(out) as { readonly files: readonly CheckedData[] }).files.map(({ file }) => file);
}

test('a folder is every spec in it, whatever else lies there', async () => {
  expect(await read('nets')).toEqual(['nets/a.yml', 'nets/b.yaml', 'nets/deep/c.yaml', 'nets/deep/json.yaml']);
  expect(await read('.')).toContain('nets/a.yml');
  expect(await read(join(folder, 'nets', 'deep'))).toEqual([join(folder, 'nets/deep/c.yaml'), join(folder, 'nets/deep/json.yaml')]);
});

test('a pattern is every file it matches', async () => {
  expect(await read('nets/*.{yaml,yml}')).toEqual(['nets/a.yml', 'nets/b.yaml', 'nets/workflow.yaml']);
  expect(await read('nets/**/c.yaml')).toEqual(['nets/deep/c.yaml']);
  expect(await read(join(folder, '**/c.yaml'))).toEqual([join(folder, 'nets/deep/c.yaml')]);
});

test('a file whose name looks like a pattern is that file', async () => {
  expect(await read('odd[1].yaml')).toEqual(['odd[1].yaml']);
});

test('a spec that is named twice is read once', async () => {
  expect(await read('nets/b.yaml', 'nets', './nets/b.yaml')).toEqual(['nets/b.yaml', 'nets/a.yml', 'nets/deep/c.yaml', 'nets/deep/json.yaml']);
});

test.each([
  ['empty', 'empty holds no spec: no YAML file in it has a `netloom:` key at its top'],
  ['nets/*.yaaml', 'nets/*.yaaml matches no file'],
  ['nowhere', 'nowhere does not exist'],
])('%s is an error, and the rest is read', async (operand, message) => {
  const { code, out } = await call('check', operand, 'nets/b.yaml');
  expect(code).toBe(1);
  expect(out).toContain(`error[NL1000]: ${message}\n`);
  expect(out).toMatch(/\n2 files, 1 error, no warnings\n$/);
});

describe('-', () => {
  test('is what comes through the pipe, and may name files beside where one stands', async () => {
    const fine = await callWith({ input: spec }, 'check', '-');
    expect([fine.code, fine.out]).toEqual([0, '1 file, no errors, no warnings\n']);
    const { code, out } = await callWith({ input: spec.replace('dense', 'dens') }, 'check', '-');
    expect(code).toBe(1);
    expect(out).toContain('─ <stdin>:4:20\n');
    writeFileSync('names.txt', 'cat\ndog\n');
    expect((await callWith({ input: `${spec}labels: names.txt\n` }, 'check', '-')).code).toBe(0);
  });

  test('is an empty spec where nothing comes', async () => {
    expect((await callWith({ input: '' }, 'check', '-')).out).toContain('error[NL1001]');
  });
});
