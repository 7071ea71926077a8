// The verbs that write specs: fmt, fix and init.

import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { call, callWith } from '../support/call.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = scratchFolder('edit');

function file(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const read = (path: string): string => readFileSync(path, 'utf8');

const right = `netloom: 1
name: small
params: { width: 4 }
input: { image: 8x8x3 }
layers:
  c: { op: conv, filters: = width, kernel: 3, activation: relu } # kept
  d: { op: dense, units: 2 }
`;
const crooked = right.replace('{ op: dense, units: 2 }', '{op: dense,units: 2}');

describe('fmt', () => {
  test('writes what changes, and names it', async () => {
    const [a, b] = [file('fmt/a.yaml', crooked), file('fmt/b.yaml', right)];
    expect(await call('fmt', join(folder, 'fmt'))).toEqual({ code: 0, out: `${a}\n`, err: '' });
    expect([read(a), read(b)]).toEqual([right, right]);
    expect(await call('fmt', a, b)).toEqual({ code: 0, out: '', err: '' });
  });

  test('--check writes nothing', async () => {
    const path = file('crooked.yaml', crooked);
    expect(await call('fmt', '--check', path)).toEqual({ code: 1, out: `${path}\n`, err: '' });
    expect(read(path)).toBe(crooked);
    expect((await call('fmt', '--check', file('straight.yaml', right))).code).toBe(0);
  });

  test('- goes through', async () => {
    expect(await callWith({ input: crooked }, 'fmt', '-')).toEqual({ code: 0, out: right, err: '' });
    expect(await callWith({ input: crooked }, 'fmt', '--check', '-')).toEqual({ code: 1, out: '<stdin>\n', err: '' });
  });

  test('what is not YAML is told, and left', async () => {
    const path = file('broken.yaml', `${crooked}  e: { op: dense\n`);
    const { code, out, err } = await call('fmt', path, join(folder, 'nowhere.yaml'));
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('error[NL1012]');
    expect(err).toContain('nowhere.yaml does not exist');
    expect(read(path)).toContain('{op: dense');
  });

  test('the specs of this repository have their usual form', async () => {
    expect(await call('fmt', '--check', join(root, 'specs'))).toEqual({ code: 0, out: '', err: '' });
  });
});

describe('fix', () => {
  const wrong = right.replace('kernel', 'kernal').replace('op: dense', 'op: dnse').replace('= width', '= widht').replace('netloom: 1', 'netloom: 1 # netloom-ignore NL3010: no more');

  test('mends what is certain, also what came to light only then, and tells it', async () => {
    const path = file('wrong.yaml', wrong);
    const { code, out, err } = await call('fix', path);
    expect([code, err]).toEqual([0, '']);
    expect(out.trimEnd().split('\n')).toEqual([
      `${path}:6:29: NL2021 there is no param \`widht\`: write width`,
      `${path}:6:36: NL2001 c: conv has no key \`kernal\`: write kernel`,
      `${path}:7:12: NL2005 d: there is no operator \`dnse\`: write dense`,
      `${path}:1:29: NL2038 there is no NL3010 on this line to ignore: remove the comment`,
    ]);
    expect(read(path)).toBe(right);
    expect(await call('fix', path)).toEqual({ code: 0, out: '', err: '' });
  });

  test('leaves what could mean several things', async () => {
    const path = file('unsure.yaml', right.replace('kernel: 3', 'kernel: 3, pad: 1, expect: 9x9x4').replace('units', 'out_features'));
    const before = read(path);
    expect(await call('fix', path)).toEqual({ code: 0, out: '', err: '' });
    expect(read(path)).toBe(before);
  });

  test('--check writes nothing', async () => {
    const path = file('wrong.yaml', wrong);
    const { code, out } = await call('fix', '--check', path);
    expect(code).toBe(1);
    expect(out).toContain('NL2005');
    expect(read(path)).toBe(wrong);
    expect((await call('fix', '--check', file('right.yaml', right))).code).toBe(0);
  });

  test('- goes through, and what was done is said beside it', async () => {
    const { code, out, err } = await callWith({ input: wrong }, 'fix', '-');
    expect([code, out]).toEqual([0, right]);
    expect(err).toContain('<stdin>:7:12: NL2005');
  });

  test('a file that is not there', async () => {
    const { code, err } = await call('fix', join(folder, 'nowhere.yaml'));
    expect(code).toBe(1);
    expect(err).toContain('error[NL1000]');
  });
});

describe('init', () => {
  test('writes a spec that nothing is wrong with, named after its file', async () => {
    const path = join(folder, 'init', 'my first net.yaml');
    const { code, out } = await call('init', path);
    expect([code, out]).toEqual([0, `${path}: next, netloom check ${path}, and netloom summary ${path}\n`]);
    expect(read(path)).toMatch(/^# yaml-language-server: \$schema=\S+\nnetloom: 1\nname: my-first-net\n/);
    expect((await call('check', '--strict', path)).code).toBe(0);
    expect((await call('fmt', '--check', path)).code).toBe(0);
  });

  test('names a schema that is there', async () => {
    const path = join(folder, 'init', 'schema.yaml');
    await call('init', path);
    const [, schema = ''] = /\$schema=(\S+)/.exec(read(path)) ?? [];
    expect(existsSync(resolve(dirname(path), schema))).toBe(true);
  });

  test('where netloom is installed beside it, through node_modules', async () => {
    const project = scratchFolder('project', onTestFinished);
    mkdirSync(join(project, 'node_modules'));
    symlinkSync(root, join(project, 'node_modules', 'netloom'));
    mkdirSync(join(project, 'nets'));
    for (const [name, schema] of [['a.yaml', './node_modules'], ['nets/b.yaml', '../node_modules']] as const) {
      await call('init', join(project, name));
      expect(read(join(project, name)).split('\n')[0]).toBe(`# yaml-language-server: $schema=${schema}/netloom/specs/spec.schema.json`);
    }
  });

  test('overwrites nothing', async () => {
    const path = file('taken.yaml', 'mine\n');
    expect(await call('init', path)).toEqual({ code: 1, out: '', err: `error: ${path} is there already, and is not overwritten\nhelp: name another file\n` });
    expect(read(path)).toBe('mine\n');
  });
});
