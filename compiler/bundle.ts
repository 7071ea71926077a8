// Packs what users run: the command and the two package doors, each as JavaScript that loads only what its call needs,
// and the doors' types. `prepare` runs it, so a clone has it after `npm ci` and a published package carries it.
// Bundled start-up is a third of loading the sources module by module.

import { execFileSync } from 'node:child_process';
import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import ts from 'typescript';
import { specSchema } from './emit/json-schema.ts';
import { profileSchema } from './ir/target-keys.ts';
import { ops } from './ops/index.ts';
import { tunedSchema } from './passes/tuned-keys.ts';
import { shareSchemas } from './share-schemas.ts';
import type { JsonSchema } from './spec/keys.ts';
import { options } from './spec/structure.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Writes the package's code and types into `outdir`, which is emptied first. */
export async function bundle(outdir: string): Promise<void> {
  await rm(outdir, { recursive: true, force: true });
  await writeTypes(join(outdir, 'types'));
  await bundleCode(outdir);
}

/** Writes `index.js`, `runtime.js` and the chunks they share; the command; and the licences of the packages inside them. */
async function bundleCode(outdir: string): Promise<void> {
  const common = {
    absWorkingDir: root,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    external: ['webgpu', 'sharp', 'ts-morph', '@sparticuz/chromium'],
    plugins: [compiledSchema],
    metafile: true,
    logLevel: 'warning',
  } as const satisfies BuildOptions;
  const script = {
    format: 'cjs',
    define: { 'import.meta.url': 'urlOfThisFile' },
    banner: { js: "const urlOfThisFile = require('node:url').pathToFileURL(__filename).href;" },
  } as const satisfies BuildOptions;
  const doors = await build({
    ...common,
    entryPoints: { index: 'compiler/index.ts', runtime: 'runtime/index.ts' },
    outdir,
    format: 'esm',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    // What a bundled CommonJS package asks Node for is not there in an ES module.
    banner: { js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);" },
  });
  // One file, since that is what V8's compiled code can be kept of; each verb in it still loads what it needs, when it does.
  const command = await build({
    ...common,
    ...script,
    entryPoints: ['compiler/cli/netloom.ts'],
    outfile: join(outdir, 'command.cjs'),
    banner: { js: `${script.banner.js}const importOutside = module.importOutside ?? ((specifier) => import(specifier));` },
    plugins: [compiledSchema, languageServerApart],
    write: false,
  });
  for (const { path, text } of command.outputFiles) {
    await writeFile(path, text.replace(/\bimport\((?="(?:webgpu|sharp|\.\/lsp\.cjs)"\))/g, 'importOutside('));
  }
  // What only editors start lies apart: no other call shall read it.
  const server = await build({ ...common, ...script, entryPoints: ['compiler/lsp/server.ts'], outfile: join(outdir, 'lsp.cjs') });
  await copyFile(join(root, 'compiler/cli/start.cjs'), join(outdir, 'netloom.cjs'));
  await chmod(join(outdir, 'netloom.cjs'), 0o755);
  const specs = (await readdir(join(root, 'specs'))).filter((name) => name.endsWith('.yaml')).map((name) => join('specs', name));
  execFileSync(process.execPath, [join(root, 'compiler/cli/keep-compiled.cjs'), outdir, 'check', ...specs], { cwd: root });
  await writeFile(join(outdir, 'third-party.txt'), await licences([doors, command, server].flatMap(({ metafile }) => Object.keys(metafile.inputs))));
}

/** Name, version and licence of each package that these modules belong to. */
async function licences(modules: readonly string[]): Promise<string> {
  const folders = new Set(modules.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []));
  const texts = [...folders].sort().map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as Record<string, string>;
    const file = (await readdir(join(root, folder))).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? '' : `\n${await readFile(join(root, folder, file), 'utf8')}`;
    return `${name ?? folder} ${version ?? ''}, ${license ?? 'licence unknown'}\n${text}`;
  });
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`);
}

/** Leaves the language server out of the command, which finds it beside itself. */
const languageServerApart: Plugin = {
  name: 'language-server-apart',
  setup(packing) {
    packing.onResolve({ filter: /[\\/]lsp[\\/]server\.ts$/ }, () => ({ path: './lsp.cjs', external: true }));
  },
};

/** The modules that compile a schema, with what they export and the schema: half of a short call's time would go there. */
const structures: readonly { readonly module: string; readonly judge: string; readonly schema: () => JsonSchema }[] = [
  { module: 'compiler/spec/structure.ts', judge: 'validate', schema: () => shareSchemas(specSchema(ops)) },
  { module: 'compiler/passes/target-structure.ts', judge: 'validateProfile', schema: profileSchema },
  { module: 'compiler/passes/tuned-structure.ts', judge: 'validateTuned', schema: tunedSchema },
];

/** Puts the schemas, compiled, in the place of those modules. */
const compiledSchema: Plugin = {
  name: 'compiled-schema',
  setup(packing) {
    for (const { module, judge, schema } of structures) {
      packing.onLoad({ filter: new RegExp(`[\\\\/]${module.replaceAll('/', '[\\\\/]').replace('.', '\\.')}$`) }, () => ({
        contents: `
          import judge from 'compiled-schema:${judge}';
          export const ${judge} = (document) => judge(document) ? [] : judge.errors ?? [];`,
      }));
      packing.onLoad({ filter: new RegExp(`^${judge}$`), namespace: 'compiled-schema' }, () => {
        const ajv = new Ajv2020({ ...options, inlineRefs: false, code: { source: true, esm: true } });
        return { contents: standalone.default(ajv, ajv.compile(schema())), resolveDir: root };
      });
    }
    packing.onResolve({ filter: /^compiled-schema:/ }, ({ path }) => ({ path: path.replace('compiled-schema:', ''), namespace: 'compiled-schema' }));
  },
};

/** Writes the declarations that the doors need, found by following their imports. */
async function writeTypes(outdir: string): Promise<void> {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as { config: { compilerOptions: object } };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const program = ts.createProgram(['compiler/index.ts', 'runtime/index.ts'].map((door) => join(root, door)), {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: root,
    outDir: outdir,
  });
  const declarations = new Map<string, string>();
  program.emit(undefined, (path, text) => declarations.set(path, text));
  const pending = ['compiler/index.d.ts', 'runtime/index.d.ts'].map((door) => join(outdir, door));
  for (const path of pending) {
    const text = declarations.get(path);
    if (text === undefined) throw new Error(`${relative(root, path)} was not made: run npm run check`);
    await mkdir(dirname(path), { recursive: true });
    // Devices are WebGPU's own, whose types no project knows unless it is told.
    await writeFile(path, /\bGPU[A-Z]/.test(text) ? `/// <reference types="@webgpu/types" />\n${text}` : text);
    for (const { fileName } of ts.preProcessFile(text).importedFiles) {
      const next = join(dirname(path), fileName.replace(/\.ts$/, '.d.ts'));
      if (fileName.startsWith('.') && !pending.includes(next)) pending.push(next);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle(join(root, 'dist'));
