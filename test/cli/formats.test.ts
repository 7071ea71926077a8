// What other programs read of `check`, read back as they do.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, callWith } from '../support/call.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const folder = scratchFolder('formats');
const home = process.cwd();

const spec = (...layers: readonly string[]): string => `netloom: 1
name: small
input: { image: 32x32x3 }
layers:
${layers.map((layer) => `  ${layer}\n`).join('')}`;

const files: Readonly<Record<string, string>> = {
  'nets/fine.yaml': spec('d: { op: dense, units: 2, expect: 2 }'),
  'nets/warned.yaml': spec('pool: { op: maxpool, kernel: 3, stride: 2, expect: 15x15x3 }'),
  'nets/wrong.yaml': spec('c: { op: conv, filters: 8, kernel: 3, pad: 1 }', 'p: { op: maxpol, kernel: 2 }', 'd: { op: dense, from: [c, c], units: 2, expect: 2 }'),
  'nets/odd, 100%: name.yaml': spec('c: { op: conv, filters: 8, kernel: "3 & <b> \\"x\\" ``` %0A" }'),
  'nets/several lines.yaml': 'netloom: 1\nname: "a\n  b\n  c: d"\n',
  'many.yaml': spec(...Array.from({ length: 60 }, (_, i) => `layer${i}: { op: cnov, filters: 8, kernel: 3, expect: ?x?x8 }`)),
  'text.yaml': 'netloom: 1\n\tname: x\n',
};

beforeAll(() => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  process.chdir(folder);
});

afterAll(() => {
  process.chdir(home);
});

interface Annotation {
  readonly kind: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

/** As the runner of GitHub's actions reads a line (ActionCommand.cs): properties split at commas, then unescaped. */
function annotation(line: string): Annotation {
  const [, kind = '', list = '', message = ''] = /^::(\w+) ([^]*?)::([^]*)$/.exec(line) ?? [];
  const unescape = (text: string): string => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
  const properties = list.split(',').map((property) => {
    const [key = '', value = ''] = property.split(/=(.*)/s);
    return [key, unescape(value.replaceAll('%3A', ':').replaceAll('%2C', ','))];
  });
  return { kind, properties: Object.fromEntries(properties) as Record<string, string>, message: unescape(message) };
}

const github = async (...args: readonly string[]): Promise<readonly Annotation[]> =>
  (await call('check', ...args, '--format', 'github')).out.split('\n').filter((line) => line.startsWith('::')).map(annotation);

describe('github', () => {
  test('an annotation a problem, at its lines and columns, and the count', async () => {
    const { code, out } = await call('check', 'nets/wrong.yaml', '--format', 'github');
    expect(code).toBe(1);
    const lines = out.trimEnd().split('\n');
    expect(lines.at(-1)).toBe('1 file, 2 errors, no warnings');
    expect(lines.slice(0, -1).map(annotation)).toEqual([
      {
        kind: 'error',
        properties: { file: 'nets/wrong.yaml', line: '6', endLine: '6', col: '12', endColumn: '18', title: 'NL2005' },
        message: 'p: there is no operator `maxpol` (unknown operator)\nhelp: did you mean `maxpool`?',
      },
      expect.objectContaining({ kind: 'error', properties: expect.objectContaining({ title: 'NL2016', line: '7' }) as unknown }),
    ]);
  });

  test('warnings are warnings', async () => {
    const [first] = await github('nets/warned.yaml');
    expect(first).toMatchObject({ kind: 'warning', properties: { title: 'NL3010' } });
  });

  test('colons, commas, percents and line breaks survive', async () => {
    const [first] = await github('nets/odd, 100%: name.yaml');
    expect(first?.properties['file']).toBe('nets/odd, 100%: name.yaml');
    expect(first?.message).toContain('"3 & <b> "x" ``` %0A"');
  });

  test('over several lines columns mean nothing', async () => {
    const found = await github('nets/several lines.yaml');
    const long = found.find(({ properties: { line, endLine } }) => line !== endLine);
    expect(long?.properties).toEqual({ file: 'nets/several lines.yaml', line: '2', endLine: '4', title: expect.any(String) as unknown });
  });

  test('more than a step shows: the last one sums up the rest, and what hides others comes first', async () => {
    const found = await github('many.yaml', 'nets/wrong.yaml', 'text.yaml');
    expect(found).toHaveLength(10);
    expect(found.slice(0, 4).map(({ properties: { file, title, line } }) => `${file ?? ''} ${title ?? ''} ${line ?? ''}`)).toEqual([
      'text.yaml NL1010 2',
      'many.yaml NL2005 5',
      'nets/wrong.yaml NL2005 6',
      'many.yaml NL2005 6',
    ]);
    expect(found[9]?.properties['title']).toBe('54 more errors');
    const lines = found[9]?.message.split('\n') ?? [];
    expect(lines[1]).toMatch(/^many\.yaml:\d+ NL2005: layer\d+: there is no operator `cnov`$/);
    expect(lines.at(-1)).toBe('and 14 more');
  });

  test('paths are told from the repository', async () => {
    const { out } = await callWith({ env: { GITHUB_WORKSPACE: folder } }, 'check', join(folder, 'nets', 'wrong.yaml'), '--format', 'github');
    expect(annotation(out.split('\n')[0] ?? '').properties['file']).toBe('nets/wrong.yaml');
    const above = await callWith({ env: { GITHUB_WORKSPACE: dirname(folder) } }, 'check', 'nets/wrong.yaml', '--format', 'github');
    expect(annotation(above.out.split('\n')[0] ?? '').properties['file']).toMatch(/^netloom-formats-\w+\/nets\/wrong\.yaml$/);
  });

  test('nothing but the count where all is well', async () => {
    expect((await call('check', 'nets/fine.yaml', '--format', 'github')).out).toBe('1 file, no errors, no warnings\n');
  });
});

interface Region {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

interface Sarif {
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string; readonly helpUri: string; readonly help: { readonly text: string } }[] } };
      readonly results: readonly {
        readonly ruleId: string;
        readonly ruleIndex: number;
        readonly level: string;
        readonly locations: readonly [{ readonly physicalLocation: { readonly artifactLocation: { readonly uri: string }; readonly region: Region } }];
        readonly partialFingerprints: Readonly<Record<string, string>>;
        readonly fixes?: readonly {
          readonly artifactChanges: readonly [{ readonly replacements: readonly [{ readonly deletedRegion: Region; readonly insertedContent: { readonly text: string } }] }];
        }[];
      }[];
    },
  ];
}

