// A small network without YAML: layers as objects, in a source text made of them, so that diagnostics have places to point at.

import type { Graph, Node } from '../../compiler/ir/graph.ts';
import type { Shape } from '../../compiler/ir/tensor.ts';
import { opsByName } from '../../compiler/ops/index.ts';
import type { Source, Span } from '../../compiler/source/source.ts';
import type { AttrContext, AttrTable } from '../../compiler/spec/attr.ts';
import type { LayerSpec, Written } from '../../compiler/spec/document.ts';

/** A layer as a spec writes it: `op`, `from`, `activation`, `expect` (`6x6x256` or `?x?x256`), and the operator's own keys. */
export interface Layer {
  readonly name: string;
  readonly op: string;
  readonly [key: string]: unknown;
}

/** The graph of `layers` over an input; `{ name: [H, W, C] }`. Only right words are understood: this is no front end. */
export function network(input: Readonly<Record<string, Shape>>, layers: readonly Layer[], outputs: readonly string[] = []): Graph {
  const [[inputName, inputShape]] = Object.entries(input) as [[string, Shape]];
  const head = `input: { ${inputName}: ${inputShape.join('x')} }\nlayers:\n`;
  const lines = layers.map(({ name, ...rest }) => `  ${name}: { ${Object.entries(rest).map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join(', ')} }\n`);
  const source: Source = { path: 'network.yaml', text: head + lines.join('') };
  const span = (start: number, text: string): Span => ({ source, start, end: start + text.length });

  const nodes: Node[] = [];
  let previous = inputName;
  let offset = head.length;
  layers.forEach(({ name, op: opName, from, activation, expect, ...written }, index) => {
    const line = lines[index] ?? '';
    const start = offset;
    offset += line.length;
    const find = (key: string): Span | undefined => {
      const found = new RegExp(`\\b${key}: ("[^"]*"|\\[[^\\]]*\\]|[^,} ]+)`).exec(line);
      return found === null ? undefined : span(start + found.index + key.length + 2, found[1] ?? '');
    };
    const at = (attribute: string): Span => find(attribute) ?? find('op') ?? span(start, line);
    const origin: LayerSpec = {
      name: { value: name, span: span(start + 2, name) },
      op: { value: opName, span: at('op') },
      attributes: new Map(),
      span: span(start, line),
      flawed: false,
      ...(activation === undefined ? {} : { activation: { value: activation as string, span: at('activation') } }),
      ...(expect === undefined ? {} : { expect: { value: dimensions(expect as string), span: at('expect') } }),
    };
    const names = from === undefined ? [previous] : [from].flat().map(String);
    const op = opsByName.get(opName);
    if (op === undefined) throw new Error(`no operator ${opName}`);
    const attrs = attributes(op.attrs, written, at);
    const active = activation === undefined || activation === 'none' ? undefined : opsByName.get(activation as string);
    if (active === undefined) nodes.push({ id: name, op, attrs, inputs: names, origin, at });
    else {
      const inner = `${name}:${opName}`;
      nodes.push({ id: inner, op, attrs, inputs: names, origin, at });
      nodes.push({ id: name, op: active, attrs: attributes(active.attrs, {}, at), inputs: [inner], origin, at });
    }
    previous = name;
  });

  return {
    document: {
      source,
      name: { value: 'network', span: span(0, 'input') },
      params: new Map(),
      input: {
        name: { value: inputName, span: span(9, inputName) },
        shape: { value: inputShape, span: span(11 + inputName.length, inputShape.join('x')) },
      },
      layers: nodes.map(({ origin }) => origin),
      instances: new Map(),
      removed: new Map(),
      lost: new Set(),
      outputs: [],
      contracts: [],
      unused: [],
      spare: [],
    },
    input: { name: inputName, shape: inputShape },
    nodes,
    outputs: outputs.length === 0 ? [previous] : outputs,
  };
}

function dimensions(text: string): readonly (number | '?')[] {
  return text.split('x').map((size) => (size === '?' ? '?' : Number(size)));
}

/** The values of a table, from what a layer wrote and what stands for the rest. */
function attributes(table: AttrTable, written: Readonly<Record<string, unknown>>, at: (key: string) => Span): Record<string, unknown> {
  const complain = (what: string): never => {
    throw new Error(`expected ${what}`);
  };
  const context: AttrContext = {
    number: ({ value }) => (typeof value === 'number' ? value : complain('a number')),
    wrong: (_, expected) => complain(expected),
  };
  const values: Record<string, unknown> = {};
  for (const [name, attr] of Object.entries(table)) {
    if (name in written) values[name] = attr.convert(spanned(written[name], at(name)), context);
    else if (attr.fallback === undefined) complain(name);
    else if ('value' in attr.fallback) values[name] = attr.fallback.value;
    else values[name] = values[attr.fallback.sameAs];
  }
  return values;
}

function spanned(value: unknown, span: Span): Written {
  return { value: Array.isArray(value) ? value.map((item) => spanned(item, span)) : (value as Written['value']), span };
}
