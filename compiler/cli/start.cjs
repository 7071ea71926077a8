#!/usr/bin/env node
// The file that `netloom` starts: gets the bundled command going, with the code that V8 compiled for it when it was built,
// which halves the time of a short call. Under another V8 than that one Node 22 and later keep such code by themselves,
// though less of it.

const { existsSync, readFileSync } = require('node:fs');
const nodeModule = require('node:module');
const { join } = require('node:path');
const v8 = require('node:v8');
const vm = require('node:vm');

const command = join(__dirname, 'command.cjs');
const compiled = join(__dirname, `command-${process.versions.v8}.v8`);
// A script made from kept code has no `import()` of its own.
Object.assign(module, { importOutside: (/** @type {string} */ specifier) => import(specifier) });

if (existsSync(compiled)) {
  const script = new vm.Script(nodeModule.wrap(readFileSync(command, 'utf8')), { filename: command, cachedData: readFileSync(compiled) });
  // Most calls are over before code that V8 optimises for them pays: it shall wait until a function has run for long. The kept
  // code is of the flags that V8 had when it was made, so this comes after it.
  v8.setFlagsFromString('--interrupt-budget=1000000');
  script.runInThisContext()(exports, require, module, command, __dirname);
} else {
  /** @type {{ enableCompileCache?: () => void }} */ (nodeModule).enableCompileCache?.();
  require(command);
}
