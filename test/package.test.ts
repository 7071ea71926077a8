// The package as a user gets it: packed, put into a project of its own, and used as README.md says, word for word.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundle } from '../compiler/bundle.ts';
import { compile } from '../compiler/compile.ts';
import { profiles } from '../compiler/passes/targets.ts';
import { call } from './support/call.ts';
import { Editor } from './support/editor.ts';
import { networkOf } from './support/gpu.ts';
import { scratchFolder } from './support/scratch-folder.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const scratch = scratchFolder('package');
const staging = join(scratch, 'staging');
const user = join(scratch, 'user');
const installed = join(user, 'node_modules', 'netloom');
let packed: readonly string[] = [];

beforeAll(async () => {
  mkdirSync(staging);
  for (const name of ['package.json', 'README.md', 'LICENSE', 'specs']) cpSync(join(root, name), join(staging, name), { recursive: true });
  await bundle(join(staging, 'dist'));
  const npm = ['pack', '--ignore-scripts', '--json', '--pack-destination', scratch];
  const report = JSON.parse(execFileSync('npm', npm, { cwd: staging, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as [
    { filename: string; files: readonly { path: string }[] },
  ];
  packed = report[0].files.map(({ path }) => path);
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(scratch, report[0].filename), '--strip-components=1', '-C', installed]);
  // What npm would install beside it.
  mkdirSync(join(user, 'node_modules', '@types'));
  for (const name of ['webgpu', 'sharp', 'ts-morph', '@webgpu', '@sparticuz', '@types/node']) {
    symlinkSync(join(root, 'node_modules', name), join(user, 'node_modules', name));
  }
  writeFileSync(join(user, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(root, 'specs'), join(user, 'specs'));
  symlinkSync(join(root, 'test'), join(user, 'test'));
}, 120_000);

/** Runs a program in the user's project. */
function run(program: string, ...args: readonly string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: user, encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

const bin = join(installed, 'dist', 'netloom.cjs');
const blocks = (language: string): string[] => [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map((match) => match[1] ?? '');

test('it holds what users need and nothing else', () => {
  const expected = /^(README\.md|LICENSE|compiler\/CODES\.md|package\.json|specs\/[\w.-]+\.(yaml|json|jpg)|dist\/(netloom|command|lsp)\.cjs|dist\/(index|runtime)\.js|dist\/third-party\.txt|dist\/chunks\/[\w-]+\.js|dist\/types\/(compiler|runtime)\/[\w./-]+\.d\.ts)$/;
  expect(packed.filter((path) => !expected.test(path))).toEqual([]);
  for (const path of ['README.md', 'LICENSE', 'dist/netloom.cjs', 'dist/index.js', 'dist/runtime.js', 'specs/alexnet.yaml', 'specs/spec.schema.json']) {
    expect(packed).toContain(path);
  }
});

test('the licences of the packages inside it are told', () => {
  const told = readFileSync(join(installed, 'dist', 'third-party.txt'), 'utf8');
  for (const name of ['ajv', 'chevrotain', 'lodash-es', 'yaml']) expect(told).toMatch(new RegExp(`^${name} \\d`, 'm'));
  expect(told).toContain('Apache License');
});

describe('the command', () => {
  test('checks with nothing installed beside it, as the sources do', async () => {
    const alone = join(scratch, 'alone');
    mkdirSync(alone);
    cpSync(join(installed, 'dist'), join(alone, 'dist'), { recursive: true });
    cpSync(join(installed, 'package.json'), join(alone, 'package.json'));
    const specs = ['specs', 'test/invalid'].flatMap((folder) =>
      readdirSync(join(root, folder)).filter((name) => name.endsWith('.yaml')).map((name) => join(root, folder, name)),
    );
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(alone, 'dist', 'netloom.cjs'), 'check', '--format', 'json', ...specs], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    const { code, out } = await call('check', '--format', 'json', ...specs);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(JSON.parse(out));
    expect(status).toBe(code);
  });

  test('serves an editor from a file that no other call reads', async () => {
    const { editor, hello } = await Editor.start([], [bin]);
    expect(hello.serverInfo?.name).toBe('netloom');
    const { diagnostics } = await editor.show('untitled:spec', readFileSync(join(root, 'test/invalid/groups-do-not-divide-filters.yaml'), 'utf8'));
    expect(diagnostics.map(({ code }) => code)).toEqual(['NL3004']);
    expect(await editor.stop()).toBe(0);
    expect(readFileSync(join(installed, 'dist', 'command.cjs'), 'utf8')).not.toContain('textDocument/');
  });

  test('writes kernels as measured where ways ship, as the sources do', () => {
    const spec = join(root, 'specs/squeezenet-1.0.yaml');
    expect(run(process.execPath, bin, 'compile', spec, '--target', 'lavapipe', '-o', join(scratch, 'shipped')).status).toBe(0);
    const shaders = readdirSync(join(scratch, 'shipped', 'lavapipe')).map((name) => readFileSync(join(scratch, 'shipped', 'lavapipe', name), 'utf8'));
    const graph = networkOf(readFileSync(spec, 'utf8'), {}, spec);
    expect(shaders.sort()).toEqual([...compile(graph, { targets: profiles.filter(({ name }) => name === 'lavapipe') }).shaders.values()].sort());
  });

  test('a reader that goes away is no failure', () => {
    const { out, err } = run('sh', '-c', `{ '${process.execPath}' '${bin}' check --format json specs/*.yaml; echo "status $?" >&2; } | head -c 20`);
    expect(out).toHaveLength(20);
    expect(err).toBe('status 0\n');
  });

  test('does the same with the code that V8 kept, which is not published', () => {
    const folder = readdirSync(join(staging, 'dist'));
    expect(folder).toContain(`command-${process.versions.v8}.v8`);
    symlinkSync(join(root, 'node_modules'), join(staging, 'node_modules'));
    const kept = join(staging, 'dist', 'netloom.cjs');
    // Each of these needs a package that is loaded late: webgpu and sharp, ts-morph.
    const eighth = ['specs/alexnet.yaml', '--set', 'width=0.125'];
    for (const args of [
      ['run', ...eighth, '--weights', 'synthetic:1', '--input', 'specs/demo.jpg'],
      ['compile', ...eighth, '-o', join(scratch, 'kept')],
      ['check', 'test/invalid/alexnet-unpadded.yaml'],
    ]) {
      const [expected, got] = [bin, kept].map((file) => run(process.execPath, file, ...args));
      expect(got?.err).not.toMatch(/^error/m);
      expect({ status: got?.status, out: got?.out }).toEqual({ status: expected?.status, out: expected?.out });
    }
  });

  test('ends by itself after the GPU was used, and with the right code', () => {
    const args = [bin, 'verify', 'specs/alexnet.yaml', '--set', 'width=0.125', '--tolerance', '0'];
    const { status, err } = run(process.execPath, ...args);
    expect(status, err).toBe(1);
    expect(run(process.execPath, ...args, '--adapter', 'voodoo2').status).toBe(3);
  });
});

describe('README.md', () => {
  const commands = blocks('sh').flatMap((block) => block.split('\n').map((line) => line.replace(/\s+#.*$/, '')).filter((line) => line !== ''));
  const ours = commands.filter((command) => command.startsWith('npx netloom '));

  test.each(ours)('%s', (command) => {
    const { status, out, err } = run('sh', '-c', command.replace('npx netloom', `'${process.execPath}' '${bin}'`));
    expect(status, out + err).toBe(0);
    expect(out).not.toBe('');
  });

  test('the rest is run by .ci/run', () => {
    const ci = readFileSync(join(root, '.ci', 'run'), 'utf8').replaceAll(' --silent', '');
    const scripts = Object.keys((JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }).scripts);
    const others = commands.filter((command) => !ours.includes(command));
    expect(others.length).toBeGreaterThan(3);
    for (const command of others) {
      const [, name = ''] = /^npm (?:run )?([\w:]+)$/.exec(command) ?? [];
      expect(scripts).toContain(name);
      expect(ci, command).toMatch(name === 'test' ? /vitest\.mjs run/ : new RegExp(`${command}\\b`));
    }
  });

  test('its programs type-check, run, and print what their comments say', () => {
    const programs = blocks('ts');
    expect(programs).toHaveLength(2);
    const compiled = run(process.execPath, bin, 'compile', 'specs/alexnet.yaml', '-o', 'build/alexnet');
    expect(compiled.status, compiled.err).toBe(0);
    const files = programs.map((text, index) => {
      const path = join(user, `program-${index}.ts`);
      writeFileSync(path, text);
      return path;
    });
    expect(typeErrors(files)).toEqual([]);
    for (const [index, path] of files.entries()) {
      const { status, out, err } = run(process.execPath, '--import', pathToFileURL(join(root, 'node_modules/tsx/dist/loader.mjs')).href, path);
      expect(status, err).toBe(0);
      const promised = [...(programs[index] ?? '').matchAll(/console\.log\(.*\/\/ (.*)$/gm)].map((match) => match[1] ?? '');
      expect(promised.length).toBeGreaterThan(0);
      expect(out.trimEnd().split('\n')).toEqual(promised);
    }
  });

  test('the mistake it shows is told like that', () => {
    expect(readme).toContain(readFileSync(join(root, 'test/invalid/alexnet-unpadded.txt'), 'utf8'));
  });

  test('the spec it shows is right', async () => {
    const path = join(scratch, 'little.yaml');
    writeFileSync(path, blocks('yaml')[0] ?? '');
    expect((await call('check', path)).out).toBe('1 file, no errors, no warnings\n');
  });
});

/** What the strictest type checker says of a user's programs. */
function typeErrors(files: readonly string[]): string[] {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    typeRoots: [join(user, 'node_modules', '@types')],
    noEmit: true,
    // The types of WebGPU ask for a browser's.
    skipLibCheck: true,
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
  });
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
}
