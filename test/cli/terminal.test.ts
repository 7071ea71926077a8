import { Readable, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { openTerminal } from '../../compiler/cli/terminal.ts';

/** A stream that keeps what it is given, or fails with `code`. */
function stream(isTTY: boolean, code?: string): Writable & { isTTY: boolean; columns: number; text: string } {
  const made = new Writable({
    write(chunk: Buffer, _, done) {
      kept.text += chunk.toString();
      done(code === undefined ? null : Object.assign(new Error(code), { code }));
    },
  });
  const kept = Object.assign(made, { isTTY, columns: 40, text: '' });
  return kept;
}

describe('colour', () => {
  const color = (isTTY: boolean, env: Record<string, string>): boolean =>
    openTerminal({ stdin: Readable.from([]), stdout: stream(isTTY), stderr: stream(false), env }).color.out;

  test('is for people, unless they said no', () => {
    expect(color(true, {})).toBe(true);
    expect(color(true, { NO_COLOR: '' })).toBe(true);
    expect(color(true, { NO_COLOR: '1' })).toBe(false);
    expect(color(true, { TERM: 'dumb' })).toBe(false);
    expect(color(false, {})).toBe(false);
  });
});

describe('progress', () => {
  test('replaces one line and is gone before anything else is written', () => {
    const [stdout, stderr] = [stream(true), stream(true)];
    const terminal = openTerminal({ stdin: Readable.from([]), stdout, stderr, env: {} });
    terminal.progress('a');
    terminal.progress('b'.repeat(100));
    terminal.out('done\n');
    expect(stderr.text).toBe(`\r\u001b[Ka\r\u001b[K${'b'.repeat(39)}\r\u001b[K`);
    expect(stdout.text).toBe('done\n');
  });

  test('is quiet in a pipe', () => {
    const stderr = stream(false);
    openTerminal({ stdin: Readable.from([]), stdout: stream(true), stderr, env: {} }).progress('a');
    expect(stderr.text).toBe('');
  });
});

test('a reader that goes away is no failure', async () => {
  const stdout = stream(false, 'EPIPE');
  const terminal = openTerminal({ stdin: Readable.from([]), stdout, stderr: stream(false), env: {} });
  terminal.out('one\n');
  await new Promise((resolve) => stdout.once('close', resolve));
  expect(() => {
    terminal.out('two\n');
  }).not.toThrow();
});
