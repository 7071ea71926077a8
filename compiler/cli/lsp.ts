// `netloom lsp`: the language server, over standard input and output.

import packageJson from '../../package.json' with { type: 'json' };
import { exitCode } from './fault.ts';
import { toggle } from './option.ts';
import { defineVerb } from './verb.ts';

export const lsp = defineVerb({
  name: 'lsp',
  about:
    'Speaks the Language Server Protocol over standard input and output, for editors to start: diagnostics as you type,\n' +
    'the shape and parameters of each layer, help on every word, completion, definitions, references, renaming, fixes.\n' +
    'README.md says how VS Code, Neovim and Helix start it.',
  operands: { name: '', min: 0, max: 0 },
  options: {
    stdio: toggle('what it does in any case; editors say so'),
  },
  examples: ['netloom lsp'],
  async run() {
    const { serve } = await import('../lsp/server.ts');
    serve(process.stdin, process.stdout, packageJson.version);
    return exitCode.fine;
  },
});
