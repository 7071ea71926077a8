// The command as a process: joins `main` to the streams, the arguments and the exit code. The code is set, not forced, so
// that pipes drain and the GPU process ends in order.

import { explainFailure, main } from './main.ts';
import { openTerminal } from './terminal.ts';

const terminal = openTerminal(process);
const fail = (error: unknown): void => {
  process.exitCode = explainFailure(error, terminal);
};
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

void main(process.argv.slice(2), terminal).then((code) => {
  process.exitCode ??= code;
});
