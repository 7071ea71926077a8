// What an editor says of the word under the cursor: of a layer how its shape came about and what it costs, of a key or an
// operator what it does, of a param or an expression what it is worth.

import type { Hover } from 'vscode-languageserver/node';
import type { Checked } from '../check.ts';
import { grouped, layersOf, printBytes, summarize } from '../emit/summary.ts';
import type { TypedGraph, TypedNode } from '../ir/graph.ts';
import { elements, printShape, type Shape } from '../ir/tensor.ts';
import { arithmeticOf } from '../passes/trace.ts';
import { textOf, type Span } from '../source/source.ts';
import type { SpecDocument, Written } from '../spec/document.ts';
import { isExpression, readExpression } from '../spec/number.ts';
import { namesOf } from '../spec/params.ts';
import { explainKey, explainOperator, keyAt, layerAt } from './language.ts';
import { locate } from './locate.ts';
import type { Mention } from './mentions.ts';
import { rangeOf, touches } from './place.ts';
import type { View } from './view.ts';

/** What is known of the spec under the cursor. */
export interface Subject {
  readonly root: Written;
  readonly view: View;
  readonly mentions: readonly Mention[];
  readonly checked: Checked;
}

export function hover({ root, view, mentions, checked }: Subject, offset: number): Hover | undefined {
  const answer = (span: Span, parts: readonly (string | undefined)[]): Hover | undefined => {
    const text = parts.filter((part) => part !== undefined).join('\n\n');
    return text === '' ? undefined : { contents: { kind: 'markdown', value: text }, range: rangeOf(span) };
  };
  const mention = mentions.find(({ span }) => touches(span, offset));
  if (mention?.kind === 'layer') {
    const full = layerNamed(mention, checked);
    const told = full === undefined || checked.known === undefined ? undefined : explainLayer(full, checked.known);
    if (told !== undefined) return answer(mention.span, [told]);
  }
  if (mention?.kind === 'param') {
    const told = mention.scope === '' ? explainParam(mention.name, checked.document) : `\`${mention.name}\`: a param of the block \`${mention.scope}\``;
    return answer(mention.span, [told]);
  }
  if (mention?.kind === 'block') return answer(mention.span, [explainBlock(mention.name, view)]);
  const found = locate(root, offset);
  if (!found) return undefined;
  const { path, on, span, value } = found;
  const key = keyAt(path, view);
  if (on === 'key') return answer(span, [key && explainKey(path.at(-1) ?? '', key)]);
  const layer = layerAt(path, view);
  if (layer?.rest.length === 1 && typeof value.value === 'string' && (layer.rest[0] === 'op' || layer.rest[0] === 'activation')) {
    const described = explainOperator(value.value);
    if (described !== undefined) return answer(span, [described]);
  }
  return answer(span, [worth(value, checked.document), key && explainKey(path.at(-1) ?? '', key)]);
}

/** The name under which a network knows a layer. */
function layerNamed({ name, scope, span }: Mention, { known }: Checked): string | undefined {
  if (scope === '') return name;
  // In a block it is a layer of each instance: the first is told.
  const inside = known?.nodes.find(({ origin }) => origin.name.span.source.path === span.source.path && origin.name.span.start === span.start);
  return inside?.origin.name.value;
}

function explainLayer(name: string, graph: TypedGraph): string | undefined {
  const { input } = graph;
  if (name === input.name) return `**${name}**: the input, ${printShape(input.shape)}: ${grouped(elements(input.shape))} values`;
  const shapes = new Map<string, Shape>([[input.name, input.shape], ...graph.nodes.map(({ id, shape }): [string, Shape] => [id, shape])]);
  const layer = layersOf(graph).find(({ last }) => last.id === name);
  const row = summarize(graph).layers.find((other) => other.name === name);
  if (!layer || !row) return explainInstance(name, graph);
  const [first] = layer.nodes;
  const read = first?.inputs ?? [];
  const arrived = read.map((id) => `${id} ${printShape(shapes.get(id) ?? [0])}`).join(', ');
  const activation = layer.last.origin.activation?.value;
  return [
    `**${name}**: ${row.op}${activation === undefined || activation === 'none' ? '' : ` + ${activation}`}`,
    `${arrived} → **${printShape(row.shape)}**`,
    ...layer.nodes.flatMap((node) => arithmeticLines(node, shapes)),
    [
      ...(row.macs === 0 ? [] : [`${grouped(row.macs)} multiply-adds`]),
      `${printBytes(row.activation_bytes)} for one image`,
    ].join(', '),
  ].join('\n\n');
}

/** How a node's size and its weights came about. */
function arithmeticLines(node: TypedNode, shapes: ReadonlyMap<string, Shape>): readonly string[] {
  const [first = ''] = node.inputs;
  const input = shapes.get(first);
  const why = input === undefined ? undefined : arithmeticOf(node, input, true);
  const trained = node.params.filter((param) => param.trained);
  const total = trained.reduce((sum, { shape }) => sum + elements(shape), 0);
  const counts = trained.map(({ name, shape }) => `${name} ${printShape(shape)}${shape.length > 1 ? ` = ${grouped(elements(shape))}` : ''}`);
  return [...(why === undefined ? [] : [`\`${why}\``]), ...(trained.length === 0 ? [] : [`${grouped(total)} parameters: ${counts.join(', ')}`])];
}

/** An instance of a block: from what arrives to what its last layer makes. */
function explainInstance(name: string, graph: TypedGraph): string | undefined {
  const rows = summarize(graph).layers.filter((row) => row.name.startsWith(`${name}.`));
  const last = rows.at(-1);
  if (last === undefined) return undefined;
  const lines = rows.map((row) => `- ${row.name}: ${row.op}, ${printShape(row.shape)}${row.parameters === 0 ? '' : `, ${grouped(row.parameters)} parameters`}`);
  const total = rows.reduce((sum, { parameters }) => sum + parameters, 0);
  return [`**${name}**: ${rows.length} layers, **${printShape(last.shape)}**, ${grouped(total)} parameters`, lines.join('\n')].join('\n\n');
}

function explainParam(name: string, document: SpecDocument | undefined): string | undefined {
  const param = document?.params.get(name);
  if (!param) return undefined;
  const written = textOf(param.span);
  const value = param.value === undefined ? undefined : String(param.value);
  return `**${name}** ${value === undefined || value === written ? `= ${written}` : `= ${value}, written as \`${written}\``}`;
}

function explainBlock(name: string, view: View): string | undefined {
  const block = view.blocks.get(name);
  if (!block) return undefined;
  const params = block.params.size === 0 ? 'no params' : `params ${[...block.params].join(', ')}`;
  return `**${name}**: a block of ${block.layers.size} layers (${[...block.layers.keys()].join(', ')}); ${params}`;
}

/** What an expression comes to. */
function worth(written: Written, document: SpecDocument | undefined): string | undefined {
  if (!document || !isExpression(written)) return undefined;
  const value = readExpression(written, namesOf(document.params), () => undefined);
  return value === undefined ? undefined : `\`${textOf(written.span)}\` is ${typeof value === 'object' ? value.join('x') : String(value)}`;
}
