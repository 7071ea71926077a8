import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CheckedData } from '../../compiler/check.ts';
import { call } from '../support/call.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const folder = scratchFolder('check');

const right = `netloom: 1
name: small
input: { image: 8x8x3 }
layers:
  c: { op: conv, filters: 4, kernel: 3, activation: relu }
  d: { op: dense, units: 2, expect: 2 }
`;

/** A file of this text in a folder of the test's own. */
function spec(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

interface Printed {
  readonly version: number;
  readonly ok: boolean;
  readonly files: readonly CheckedData[];
}

async function checkJson(...args: readonly string[]): Promise<Printed & { readonly code: number }> {
  const { code, out } = await call('check', ...args, '--format', 'json');
  return { ...(JSON.parse(out) as Printed), code };
}

describe('json', () => {
  test('a right spec: every layer with its shape and cost, and their sum', async () => {
    const path = spec('right.yaml', right);
    const { code, version, ok, files } = await checkJson(path);
    expect([code, version, ok, files.length]).toEqual([0, 1, true, 1]);
    expect(files[0]).toEqual({
      file: path,
      ok: true,
      diagnostics: [],
      layers: [
        // 6x6 windows of 3x3x3, and one operation each for bias and relu.
        { name: 'c', op: 'conv', shape: [6, 6, 4], parameters: 112, macs: 3888, flops: 8064, weight_bytes: 448, activation_bytes: 576 },
        { name: 'd', op: 'dense', shape: [2], parameters: 290, macs: 288, flops: 578, weight_bytes: 1160, activation_bytes: 8 },
      ],
      totals: { parameters: 402, macs: 4176, flops: 8642, weight_bytes: 1608, activation_bytes: 584 },
    });
  });

  test('a wrong spec: where, from 1, in UTF-16 units, the end excluded', async () => {
    const path = spec('wrong.yaml', right.replace('name: small', 'name: small # 🧵').replace('kernel: 3', '"kernel": 13'));
    const { code, ok, files } = await checkJson(path);
    expect([code, ok, files[0]?.ok]).toEqual([1, false, false]);
    expect(files[0]?.layers).toEqual([]);
    const [diagnostic, ...others] = files[0]?.diagnostics ?? [];
    expect(others).toEqual([]);
    expect(diagnostic).toMatchObject({
      severity: 'error',
      file: path,
      range: { start: { line: 5, column: 40 }, end: { line: 5, column: 42 } },
    });
    expect(diagnostic?.code).toMatch(/^NL3\d{3}$/);
    expect(diagnostic?.message).toContain('13');
  });

  test('several files in one run, one of them not there', async () => {
    const [one, two] = [spec('one.yaml', right), join(folder, 'tow.yaml')];
    spec('two.yaml', right);
    const { code, ok, files } = await checkJson(one, two);
    expect([code, ok]).toEqual([1, false]);
    expect(files.map((file) => [file.file, file.ok])).toEqual([[one, true], [two, false]]);
    expect(files[1]?.diagnostics).toEqual([
      {
        code: 'NL1000',
        severity: 'error',
        message: `${two} does not exist`,
        file: two,
        range: { start: { line: 1, column: 1 }, end: { line: 1, column: 1 } },
        help: `did you mean ${join(folder, 'two.yaml')}?`,
        related: [],
        fix: null,
      },
    ]);
  });
});

describe('text', () => {
  test('all is well', async () => {
    const { code, out, err } = await call('check', spec('fine.yaml', right));
    expect({ code, out, err }).toEqual({ code: 0, out: '1 file, no errors, no warnings\n', err: '' });
  });

  test('mistakes of all files, counted', async () => {
    const { code, out } = await call('check', spec('a.yaml', right.replace('op: dense', 'op: dnse')), spec('b.yaml', `${right}outputs: [e]\n`));
    expect(code).toBe(1);
    expect(out).toMatch(/^error\[NL2\d{3}\]: .*dnse/);
    expect(out).toContain('a.yaml:6:');
    expect(out).toContain('b.yaml:7:');
    expect(out).toMatch(/\n2 files, 2 errors, no warnings\n$/);
  });
});

test('--set gives a param another value, here and in every file', async () => {
  const path = spec('params.yaml', right.replace('input:', 'params: { width: 4 }\ninput:').replace('filters: 4', 'filters: = width'));
  const shape = async (...args: readonly string[]): Promise<unknown> => (await checkJson(path, ...args)).files[0]?.layers[0]?.shape;
  expect(await shape()).toEqual([6, 6, 4]);
  expect(await shape('--set', 'width=1')).toEqual([6, 6, 1]);
  expect(await shape('--set', 'width=1', '--set', 'width=2 * 3')).toEqual([6, 6, 6]);
  const { code, out } = await call('check', path, '--set', 'widht=1');
  expect(code).toBe(1);
  expect(out).toContain('did you mean `width`?');
});

describe('labels beside the spec', () => {
  const labelled = right + 'labels: names.txt\n';

  test('are read', async () => {
    spec('names.txt', 'cat\ndog\n');
    expect((await call('check', spec('labelled.yaml', labelled))).out).toBe('1 file, no errors, no warnings\n');
  });

  test('not from outside the project', async () => {
    const outside = labelled.replace('names.txt', '../../../../../../etc/hostname');
    const { code, out } = await call('check', spec('outside.yaml', outside));
    expect(code).toBe(1);
    expect(out).toContain('etc/hostname');
  });
});

describe('a variant', () => {
  const project = scratchFolder('variant');
  mkdirSync(join(project, 'bases'));
  writeFileSync(join(project, 'bases', 'base.yaml'), right.replace('name: small', 'name: base\nparams: { units: 2 }\nlabels: ../names.txt').replace('units: 2, expect: 2', 'units: = units, expect: "?"'));
  writeFileSync(join(project, 'names.txt'), 'cat\ndog\n');
  const variant = (name: string, rest: string): string => {
    const path = join(project, name);
    writeFileSync(path, `netloom: 1\nname: variant\n${rest}\n`);
    return path;
  };

  test('is checked with its base, whose labels lie beside it', async () => {
    expect((await call('check', variant('fine.yaml', 'extends: bases/base.yaml'))).out).toBe('1 file, no errors, no warnings\n');
  });

  test('takes `--set` for the params of its base', async () => {
    const { code, files } = await checkJson(variant('set.yaml', 'extends: bases/base.yaml\nlabels: null'), '--set', 'units=7');
    expect([code, files[0]?.layers[1]?.shape]).toEqual([0, [7]]);
  });

  test('tells of its base where that is', async () => {
    const { files } = await checkJson(variant('wrong.yaml', 'extends: bases/base.yaml\nparams: { units: 3 }'));
    const [wrong] = files[0]?.diagnostics ?? [];
    expect([wrong?.code, wrong?.file]).toEqual(['NL3019', join(project, 'bases/base.yaml')]);
    expect(wrong?.related.map(({ file }) => file)).toContain(join(project, 'wrong.yaml'));
  });

  test.each(['../base.yaml', '/etc/hosts'])('reads nothing outside the project: %s', async (path) => {
    const { files } = await checkJson(variant('outside.yaml', `extends: ${path}`));
    expect(files[0]?.diagnostics.map(({ code, message }) => [code, message])).toEqual([['NL2047', `${path} lies outside the project`]]);
  });
});

describe('--target', () => {
  // Rows of 1024 numbers: 65 of them are more than 64 KiB of four bytes hold.
  const dense = 'netloom: 1\nname: small\ninput: { v: 1024 }\nlayers:\n  d: { op: dense, units: 640, expect: 640 }\n';
  const profile = (name: string, limit: number): string => spec(name, JSON.stringify({ name: 'mine', limits: { maxStorageBufferBindingSize: limit } }));

  test('says what is done about its limits, and lets it pass, be it strict', async () => {
    const { code, out } = await call('check', spec('dense.yaml', dense), '--target', profile('half.json', 2 ** 20), '--strict');
    expect(code).toBe(0);
    expect(out).toMatch(/^note\[NL4006\]: batches of more than 256 images are run in parts\n/);
    expect(out).toContain('v takes 4096 bytes an image, and a buffer of mine devices holds 1048576\n');
    expect(out).toMatch(/\nnote\[NL4005\]: d: its weights are bound in 3 parts\n[^]* 2621440 bytes, and a buffer of mine devices holds 1048576\n/);
    expect(out).toMatch(/\n1 file, no errors, no warnings, 2 notes\n$/);
  });

  test('says what does not fit, where a device of any kind would hold it', async () => {
    const path = spec('row.yaml', dense);
    const { code, out } = await call('check', path, '--target', profile('small.json', 2 ** 17));
    expect(code).toBe(1);
    expect(out).toMatch(/^error\[NL4002\]: d: 64 rows of its weights take 262144 bytes, and a buffer of mine devices holds 131072\n/);
    expect(out).toMatch(/help: let at most 512 values reach it: pool the picture before it\n\n1 file, 1 error, no warnings\n$/);
    expect((await call('check', path)).out).toBe('1 file, no errors, no warnings\n');
  });

  test.each(['portable', 'lavapipe', 'subgroups-64'])('%s is one', async (target) => {
    expect((await call('check', spec('dense.yaml', dense), '--target', target)).out).toContain('1 file, no errors, no warnings, 1 note\n');
  });

  test('another is none', async () => {
    expect(await call('check', spec('fits.yaml', right), '--target', 'lavapip')).toEqual({ code: 2, out: '', err: "error: there is no target 'lavapip'\nhelp: did you mean lavapipe?\n" });
  });

  test('notes are no problems that a baseline would hold', async () => {
    const [path, target, known] = [spec('dense.yaml', dense), profile('half.json', 2 ** 20), join(folder, 'known.json')];
    expect((await call('check', path, '--target', target, '--write-baseline', known)).code).toBe(0);
    const { out } = await call('check', path, '--target', target, '--baseline', known);
    expect(out).toContain('1 file, no errors, no warnings, 2 notes; no known problems left out\n');
  });
});
