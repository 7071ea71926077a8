// The two kinds of fault that a caller may want to tell apart: what was given is wrong, or the machine cannot do it.
// Anything else that is thrown is a mistake of the caller's program or ours. Messages are meant for people: what, where,
// with the numbers, and what to do.

/** A file, a tensor or an array that cannot be used. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** No adapter, too small a device, one that was lost, or no memory left. */
export class MachineError extends Error {
  override readonly name = 'MachineError';
}

/** The text of anything that was caught. */
export function messageOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
