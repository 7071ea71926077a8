// How a call ends. The numbers are a promise to scripts: they tell whose turn it is to act.

export const exitCode = {
  fine: 0,
  /** The spec, the weights or the image: whoever wrote them. A file that is not there included. */
  input: 1,
  /** The command line: whoever typed it. */
  call: 2,
  /** No adapter, a device lost, no memory left: whoever runs the machine. */
  machine: 3,
  /** netloom itself, as sysexits.h's EX_SOFTWARE. */
  bug: 70,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** Something that ends the call and is not our fault: a message without a stack, and the code it ends with. */
export class Fault extends Error {
  readonly code: ExitCode;
  /** What to do about it, where that is known. */
  readonly help: string | undefined;

  constructor(whose: keyof typeof exitCode, message: string, help?: string) {
    super(message);
    this.name = 'Fault';
    this.code = exitCode[whose];
    this.help = help;
  }
}
