// Folders for what tests write.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A new folder, removed after the tests of the file or group that asks; within a test `when` is its `onTestFinished`. */
export function scratchFolder(name: string, when: (remove: () => void) => void = afterAll): string {
  const folder = mkdtempSync(join(tmpdir(), `netloom-${name}-`));
  when(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
