// What README.md tells editors to start is there, and says hello.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { call } from '../support/call.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const section = readme.slice(readme.indexOf('## In an editor'), readme.indexOf('## From a program'));
const blocks = (language: string): readonly string[] => [...section.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map((match) => match[1] ?? '');

test('what formats is what is started', () => {
  const settings = JSON.parse(blocks('json')[0] ?? '') as { readonly '[yaml]': Readonly<Record<string, unknown>> };
  expect(settings['[yaml]']['editor.defaultFormatter']).toBe(/itemName=(zsol\.[\w-]+)/.exec(section)?.[1]);
  expect(/format\(\{ name = '(\w+)' \}\)/.exec(blocks('lua')[1] ?? '')?.[1]).toBe(/vim\.lsp\.config\('(\w+)'/.exec(blocks('lua')[0] ?? '')?.[1]);
  expect(blocks('toml')[0]).toMatch(/language-servers = \["netloom", .*\]\nauto-format = true/);
});

test('three editors start the same command', async () => {
  const settings = JSON.parse(blocks('json')[0] ?? '') as Readonly<Record<string, unknown>>;
  const words = [
    [settings['glspc.server.command'], ...(settings['glspc.server.commandArguments'] as readonly string[])],
    [...(/cmd = \{ (.*?) \}/.exec(blocks('lua')[0] ?? '')?.[1] ?? '').matchAll(/'(.*?)'/g)].map((match) => match[1]),
    [...(/command = [^]*?\]/.exec(blocks('toml')[0] ?? '')?.[0] ?? '').matchAll(/"(.*?)"/g)].map((match) => match[1]),
  ];
  expect(words).toEqual(Array.from({ length: 3 }, () => ['npx', 'netloom', 'lsp']));
  const { code, out } = await call('lsp', '--help');
  expect(code).toBe(0);
  expect(out).toContain('README.md says how VS Code, Neovim and Helix start it');
});
