// A verb of the command: its table of options, what it takes besides, and what it does. `parseCall` turns what was
// typed into the table's types; `printHelp` prints the same table.

import { parseArgs } from 'node:util';
import { suggest } from '../source/suggest.ts';
import { Fault, type ExitCode } from './fault.ts';
import type { OptionTable, OptionValues } from './option.ts';
import type { Terminal } from './terminal.ts';

/** What stands on the command line besides options: `FILE` or `A B`, and how many words that may be. */
export interface Operands {
  readonly name: string;
  readonly min: number;
  readonly max: number;
}

export interface VerbDef<Table extends OptionTable> {
  readonly name: string;
  /** What it does, in a paragraph. */
  readonly about: string;
  readonly operands: Operands;
  readonly options: Table;
  readonly examples: readonly string[];
  run(operands: readonly string[], options: OptionValues<Table>, terminal: Terminal): Promise<ExitCode>;
}

export interface Verb {
  readonly help: string;
  run(args: readonly string[], terminal: Terminal): Promise<ExitCode>;
}

/** Types a verb's function by its table of options, and forgets those types for the one who calls it. */
export function defineVerb<const Table extends OptionTable>(def: VerbDef<Table>): Verb {
  return {
    help: printHelp(def),
    run: (args, terminal) => {
      const { operands, options } = parseCall(def, args);
      return def.run(operands, options, terminal);
    },
  };
}

/**
 * Sorts what was typed into operands and option values.
 * @throws Fault of the call: an unknown or incomplete option, too many or too few operands, a value an option does not take
 */
function parseCall<Table extends OptionTable>(
  def: VerbDef<Table>,
  args: readonly string[],
): { readonly operands: readonly string[]; readonly options: OptionValues<Table> } {
  const table: OptionTable = def.options;
  const seeHelp = `see netloom ${def.name} --help`;
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(table).map(([name, { value, short }]) => [
        name,
        { type: value === undefined ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) } as const,
      ]),
    ),
  });
  const operands: string[] = [];
  const typed = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(table, token.name) ? table[token.name] : undefined;
    if (option === undefined) {
      const near = suggest(token.name, [...Object.keys(table), 'help']);
      throw new Fault('call', `netloom ${def.name} has no option ${token.rawName}`, near === undefined ? seeHelp : `did you mean --${near}?`);
    }
    if (option.value === undefined && token.value !== undefined) {
      throw new Fault('call', `${token.rawName} takes no value; '${token.value}' was given`);
    }
    if (option.value !== undefined && (token.value === undefined || (!token.inlineValue && token.value.startsWith('--')))) {
      throw new Fault('call', `${token.rawName} needs a value: ${token.rawName} ${option.value}`);
    }
    typed.set(token.name, [...(typed.get(token.name) ?? []), token.value ?? '']);
  }
  const { name, min, max } = def.operands;
  if (operands.length < min) throw new Fault('call', `netloom ${def.name} needs ${name}`, seeHelp);
  if (operands.length > max) {
    const takes = max === 0 ? 'only options' : name.includes(' ') ? name : `one ${name}`;
    throw new Fault('call', `netloom ${def.name} takes ${takes}; '${operands[max] ?? ''}' is left over`, seeHelp);
  }
  const options = Object.fromEntries(
    Object.entries(table).map(([name, option]) => [name, option.convert(typed.get(name) ?? [], `--${name}`) as unknown]),
  );
  return { operands, options: options as OptionValues<Table> };
}

function printHelp<Table extends OptionTable>(def: VerbDef<Table>): string {
  const { name, min, max } = def.operands;
  const operand = max > name.split(' ').length ? `${name}…` : name;
  const rows = Object.entries<OptionTable[string]>(def.options).map(([flag, option]): readonly [string, string] => [
    `${option.short === undefined ? '' : `-${option.short}, `}--${flag}${option.value === undefined ? '' : ` ${option.value}`}`,
    option.many === undefined ? option.help : `${option.help}; may be repeated`,
  ]);
  const width = Math.max(...rows.map(([left]) => left.length), '--help'.length);
  return [
    `Usage: ${['netloom', def.name, min === 0 && operand !== '' ? `[${operand}]` : operand, '[options]'].filter((part) => part !== '').join(' ')}`,
    '',
    def.about,
    '',
    'Options:',
    ...[...rows, ['--help', 'this text'] as const].map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    '',
    'Examples:',
    ...def.examples.map((example) => `  ${example}`),
    '',
  ].join('\n');
}
