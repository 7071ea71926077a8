// SpecDocument to Graph: operators and names found, shorthand expanded, attributes turned into values. After this there
// are no names to look up and no `activation:`, only nodes in the order they are computed.

import type { Graph, Node } from '../ir/graph.ts';
import type { Op } from '../ir/op.ts';
import type { Shape } from '../ir/tensor.ts';
import { catalog } from '../source/catalog.ts';
import type { Report } from '../source/catalog.ts';
import type { Span } from '../source/source.ts';
import type { AttrContext } from '../spec/attr.ts';
import type { LayerSpec, SpecDocument } from '../spec/document.ts';
import type { Names } from '../spec/evaluate.ts';
import type { Slot } from '../spec/number.ts';
import { readNumber, refuse } from '../spec/number.ts';
import { namesOf } from '../spec/params.ts';
import { resolve } from './resolve.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * The network of a spec. Where mistakes have been reported it holds the layers that are right and stand on right ones, so
 * that more can be found out about those, and may have no outputs. Undefined where not even the input is known.
 */
export function build(document: SpecDocument, ops: ReadonlyMap<string, Op>, report: Report): Graph | undefined {
  const { input, layers } = document;
  const { inputs, outputs } = resolve(document, report);
  const names = namesOf(document.params);
  for (const spare of document.spare) build(spare, ops, report);
  const nodes: Node[] = [];
  const right = new Set([input.name.value]);
  for (const layer of layers) {
    const op = ops.get(layer.op.value);
    const attrs = op && valuesOf(layer, op, layer.names ?? names, report);
    const read = inputs.get(layer);
    const fits = op !== undefined && read !== undefined && judgeArity(layer, op, report);
    if (fits && attrs && !layer.flawed && read.every((name) => right.has(name))) {
      nodes.push(...nodesOf(layer, op, attrs, read, ops));
      right.add(layer.name.value);
    }
  }
  const [height, width, channels] = input.shape.value;
  if (height === undefined) return undefined;
  const shape: Shape = width === undefined || channels === undefined ? [height] : [height, width, channels];
  return { document, input: { name: input.name.value, shape }, nodes, outputs: outputs.filter((name) => right.has(name)) };
}

/** The operator's attributes: what is written, and what stands for the rest. Undefined after reporting. */
export function valuesOf(layer: LayerSpec, op: Op, names: Names, report: Report): Values | undefined {
  const values: Record<string, unknown> = {};
  let right = true;
  const table = tableOf(op);
  for (const [key, attr] of table) {
    const written = layer.attributes.get(key)?.value;
    if (written) {
      const slot: Slot = { where: `${layer.name.value}: \`${key}\``, expected: attr.expected, names, report };
      const context: AttrContext = {
        number: (part) => readNumber(part, slot),
        wrong: (part, expected) => {
          refuse(part, { ...slot, expected });
        },
      };
      const value: unknown = attr.convert(written, context);
      right &&= value !== undefined;
      values[key] = value;
    } else if (attr.fallback && 'value' in attr.fallback) {
      values[key] = attr.fallback.value;
    } else if (!attr.fallback) {
      // The schema has it that a key is missing.
      right = false;
    }
  }
  for (const [key, { fallback }] of table) {
    if (fallback && 'sameAs' in fallback && !layer.attributes.has(key)) values[key] = values[fallback.sameAs];
  }
  return right ? values : undefined;
}

const tables = new WeakMap<Op, readonly [string, Op['attrs'][string]][]>();

/** What an operator's layers may hold, as a list: there are many more layers than operators. */
function tableOf(op: Op): readonly [string, Op['attrs'][string]][] {
  const known = tables.get(op);
  if (known !== undefined) return known;
  const table = Object.entries(op.attrs);
  tables.set(op, table);
  return table;
}

function judgeArity({ name, from = [] }: LayerSpec, op: Op, report: Report): boolean {
  const second = from[1];
  if (op.arity === 'many' || !second) return true;
  report(catalog.tooManyInputs, second.span, { layer: name.value, op: op.name, count: from.length });
  return false;
}

/** A layer's node; two where it has an activation, of which the second bears the layer's name. */
function nodesOf(layer: LayerSpec, op: Op, attrs: Values, inputs: readonly string[], ops: ReadonlyMap<string, Op>): readonly Node[] {
  const name = layer.name.value;
  const { activation } = layer;
  const common: Readonly<Record<string, Span | undefined>> = {
    from: layer.from?.[0]?.span,
    expect: layer.expect?.span,
    activation: activation?.span,
  };
  const at = (attribute: string): Span => {
    const entry = layer.attributes.get(attribute);
    if (entry) return entry.value.span.end > entry.value.span.start ? entry.value.span : entry.key;
    return common[attribute] ?? layer.op.span;
  };
  const after = activation && ops.get(activation.value);
  if (!activation || !after) return [{ id: name, op, attrs, inputs, origin: layer, at }];
  const inner = `${name}:${op.name}`;
  const defaults = Object.entries(after.attrs).flatMap(([key, { fallback }]) => (fallback && 'value' in fallback ? [[key, fallback.value] as const] : []));
  return [
    { id: inner, op, attrs, inputs, origin: layer, at },
    {
      id: name,
      op: after,
      attrs: Object.fromEntries(defaults),
      inputs: [inner],
      origin: layer,
      at: (attribute) => common[attribute] ?? activation.span,
    },
  ];
}
