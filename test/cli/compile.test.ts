import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { call } from '../support/call.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const folder = scratchFolder('compile');

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const spec = file('small.yaml', 'netloom: 1\nname: small\ninput: { image: 8x8x3 }\nlayers:\n  c: { op: conv, filters: 4, kernel: 3 }\n  d: { op: dense, units: 2, expect: 2 }\n');

/** Compiles the small spec into a folder of its own; gives the names of its variants, in the plan's order. */
async function variants(name: string, ...args: readonly string[]): Promise<readonly string[]> {
  const output = join(folder, name);
  const { code, err } = await call('compile', spec, '-o', output, ...args);
  expect(code, err).toBe(0);
  return [...readFileSync(join(output, 'model.ts'), 'utf8').matchAll(/target: '(.*)'/g)].map((match) => match[1] ?? '');
}

test('a model has a variant for each target asked for, those without subgroups last', async () => {
  expect(await variants('default')).toEqual(['subgroups-32', 'sized-32', 'subgroups-8', 'subgroups-4', 'portable']);
  const mine = file('mine.json', '{ "like": "subgroups-4", "limits": { "maxStorageBufferBindingSize": 1000000 } }');
  expect(await variants('some', '--target', 'portable,subgroups-16', '--target', mine)).toEqual(['subgroups-16', 'mine', 'portable']);
  expect(readFileSync(join(folder, 'some/model.ts'), 'utf8')).toContain('maxStorageBufferBindingSize: 1000000');
});

test('weights in f16: the model and the report say so, and kernels take two from a word', async () => {
  await variants('half', '--target', 'portable', '--precision', 'f16');
  const model = readFileSync(join(folder, 'half/model.ts'), 'utf8');
  expect(model).toMatch(/^ {2}precision: 'f16',$/m);
  expect([...model.matchAll(/name: '(\S+)',\s+type: 'f16'/g)].map((match) => match[1])).toEqual(['c.weight', 'd.weight']);
  expect(readFileSync(join(folder, 'half/report.txt'), 'utf8')).toContain('are stored in 16 bits');
  for (const name of readdirSync(join(folder, 'half/portable'))) expect(readFileSync(join(folder, 'half/portable', name), 'utf8')).toContain('unpack2x16float');

  await variants('whole', '--target', 'portable');
  expect(readFileSync(join(folder, 'whole/model.ts'), 'utf8')).not.toContain('f16');
});

test('kernels are chosen for the batch that is asked for', async () => {
  const wide = file('wide.yaml', 'netloom: 1\nname: wide\ninput: { image: 28x28x128 }\nlayers: { c: { op: conv, filters: 256, kernel: 3, pad: 1 } }\n');
  for (const [batch, shaders] of [['1', ['01-c.wgsl']], ['32', ['01-c-products.wgsl', '01-c-tiles-in.wgsl', '01-c-tiles-out.wgsl']]] as const) {
    const output = join(folder, `batch-${batch}`);
    expect((await call('compile', wide, '-o', output, '--target', 'subgroups-32', '--batch', batch)).code).toBe(0);
    expect(readdirSync(join(output, 'subgroups-32')).sort()).toEqual(shaders);
  }
});

test('shaders for targets that are no longer asked for are removed', async () => {
  await variants('again', '--target', 'subgroups-16,portable');
  writeFileSync(join(folder, 'again/portable/own.wgsl'), '// mine\n');
  await variants('again', '--target', 'subgroups-8');
  expect(readdirSync(join(folder, 'again')).sort()).toEqual(['model.ts', 'portable', 'report.txt', 'subgroups-8']);
  expect(readdirSync(join(folder, 'again/portable'))).toEqual(['own.wgsl']);
});

test.each([
  ['subgroup-8', 2, "error: there is no target 'subgroup-8'\nhelp: did you mean subgroups-8?\n"],
  ['gpu', 2, "error: there is no target 'gpu'\nhelp: it is subgroups-32, sized-32, subgroups-8, subgroups-4, portable, subgroups-16, subgroups-64, matrices-16, matrices-8, lavapipe or swiftshader, or a file that ends in .json\n"],
  ['portable,', 2, "error: --target takes NAME|FILE.json, with commas between several; not 'portable,'\n"],
  [join(folder, 'nowhere.json'), 1, `error: ${join(folder, 'nowhere.json')} does not exist\n`],
])('--target %s', async (target, code, err) => {
  expect(await call('compile', spec, '-o', join(folder, 'wrong'), '--target', target)).toEqual({ code, out: '', err });
  expect(existsSync(join(folder, 'wrong'))).toBe(false);
});

test('a file that is no target says all that is wrong with it', async () => {
  const path = file('bad.json', '{ "maxSum": 3, "unroll": "never" }');
  const { code, err } = await call('compile', spec, '--target', path);
  expect([code, err]).toEqual([
    1,
    `error: ${path}: \`maxSum\` is no key of a target profile; did you mean \`maxSums\`?\n${path}: \`unroll\` must be "driver" or "written"; not "never"\n` +
      'help: a target is a profile as in compiler/targets/portable.json, or what `netloom doctor --format json` prints\n',
  ]);
});

test('two targets of one name are told', async () => {
  const [one, two] = ['one.json', 'two.json'].map((name) => file(name, '{ "name": "same" }'));
  const { code, err } = await call('compile', spec, '--target', `${one ?? ''},${two ?? ''}`);
  expect([code, err]).toEqual([1, `error: ${one ?? ''} and ${two ?? ''} are both called same\nhelp: give one of them another \`name\`\n`]);
  expect(await variants('twice', '--target', `${one ?? ''},${one ?? ''}`)).toEqual(['same']);
});
