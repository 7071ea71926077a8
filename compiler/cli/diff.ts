// `netloom diff`: what changes from one spec to another, and whether weights still fit.

import { check } from '../check.ts';
import { diff as compare, type Effect } from '../diff.ts';
import type { TypedGraph } from '../ir/graph.ts';
import { collect } from '../source/catalog.ts';
import { exitCode } from './fault.ts';
import { assignments, choice } from './option.ts';
import { diffData, diffMarkdown, diffText } from './print-diff.ts';
import { openRevision } from './revision.ts';
import { tell } from './spec.ts';
import type { Terminal } from './terminal.ts';
import { defineVerb } from './verb.ts';

export const diff = defineVerb({
  name: 'diff',
  about:
    'Compares two specs: layers added, removed, renamed and changed, with shapes, parameters, multiply-adds (MACs) and\n' +
    'memory. Each change is cosmetic (the same numbers come out), of numerics (other numbers, of the same weights), or\n' +
    'breaks weights (a weight file no longer fits), and the tensors that survive are told. A spec is a file, or\n' +
    'REV:FILE as it stood in a commit. Ends with 1 where a spec is wrong, or a change is what --fail-on names.',
  operands: { name: 'A B', min: 2, max: 2 },
  options: {
    'fail-on': choice(['nothing', 'weights', 'numerics', 'any'], 'the least change to end with 1 for'),
    set: assignments('NAME=VALUE', 'gives a param of both specs another value'),
    'set-a': assignments('NAME=VALUE', 'of the first spec'),
    'set-b': assignments('NAME=VALUE', 'of the second spec'),
    format: choice(['text', 'json', 'markdown'], 'how to print it'),
  },
  examples: [
    'netloom diff specs/alexnet.yaml specs/alexnet-notebook.yaml',
    'netloom diff main:specs/alexnet.yaml specs/alexnet.yaml --fail-on weights --format markdown',
    'netloom diff specs/alexnet.yaml specs/alexnet.yaml --set-b width=0.5',
  ],
  run([a = '', b = ''], options, terminal) {
    const { set, format } = options;
    const before = open(a, new Map([...set, ...options['set-a']]), terminal);
    const after = open(b, new Map([...set, ...options['set-b']]), terminal);
    if (before === undefined || after === undefined) return Promise.resolve(exitCode.input);
    const difference = compare(before, after);
    const print = { text: diffText, markdown: diffMarkdown, json: diffData }[format];
    terminal.out(print({ before: a, after: b, difference }));
    return Promise.resolve(fails(options['fail-on'], difference.effect) ? exitCode.input : exitCode.fine);
  },
});

/** The network of a spec, errors told; its warnings are for `check` to tell. */
function open(operand: string, overrides: ReadonlyMap<string, string>, terminal: Terminal): TypedGraph | undefined {
  const { report, diagnostics } = collect();
  const source = openRevision(operand, report);
  const checked = source && check(source, overrides);
  terminal.err(tell((checked?.diagnostics ?? diagnostics).filter(({ severity }) => severity === 'error'), terminal.color.err));
  return checked?.graph;
}

function fails(limit: 'nothing' | 'weights' | 'numerics' | 'any', effect: Effect | undefined): boolean {
  if (limit === 'nothing' || effect === undefined) return false;
  return limit === 'any' || effect === 'weights' || effect === limit;
}
