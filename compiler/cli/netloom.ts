#!/usr/bin/env node
// The file that `netloom` starts: joins the process to `main`. The exit code is set, not forced, so that pipes drain
// and the GPU process ends in order.

import nodeModule from 'node:module';
import { explainFailure, main } from './main.ts';
import { openTerminal } from './terminal.ts';

// Node 22 and later keep compiled code between runs; what is imported from here on profits. Node 20's types know nothing of it.
(nodeModule as { enableCompileCache?: () => void }).enableCompileCache?.();

const terminal = openTerminal(process);
const fail = (error: unknown): void => {
  process.exitCode = explainFailure(error, terminal);
};
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

const code = await main(process.argv.slice(2), terminal);
process.exitCode ??= code;
