// The command `netloom`: finds the verb, loads it and nothing else, and turns whatever happens into an exit code.
// A user sees a message, never a stack: what is the user's is a Fault, everything else is ours and says so.

import packageJson from '../../package.json' with { type: 'json' };
import { listOf, suggest } from '../source/suggest.ts';
import { InputError, MachineError } from '../../runtime/errors.ts';
import { exitCode, Fault, type ExitCode } from './fault.ts';
import type { Terminal } from './terminal.ts';
import type { Verb } from './verb.ts';

const verbs: Readonly<Record<string, { readonly does: string; readonly load: () => Promise<Verb> }>> = {
  check: { does: 'find every mistake in specs, without a GPU', load: async () => (await import('./check.ts')).check },
  init: { does: 'write a first spec', load: async () => (await import('./init.ts')).init },
  fmt: { does: 'put specs into their usual form', load: async () => (await import('./fmt.ts')).fmt },
  fix: { does: 'mend what is wrong beyond doubt', load: async () => (await import('./fix.ts')).fix },
  summary: { does: 'show the layers of a spec: shapes, parameters, cost', load: async () => (await import('./summary.ts')).summary },
  diff: { does: 'compare two specs: shapes, cost, and whether weights still fit', load: async () => (await import('./diff.ts')).diff },
  compile: { does: 'write the GPU program of a spec: WGSL and TypeScript', load: async () => (await import('./compile.ts')).compileVerb },
  export: { does: 'write a spec and its weights as an ONNX model', load: async () => (await import('./export.ts')).exportVerb },
  run: { does: 'run a spec on an image', load: async () => (await import('./run.ts')).run },
  verify: { does: 'compare every layer on the GPU with reference numbers', load: async () => (await import('./verify.ts')).verify },
  profile: { does: 'time each step of a run on the GPU, against what the GPU can do', load: async () => (await import('./profile.ts')).profile },
  tune: { does: 'measure which kernels are the fastest on this GPU, and keep them', load: async () => (await import('./tune.ts')).tune },
  doctor: { does: 'list the GPU adapters, and say which one is used and why', load: async () => (await import('./doctor.ts')).doctor },
  lsp: { does: 'serve an editor: diagnostics, hints, completion, renaming', load: async () => (await import('./lsp.ts')).lsp },
  explain: { does: 'explain an operator or a diagnostic', load: async () => (await import('./explain.ts')).explain },
};

const help = [
  'Usage: netloom VERB … [options]',
  '',
  'A neural network written as a YAML spec becomes a GPU program you can run.',
  '',
  'Verbs:',
  ...Object.entries(verbs).map(([name, { does }]) => `  ${name.padEnd(8)}  ${does}`),
  '',
  'netloom VERB --help says more. The exit code is 0 when all is well, 1 when the spec, the weights or the image',
  'are at fault, 2 when the call is, 3 when the machine is (no adapter, device lost, out of memory).',
  '',
].join('\n');

/**
 * Runs one call of the command.
 * @param args what was typed after `netloom`
 * @returns the exit code of the process
 */
export async function main(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    return await dispatch(args, terminal);
  } catch (error) {
    return explainFailure(error, terminal);
  }
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [name, ...rest] = args;
  if (name === undefined) {
    terminal.err(help);
    return exitCode.call;
  }
  if (name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    terminal.out(help);
    return exitCode.fine;
  }
  if (name === '--version') {
    terminal.out(`${packageJson.version}\n`);
    return exitCode.fine;
  }
  if (name === 'help') return dispatch([...rest, '--help'], terminal);
  const entry = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (entry === undefined) {
    const near = suggest(name, Object.keys(verbs));
    throw new Fault('call', `netloom has no verb '${name}'`, near === undefined ? `it is one of ${listOf(Object.keys(verbs))}` : `did you mean netloom ${near}?`);
  }
  const verb = await entry.load();
  const end = rest.indexOf('--');
  if (rest.slice(0, end < 0 ? rest.length : end).some((arg) => arg === '--help' || arg === '-h')) {
    terminal.out(verb.help);
    return exitCode.fine;
  }
  return verb.run(rest, terminal);
}

/** Says what went wrong, and whose turn it is. `NETLOOM_DEBUG=1` adds the stack for those who mend netloom. */
export function explainFailure(error: unknown, terminal: Terminal): ExitCode {
  const debug = (terminal.env['NETLOOM_DEBUG'] ?? '') !== '' && error instanceof Error ? `${error.stack ?? ''}\n` : '';
  const label = terminal.color.err ? '\u001b[1;31merror\u001b[0m' : 'error';
  const fault = asFault(error);
  if (fault !== undefined) {
    terminal.err(`${label}: ${fault.message}\n${fault.help === undefined ? '' : `help: ${fault.help}\n`}${debug}`);
    return fault.code;
  }
  const [firstLine = ''] = String(error instanceof Error ? error.message : error).split('\n');
  terminal.err(
    `${label}: a mistake in netloom itself, not in your files: ${firstLine}\n` +
      `help: please report it together with the command and the spec; NETLOOM_DEBUG=1 prints where it happened\n${debug}`,
  );
  return exitCode.bug;
}

/** What is not our mistake: the command's own faults, and those that the runtime tells apart. */
function asFault(error: unknown): Fault | undefined {
  if (error instanceof Fault) return error;
  if (error instanceof InputError) return new Fault('input', error.message);
  if (error instanceof MachineError) return new Fault('machine', error.message);
  return undefined;
}
