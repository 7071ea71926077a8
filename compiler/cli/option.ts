// What may stand behind `--`. Each builder gives an option's type, its line of help and the conversion of what was
// typed, so that a verb's table of options is all there is to say about them.

import { listOf } from '../source/suggest.ts';
import { Fault } from './fault.ts';

export interface Option<T> {
  /** Stands for the value in the help; absent for a switch, which takes none. */
  readonly value?: string;
  readonly help: string;
  /** A letter that stands for it behind a single dash. */
  readonly short?: string;
  readonly many?: true;
  /** `typed` holds every value given, in order; empty where the option is absent. `flag` is its name with dashes. */
  convert(typed: readonly string[], flag: string): T;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- an option of whatever type, as `AttrTable` does it
export type OptionTable = Readonly<Record<string, Option<any>>>;

export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer T> ? T : never;
};

export function toggle(help: string): Option<boolean> {
  return { help, convert: (typed) => typed.length > 0 };
}

export function text(value: string, help: string, short?: string): Option<string | undefined> {
  return { value, help, ...(short === undefined ? {} : { short }), convert: (typed) => typed.at(-1) };
}

export function choice<const Word extends string>(words: readonly [Word, ...Word[]], help: string): Option<Word> {
  return {
    value: words.join('|'),
    help,
    convert: (typed, flag) => {
      const asked = typed.at(-1) ?? words[0];
      const found = words.find((word) => word === asked);
      if (found === undefined) throw new Fault('call', `${flag} takes ${listOf(words)}; not '${asked}'`);
      return found;
    },
  };
}

export function number<Fallback extends number | undefined>(
  value: string, help: string, fallback: Fallback, { whole, min }: { whole: boolean; min: number },
): Option<number | Fallback> {
  return {
    value,
    help: fallback === undefined ? help : `${help} (default ${fallback})`,
    convert: (typed, flag) => {
      const asked = typed.at(-1);
      if (asked === undefined) return fallback;
      const n = asked.trim() === '' ? NaN : Number(asked);
      if (!Number.isFinite(n) || n < min || (whole && !Number.isSafeInteger(n))) {
        throw new Fault('call', `${flag} takes a ${whole ? 'whole ' : ''}number, at least ${min}; not '${asked}'`);
      }
      return n;
    },
  };
}

/** Words, as often as one likes, or several with commas between. */
export function words(value: string, help: string): Option<readonly string[]> {
  return {
    value,
    help,
    many: true,
    convert: (typed, flag) => {
      const asked = typed.flatMap((list) => list.split(',')).map((word) => word.trim());
      if (asked.includes('')) throw new Fault('call', `${flag} takes ${value}, with commas between several; not '${typed.find((list) => /^\s*(,|$)|,\s*(,|$)/.test(list)) ?? ''}'`);
      return asked;
    },
  };
}

/** `NAME=VALUE`, as often as one likes; the last of a name counts. */
export function assignments(value: string, help: string): Option<ReadonlyMap<string, string>> {
  return {
    value,
    help,
    many: true,
    convert: (typed, flag) =>
      new Map(
        typed.map((pair) => {
          const [, name, what] = /^([^=]+)=(.+)$/su.exec(pair) ?? [];
          if (name === undefined || what === undefined) {
            throw new Fault('call', `${flag} takes ${value}; not '${pair}'`, `for example ${flag} width=0.5`);
          }
          return [name.trim(), what.trim()];
        }),
      ),
  };
}
