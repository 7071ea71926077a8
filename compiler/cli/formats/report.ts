// What a call of `check` found, as every format gets it.

import type { Checked } from '../../check.ts';

export interface CheckedFile extends Pick<Checked, 'diagnostics'> {
  readonly file: string;
}

export interface CheckReport {
  readonly files: readonly CheckedFile[];
  /** `2 files, 1 error, no warnings`. */
  readonly summary: string;
  /** Whether warnings fail, too. */
  readonly strict: boolean;
}
