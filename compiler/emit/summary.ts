// The table people read: what each layer makes, how many parameters it has and what it costs, for one image. One row a
// layer, as the spec has them, not one a node; `check --format json` carries the same numbers.

import type { Precision } from '../../runtime/plan.ts';
import type { TypedGraph, TypedNode } from '../ir/graph.ts';
import type { Window } from '../ir/op.ts';
import { elements, printShape } from '../ir/tensor.ts';
import type { Shape } from '../ir/tensor.ts';
import { markdownTable, table } from './table.ts';

/** Amounts that add up from layer to layer. */
export interface Amounts {
  /** What training changes; batchnorm's running statistics are none. */
  readonly parameters: number;
  /** Multiply-adds of convolutions and dense layers. */
  readonly macs: number;
  /** Two per multiply-add, one per other arithmetic operation. */
  readonly flops: number;
  /** All that the weight file holds, as it is stored: the weights of convolutions and dense layers in the precision asked for, the rest in f32. */
  readonly weight_bytes: number;
  /** The layer's result, in f32. */
  readonly activation_bytes: number;
}

export interface LayerSummary extends Amounts {
  readonly name: string;
  readonly op: string;
  readonly shape: Shape;
}

export interface Summary {
  readonly layers: readonly LayerSummary[];
  readonly totals: Amounts;
}

const nothing = { parameters: 0, macs: 0, flops: 0, weight_bytes: 0, activation_bytes: 0 } satisfies Amounts;
const bytesPerValue = 4;

/** The rows of a network, or of as much of it as is known. */
export function summarize(graph: TypedGraph, precision: Precision = 'f32'): Summary {
  const layers = layersOf(graph).map(({ last, nodes }): LayerSummary => {
    const amounts = nodes.map(({ params, macs, flops, lowering }) => ({
      ...nothing,
      parameters: sum(params.filter(({ trained }) => trained).map(({ shape }) => elements(shape))),
      macs,
      flops,
      weight_bytes: sum(params.map(({ name, shape }) => elements(shape) * (precision === 'f16' && 'weight' in lowering && name === lowering.weight ? 2 : bytesPerValue))),
    }));
    const { name, op } = last.origin;
    const activation = { ...nothing, activation_bytes: elements(last.shape) * bytesPerValue };
    return { name: name.value, op: op.value, shape: last.shape, ...total([...amounts, activation]) };
  });
  return { layers, totals: total(layers) };
}

/** The layers with the nodes each became, in the spec's order; a layer that is not known to its end is left out. */
export function layersOf(graph: TypedGraph): readonly { readonly last: TypedNode; readonly nodes: readonly TypedNode[] }[] {
  const byLayer = new Map<string, TypedNode[]>();
  for (const node of graph.nodes) {
    const name = node.origin.name.value;
    byLayer.set(name, [...(byLayer.get(name) ?? []), node]);
  }
  return [...byLayer].flatMap(([name, nodes]) => {
    const last = nodes.find(({ id }) => id === name);
    return last === undefined ? [] : [{ last, nodes }];
  });
}

function total(rows: readonly Amounts[]): Amounts {
  const totals = { ...nothing };
  for (const row of rows) {
    totals.parameters += row.parameters;
    totals.macs += row.macs;
    totals.flops += row.flops;
    totals.weight_bytes += row.weight_bytes;
    totals.activation_bytes += row.activation_bytes;
  }
  return totals;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The table for people, in columns for a terminal or as Markdown; ends with a line break. */
export function printSummary(graph: TypedGraph, format: 'text' | 'markdown', precision: Precision = 'f32'): string {
  const summary = summarize(graph, precision);
  const head = ['layer', 'op', 'window', 'output', 'parameters', 'MACs', 'weights', 'activations'];
  const windows = new Map(layersOf(graph).map(({ last, nodes }) => [last.id, nodes.map(windowText).join('')]));
  const { input } = graph;
  const inputBytes = printBytes(elements(input.shape) * bytesPerValue);
  const rows = [
    [input.name, 'input', '', printShape(input.shape), '', '', '', inputBytes],
    ...layersOf(graph).map(({ last }, index) => {
      const row = summary.layers[index] ?? { ...nothing, shape: last.shape };
      return [last.id, opText(last), windows.get(last.id) ?? '', printShape(row.shape), ...amountTexts(row)];
    }),
  ];
  const all = [...rows, ['total', '', '', '', ...amountTexts(summary.totals)]];
  const align = head.map((_, column) => (column < 4 ? 'left' : 'right'));
  return format === 'markdown' ? markdownTable(head, all, align) : table(head, all, align);
}

function opText({ origin: { op, activation } }: TypedNode): string {
  return activation === undefined || activation.value === 'none' ? op.value : `${op.value} + ${activation.value}`;
}

function amountTexts({ parameters, macs, weight_bytes: weights, activation_bytes: activations }: Amounts): readonly string[] {
  return [parameters === 0 ? '' : grouped(parameters), macs === 0 ? '' : grouped(macs), weights === 0 ? '' : printBytes(weights), printBytes(activations)];
}

/** `11x11 / 4, pad 2, groups 2`; for normalisation over channels how many. */
function windowText({ lowering }: TypedNode): string {
  switch (lowering.kind) {
    case 'conv':
      return `${slidingText(lowering.window)}${lowering.groups === 1 ? '' : `, groups ${lowering.groups}`}`;
    case 'pool':
      return slidingText(lowering.window);
    case 'lrn':
      return `${lowering.size} channels`;
    default:
      return '';
  }
}

function slidingText({ kernel, stride, dilation, before, after }: Window): string {
  const both = ([vertical, horizontal]: readonly [number, number]): string => (vertical === horizontal ? String(vertical) : `${vertical}x${horizontal}`);
  const [top, left] = before;
  const [bottom, right] = after;
  const sides = [top, right, bottom, left];
  const pad = sides.every((side) => side === top) ? String(top) : sides.join(' ');
  return [
    `${kernel.join('x')}${both(stride) === '1' ? '' : ` / ${both(stride)}`}`,
    ...(pad === '0' ? [] : [`pad ${pad}`]),
    ...(both(dilation) === '1' ? [] : [`dilation ${both(dilation)}`]),
  ].join(', ');
}

/** `60,965,224`. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `144.0 MiB`. */
export function printBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit] ?? ''}`;
}
