// What the language server offers to write at a place.

import { describe, expect, test } from 'vitest';
import { CompletionRequest, type CompletionItem } from 'vscode-languageserver-protocol/node';
import { edited } from '../support/editor.ts';
import { little, servedSpecs } from '../support/served-specs.ts';

const served = servedSpecs();
const { offered, open } = served;

describe('completion', () => {
  const typing = (line: string): string => little.replace('  left: { op: conv, filters: 8, kernel: 1 }', line);

  test('operators', async () => {
    const { labels, items, name } = await offered(typing('  left: { op: co'), 'op: co|\n');
    expect(labels).toEqual(expect.arrayContaining(['conv', 'concat', 'maxpool']));
    const edit = items[0]?.textEdit;
    if (!edit || !('range' in edit)) throw new Error('no edit');
    expect(edited(served.editor.textOf(name), [edit])).toContain('left: { op: conv\n');
  });

  test('the keys that a layer still lacks, those it must have first', async () => {
    const { labels } = await offered(typing('  left: { op: conv, kernel: 1,  }'), 'kernel: 1, | }');
    expect(labels.slice(0, 1)).toEqual(['filters']);
    expect(labels).toEqual(expect.arrayContaining(['stride', 'groups', 'from', 'activation', 'expect']));
    expect(labels).not.toContain('op');
    expect(labels).not.toContain('kernel');
    expect(labels).not.toContain('rate');
  });

  test('keys behind the cursor count as written, and the braces may be open', async () => {
    expect((await offered(typing('  left: { op: conv, f, kernel: 1 }'), 'conv, f|,')).labels).not.toContain('kernel');
    expect((await offered(typing('  left: { op: dropout, '), 'dropout, |\n')).labels).toContain('rate');
    expect((await offered(typing('  left:\n    op: lrn\n    \n'), 'op: lrn\n    |\n')).labels).toContain('alpha');
  });

  test('layers above in from, the nearest first, with their shapes', async () => {
    const { labels, items } = await offered(little.replace('[left, right]', '[left, ]'), 'from: [left, |]');
    expect(labels).toEqual(['right', 'left', 'pool1', 'conv1', 'image']);
    expect(items.find(({ label }) => label === 'pool1')?.detail).toBe('27x27x96');
  });

  test('params and functions in expressions', async () => {
    const { labels, items, name } = await offered(little.replace('= 96 * width', '= 96 * wi'), '96 * wi|');
    expect(labels.slice(0, 2)).toEqual(['width', 'classes']);
    expect(labels).toContain('round()');
    const edit = items[0]?.textEdit;
    if (!edit || !('range' in edit)) throw new Error('no edit');
    expect(edited(served.editor.textOf(name), [edit])).toContain('filters: = 96 * width,');
  });

  test('words of a key', async () => {
    expect((await offered(typing('  left: { op: conv, activation: '), 'activation: |\n')).labels).toContain('leaky_relu');
    expect((await offered(typing('  left: { op: conv, pad: '), 'pad: |\n')).labels).toContain('same');
    expect((await offered(typing('  left: { op: lrn, reduce: '), 'reduce: |\n')).labels).toEqual(['sum', 'mean']);
    expect((await offered(typing('  left: { op: conv, bias: '), 'bias: |\n')).labels).toEqual(['true', 'false']);
  });

  test('keys of the spec and of its sections', async () => {
    expect((await offered(`${little}tr`, '[score]\ntr|')).labels).toEqual(expect.arrayContaining(['train', 'preprocess', 'labels']));
    expect((await offered(`${little}tr`, '[score]\ntr|')).labels).not.toContain('layers');
    expect((await offered(`${little}train:\n  optimizer: { name: `, 'optimizer: { name: |')).labels).toContain('sgd');
    expect((await offered('# yaml-language-server: $schema=./spec.schema.json\n', 'json\n|')).labels.slice(0, 3)).toEqual(['netloom', 'name', 'input']);
  });

  test('the shape that a layer has, for expect', async () => {
    const name = await open(little);
    await served.editor.type(name, 'stride: 2 }', 'stride: 2, expect:  }');
    const items = (await served.editor.connection.sendRequest(CompletionRequest.type, served.editor.at(name, 'expect: | }'))) as CompletionItem[];
    expect(items.map(({ label }) => label)).toEqual(['27x27x96']);
  });

  test('in a long text as in a short one', async () => {
    const long = Array.from({ length: 300 }, (_, i) => `  more${i}: { op: conv, filters: 8, kernel: 1 }\n`).join('');
    const text = little.replace('  both:', `${long}  both:`);
    expect((await offered(text.replace('[left, right]', '[left, ]'), 'from: [left, |]')).labels.slice(0, 2)).toEqual(['more299', 'more298']);
    expect((await offered(text.replace('more299: { op: conv, ', 'more299: { op: conv, st, '), 'op: conv, st|, ')).labels).not.toContain('kernel');
    expect((await offered(text.replace('more299: {', 'more298b:\n    op: lrn\n    \n  more299: {'), 'op: lrn\n    |\n')).labels).toContain('alpha');
    expect((await offered(`${text}tr`, '[score]\ntr|')).labels).not.toContain('layers');
  });

  test('nothing in a comment', async () => {
    expect((await offered(`${little}# see `, '# see |')).labels).toEqual([]);
  });
});
