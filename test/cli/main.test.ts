import { describe, expect, test } from 'vitest';
import { Fault } from '../../compiler/cli/fault.ts';
import { explainFailure } from '../../compiler/cli/main.ts';
import { InputError, MachineError } from '../../runtime/errors.ts';
import { listOf } from '../../compiler/source/suggest.ts';
import { call, keep } from '../support/call.ts';

/** As the help lists them. */
const verbs = [...(await call('--help')).out.matchAll(/^ {2}(\w+) +\w/gm)].map(([, verb = '']) => verb);

describe('help', () => {
  test('lists every verb and what the exit codes mean', async () => {
    const { code, out, err } = await call('--help');
    expect([code, err]).toEqual([0, '']);
    expect(verbs).toEqual(expect.arrayContaining(['check', 'summary', 'diff', 'compile', 'run', 'verify', 'doctor', 'explain']));
    expect(out).toContain('3 when the machine is');
  });

  test.each(verbs)('%s --help shows its usage and its options', async (verb) => {
    const { code, out, err } = await call(verb, '--help');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(new RegExp(`^Usage: netloom ${verb}`));
    expect(out).toMatch(/^ {2}--help +this text$/m);
    expect(await call('help', verb)).toEqual({ code, out, err });
  });

  test('nothing at all is a call at fault, and prints the same help', async () => {
    const { code, out, err } = await call();
    expect([code, out]).toEqual([2, '']);
    expect(err).toBe((await call('--help')).out);
  });

  test('--version is the package', async () => {
    expect((await call('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('a call that is wrong', () => {
  test.each([
    [['chekc'], "netloom has no verb 'chekc'", 'did you mean netloom check?'],
    [['frobnicate'], "netloom has no verb 'frobnicate'", `it is one of ${listOf(verbs)}`],
    [['check'], 'netloom check needs FILE', 'see netloom check --help'],
    [['check', 'a.yaml', '--formt', 'json'], 'netloom check has no option --formt', 'did you mean --format?'],
    [['check', 'a.yaml', '--format', 'yaml'], "--format takes text, json, github, sarif, junit or markdown; not 'yaml'", undefined],
    [['check', 'a.yaml', '--format'], '--format needs a value: --format text|json|github|sarif|junit|markdown', undefined],
    [['check', 'a.yaml', '--set', '--format', 'json'], '--set needs a value: --set NAME=VALUE', undefined],
    [['check', 'a.yaml', '--set', 'width'], "--set takes NAME=VALUE; not 'width'", 'for example --set width=0.5'],
    [['summary', 'a.yaml', '--plan=yes'], "--plan takes no value; 'yes' was given", undefined],
    [['summary', 'a.yaml', 'b.yaml'], "netloom summary takes one FILE; 'b.yaml' is left over", 'see netloom summary --help'],
    [['diff', 'a.yaml', 'b.yaml', 'c.yaml'], "netloom diff takes A B; 'c.yaml' is left over", 'see netloom diff --help'],
    [['doctor', 'please'], "netloom doctor takes only options; 'please' is left over", 'see netloom doctor --help'],
    [['run', 'a.yaml', '--batch', '0'], "--batch takes a whole number, at least 1; not '0'", undefined],
    [['run', 'a.yaml', '--batch', '1.5'], "--batch takes a whole number, at least 1; not '1.5'", undefined],
    [['verify', 'a.yaml', '--tolerance', 'small'], "--tolerance takes a number, at least 0; not 'small'", undefined],
    [['explain', 'kernel'], "'kernel' is no operator but a key of conv, maxpool and avgpool", 'netloom explain conv says what it does'],
    [['explain', 'cnv'], "there is no operator and no diagnostic called 'cnv'", 'did you mean conv?'],
  ])('%j', async (args, message, help) => {
    const { code, out, err } = await call(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toBe(`error: ${message}\n${help === undefined ? '' : `help: ${help}\n`}`);
  });
});

describe('failures', () => {
  const told = (error: unknown, env = {}): { code: number; err: string } => {
    const written = { out: '', err: '' };
    const code = explainFailure(error, keep(written, env));
    return { code, err: written.err };
  };

  test('the runtime tells input from machine', () => {
    expect(told(new InputError('conv1.weight is missing'))).toEqual({ code: 1, err: 'error: conv1.weight is missing\n' });
    expect(told(new MachineError('no adapter'))).toEqual({ code: 3, err: 'error: no adapter\n' });
    expect(told(new Fault('input', 'no such file', 'write one'))).toEqual({ code: 1, err: 'error: no such file\nhelp: write one\n' });
  });

  test('our own mistake shows no stack unless asked', () => {
    const bug = new Error('nobody loops here\nnode 1\nnode 2');
    const { code, err } = told(bug);
    expect(code).toBe(70);
    expect(err).toContain('a mistake in netloom itself, not in your files: nobody loops here\n');
    expect(err).not.toMatch(/\bat .*:\d+:\d+|node 1/);
    expect(told(bug, { NETLOOM_DEBUG: '1' }).err).toContain(bug.stack);
  });
});
