// Runs the bundled command once and keeps what V8 compiled for it: node keep-compiled.cjs DIST ARGUMENT...

const { readFileSync, writeFileSync } = require('node:fs');
const nodeModule = require('node:module');
const { join } = require('node:path');
const vm = require('node:vm');

const [dist = '', ...args] = process.argv.splice(2);
process.argv.push(...args);
const command = join(dist, 'command.cjs');
const script = new vm.Script(nodeModule.wrap(readFileSync(command, 'utf8')), { filename: command });
script.runInThisContext()(exports, require, module, command, dist);
process.on('exit', () => {
  writeFileSync(join(dist, `command-${process.versions.v8}.v8`), script.createCachedData());
});
