// Dawn and drivers print warnings on stderr while adapters are looked for, past Node, and nothing turns them off. A command
// that owns its process can point file descriptor 2 elsewhere for that moment.

import { closeSync, fstatSync, openSync } from 'node:fs';

const STDERR = 2;

/**
 * Runs `work` while what native code prints on stderr goes nowhere. Only for a moment in which no other thread opens a file:
 * Node cannot exchange a descriptor in one step. Does nothing where stderr is neither a terminal nor a pipe, since only those
 * can be opened again and still be the same.
 */
export function mute<T>(work: () => T): T {
  const restore = redirect();
  try {
    return work();
  } finally {
    restore();
  }
}

function redirect(): () => void {
  const nothing = () => undefined;
  if (process.platform === 'win32') return nothing;
  try {
    const kind = fstatSync(STDERR);
    if (!kind.isCharacterDevice() && !kind.isFIFO()) return nothing;
    const saved = openSync('/dev/fd/2', 'a');
    closeSync(STDERR);
    reopen('/dev/null');
    return () => {
      closeSync(STDERR);
      reopen(`/dev/fd/${saved}`);
      closeSync(saved);
    };
  } catch {
    // A socket cannot be opened again, nor what another user owns: then the warnings are seen.
    return nothing;
  }
}

/** The lowest free descriptor is taken, which is the one just closed unless stdin or stdout are closed too. */
function reopen(path: string): void {
  const opened = openSync(path, 'a');
  if (opened !== STDERR) closeSync(opened);
}