const sarif = async (...args: readonly string[]): Promise<Sarif> => JSON.parse((await call('check', ...args, '--format', 'sarif')).out) as Sarif;

describe('sarif', () => {
  // The OASIS schema is of draft 4, whose only difference that matters here is what a schema's name is called.
  const path = join(dirname(createRequire(import.meta.url).resolve('@microsoft/jest-sarif')), 'schemas', 'sarif-2.1.0-rtm.5.json');
  const { $schema, id, ...schema } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  const ajv = new Ajv({ strict: false, unicodeRegExp: false, logger: false, formats: { 'uri': isUri, 'uri-reference': isUri, 'date-time': true } });
  const judge = ajv.compile(schema);
  const violations = (log: unknown): unknown => (judge(log) ? [] : judge.errors);

  test('the schema is the one of 2.1.0, and refuses what is none', () => {
    expect([$schema, id]).toEqual(['http://json-schema.org/draft-04/schema#', expect.stringContaining('sarif-2.1.0')]);
    expect(violations({ version: '2.1.0', runs: [{ tool: {} }] })).not.toEqual([]);
  });

  test.each([[['nets/fine.yaml']], [['nets']], [['many.yaml', 'text.yaml', 'nowhere.yaml']]])('%j is valid', async (operands) => {
    expect(violations(await sarif(...operands))).toEqual([]);
  });

  test('from a pipe it is valid, too', async () => {
    const { out } = await callWith({ input: files['nets/wrong.yaml'] ?? '' }, 'check', '-', '--format', 'sarif');
    expect(violations(JSON.parse(out))).toEqual([]);
  });

  test('each result has its rule with help, and its place', async () => {
    const { runs: [{ tool, results }] } = await sarif('nets');
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    expect(tool.driver.rules.every(({ id: rule, help }) => help.text.startsWith(rule))).toBe(true);
    const codes = new URL('../../compiler/CODES.md', import.meta.url);
    const headings = new Set(readFileSync(codes, 'utf8').split('\n').flatMap((line) => /^#+ (.*)$/.exec(line)?.[1]?.toLowerCase() ?? []));
    expect(tool.driver.rules.map(({ helpUri }) => helpUri)).toEqual(tool.driver.rules.map((rule) => `${codes.href}#${rule.id.toLowerCase()}`));
    expect(tool.driver.rules.filter(({ id: rule }) => !headings.has(rule.toLowerCase()))).toEqual([]);
    const misspelt = results.find(({ ruleId }) => ruleId === 'NL2005');
    expect(misspelt?.locations[0].physicalLocation).toEqual({ artifactLocation: { uri: 'nets/wrong.yaml' }, region: { startLine: 6, startColumn: 12, endLine: 6, endColumn: 18 } });
    expect(results.map(({ locations }) => locations[0].physicalLocation.artifactLocation.uri)).toContain('nets/odd%2C%20100%25%3A%20name.yaml');
    expect(results.find(({ ruleId }) => ruleId === 'NL3010')?.level).toBe('warning');
  });

  test('a fix says what to put where', async () => {
    const { runs: [{ results }] } = await sarif('nets/wrong.yaml');
    expect(results[0]?.fixes?.[0]?.artifactChanges[0].replacements).toEqual([
      { deletedRegion: { startLine: 6, startColumn: 12, endLine: 6, endColumn: 18 }, insertedContent: { text: 'maxpool' } },
    ]);
    expect(results[1]?.fixes).toBeUndefined();
  });

  test('a fingerprint outlives lines put before it, and differs between problems', async () => {
    const prints = async (): Promise<readonly string[]> => (await sarif('moved.yaml')).runs[0].results.map(({ partialFingerprints }) => partialFingerprints['netloom/v1'] ?? '');
    writeFileSync('moved.yaml', files['many.yaml'] ?? '');
    const before = await prints();
    writeFileSync('moved.yaml', `# one\n\n# two\n${files['many.yaml'] ?? ''}`);
    expect(await prints()).toEqual(before);
    expect(new Set(before).size).toBe(60);
  });
});

function isUri(text: string): boolean {
  return /^([\w\-.~!$&'()*+,;=:@/?#[\]]|%[\dA-F]{2})*$/i.test(text);
}

/** The elements of an XML text as `name attribute="value" …`, after checking that each is closed in its turn. */
function elements(xml: string): readonly string[] {
  const open: string[] = [];
  const found: string[] = [];
  for (const [, text = '', tag = ''] of xml.matchAll(/([^<]*)<([^>]*)>/g)) {
    expect(text).not.toMatch(/&(?!(lt|gt|amp|quot|apos);)/);
    if (tag.startsWith('?')) continue;
    expect(tag).toMatch(/^(\/[\w-]+|[\w-]+( \w+="[^"<&]*(&\w+;[^"<&]*)*")*\/?)$/);
    const [, name = ''] = /^\/?([\w-]+)/.exec(tag) ?? [];
    if (tag.startsWith('/')) expect(open.pop()).toBe(name);
    else found.push(tag);
    if (!tag.startsWith('/') && !tag.endsWith('/')) open.push(name);
  }
  expect(open).toEqual([]);
  return found;
}

describe('junit', () => {
  test('a suite a spec, a test a problem, a failure an error', async () => {
    const { code, out } = await call('check', 'nets/fine.yaml', 'nets/warned.yaml', 'nets/wrong.yaml', '--format', 'junit');
    expect(code).toBe(1);
    expect(elements(out).map((element) => element.replace(/ (errors|skipped|time)="0"/g, '').replace(/ message=".*"/, ''))).toEqual([
      'testsuites name="netloom check" tests="4" failures="2"',
      'testsuite name="nets/fine.yaml" tests="1" failures="0"',
      'testcase classname="nets/fine.yaml" name="check"/',
      'testsuite name="nets/warned.yaml" tests="1" failures="0"',
      'testcase classname="nets/warned.yaml" name="NL3010 at 5:32"',
      'system-out',
      'testsuite name="nets/wrong.yaml" tests="2" failures="2"',
      'testcase classname="nets/wrong.yaml" name="NL2005 at 6:12"',
      'failure type="NL2005"',
      'testcase classname="nets/wrong.yaml" name="NL2016 at 7:29"',
      'failure type="NL2016"',
    ]);
  });

  test('with --strict warnings fail', async () => {
    const { code, out } = await call('check', 'nets/warned.yaml', '--strict', '--format', 'junit');
    expect(code).toBe(1);
    expect(elements(out)).toContainEqual(expect.stringMatching(/^failure type="NL3010"/));
  });

  test('what a spec holds breaks no XML', async () => {
    writeFileSync('control.yaml', 'netloom: 1\nname: "a\\u0001]]>\u0085"\n\u0007');
    const { out } = await call('check', 'nets/odd, 100%: name.yaml', 'control.yaml', '--format', 'junit');
    elements(out);
    // eslint-disable-next-line no-control-regex -- XML 1.0 has none of them
    expect(out).not.toMatch(/[\u0000-\u0008\u000B\u000C\u000E-\u001F]/);
    expect(out).toContain('&quot;3 &amp; &lt;b&gt;');
  });
});

describe('markdown', () => {
  test('a table of the specs, and each problem in its frame', async () => {
    const { code, out } = await call('check', 'nets/fine.yaml', 'nets/wrong.yaml', '--format', 'markdown');
    expect(code).toBe(1);
    expect(out).toContain('**netloom check: 2 files, 2 errors, no warnings**\n\n| spec | errors | warnings |\n| --- | ---: | ---: |\n| `nets/fine.yaml` | 0 | 0 |\n| `nets/wrong.yaml` | 2 | 0 |\n');
    expect(out).toContain('```text\nerror[NL2005]: p: there is no operator `maxpol`\n');
  });

  test('a spec closes no fence', async () => {
    const { out } = await call('check', 'nets/odd, 100%: name.yaml', '--format', 'markdown');
    expect(out.match(/^````/gm)).toHaveLength(2);
    expect(out).toContain('````text\nerror[');
  });
});

describe('notes of a target, in nets/fine.yaml', () => {
  const args = ['nets/fine.yaml', '--target', 'portable', '--strict'] as const;
  const print = async (format: string): Promise<string> => {
    const { code, out } = await call('check', ...args, '--format', format);
    expect(code).toBe(0);
    return out;
  };

  test('are notices on GitHub', async () => {
    expect((await github(...args)).map(({ kind, properties: { title, line } }) => [kind, title, line])).toEqual([['notice', 'NL4006', '2']]);
  });

  test('are notes in SARIF', async () => {
    const { runs } = JSON.parse(await print('sarif')) as { runs: [{ results: [{ level: string; ruleId: string }]; tool: { driver: { rules: [{ defaultConfiguration: { level: string } }] } } }] };
    expect([runs[0].results[0].level, runs[0].results[0].ruleId, runs[0].tool.driver.rules[0].defaultConfiguration.level]).toEqual(['note', 'NL4006', 'note']);
  });

  test('fail no test in JUnit', async () => {
    expect(await print('junit')).toContain('<testsuites name="netloom check" tests="1" failures="0" errors="0">');
  });

  test('have a column in Markdown', async () => {
    expect(await print('markdown')).toContain('| spec | errors | warnings | notes |\n| --- | ---: | ---: | ---: |\n| `nets/fine.yaml` | 0 | 0 | 1 |\n');
  });

  test('have their severity in JSON', async () => {
    const { ok, files: [file] } = JSON.parse(await print('json')) as { ok: boolean; files: [{ ok: boolean; diagnostics: [{ severity: string }] }] };
    expect([ok, file.ok, file.diagnostics.map(({ severity }) => severity)]).toEqual([true, true, ['note']]);
  });
});
