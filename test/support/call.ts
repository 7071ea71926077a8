// The command as a test sees it: a call's exit code and what it wrote, without a process.

import { main } from '../../compiler/cli/main.ts';
import type { ExitCode } from '../../compiler/cli/fault.ts';
import type { Terminal } from '../../compiler/cli/terminal.ts';

export interface Called {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** Runs `netloom …args` in this process, its output kept. */
export async function call(...args: readonly string[]): Promise<Called> {
  const written = { out: '', err: '' };
  const code = await main(args, keep(written));
  return { code, ...written };
}

/** The same, with an environment and what comes through a pipe. */
export async function callWith({ env = {}, input = '' }: { readonly env?: Readonly<Record<string, string>>; readonly input?: string }, ...args: readonly string[]): Promise<Called> {
  const written = { out: '', err: '' };
  const code = await main(args, keep(written, env, input));
  return { code, ...written };
}

/** A terminal that writes into `written`, has no colour and nobody watching. */
export function keep(written: { out: string; err: string }, env: Readonly<Record<string, string>> = {}, input = ''): Terminal {
  return {
    input: () => Promise.resolve(input),
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    progress: () => undefined,
    color: { out: false, err: false },
    env,
  };
}
