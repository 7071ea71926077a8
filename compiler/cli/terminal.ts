// Where a verb writes. Verbs get this instead of `process`, so that a test can hold the other end, and so that what
// depends on the reader (colour, width, a progress line) is decided in one place.

import type { Readable, Writable } from 'node:stream';

export interface Terminal {
  /** All that comes through standard input, as text. */
  input(): Promise<string>;
  /** What was asked for; goes to standard output. */
  out(text: string): void;
  /** What is said about it; goes to standard error. */
  err(text: string): void;
  /** Replaces the line that shows how far long work has come; '' removes it. Nothing is shown unless a person watches. */
  progress(text: string): void;
  /** Whether standard output, and standard error, take colour. */
  readonly color: { readonly out: boolean; readonly err: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface Stream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Streams {
  readonly stdin: Readable;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The terminal of a process. A reader that goes away early (`netloom summary x.yaml | head -3`) is no fault: what it no
 * longer wants is dropped. Colour follows `NO_COLOR` (no-color.org: set and not empty) and `TERM=dumb`.
 */
export function openTerminal(streams: Streams): Terminal {
  const { stdout, stderr, env } = streams;
  const colored = (stream: Stream): boolean =>
    stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  const open = { stdout: true, stderr: true };
  for (const [name, stream] of [['stdout', stdout], ['stderr', stderr]] as const) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      open[name] = false;
      if (error.code !== 'EPIPE') throw error;
    });
  }
  let shown = false;
  const progress = (text: string): void => {
    if (stderr.isTTY !== true || env['TERM'] === 'dumb' || (text === '' && !shown)) return;
    // Some terminals do not know their width, and say 0.
    const { columns = 0 } = stderr;
    stderr.write(`\r\u001b[K${text.slice(0, (columns > 0 ? columns : 80) - 1)}`);
    shown = text !== '';
  };
  return {
    // Opening it takes a tenth of a short call, and hardly any call reads it.
    input: () => readAll(streams.stdin),
    out: (text) => {
      progress('');
      if (open.stdout) stdout.write(text);
    },
    err: (text) => {
      progress('');
      if (open.stderr) stderr.write(text);
    },
    progress,
    color: { out: colored(stdout), err: colored(stderr) },
    env,
  };
}

async function readAll(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += String(chunk);
  return text;
}
