// What a spec says must hold of the whole network: each contract an expression over params, amounts and shapes. Whether
// its names are right is judged always, whether it holds only of a network that is. One that fails says what it compared.

import { summarize } from './emit/summary.ts';
import type { Summary } from './emit/summary.ts';
import type { TypedGraph, TypedNode } from './ir/graph.ts';
import { historyOf, trace } from './passes/trace.ts';
import type { Report } from './source/catalog.ts';
import { catalog } from './source/catalog.ts';
import type { Related } from './source/diagnostic.ts';
import type { SpecDocument, Written } from './spec/document.ts';
import type { LayerFacts, Names, Site, Value } from './spec/evaluate.ts';
import { amounts, evaluate, isAmount, valueOf } from './spec/evaluate.ts';
import type { Expression } from './spec/expression.ts';
import { expressionOf } from './spec/number.ts';
import { namesOf } from './spec/params.ts';

/**
 * Judges the contracts of a spec.
 * @param graph the network, where it is right; without it only words are judged
 */
export function judgeContracts(document: SpecDocument, graph: TypedGraph | undefined, report: Report): void {
  if (document.contracts.length === 0) return;
  const summary = graph && summarize(graph);
  const names = contractNames(document, summary);
  const layers = layerFacts(document, graph, summary);
  for (const written of document.contracts) judgeContract(written, { names, layers, graph, summary }, report);
}

interface Facts {
  readonly names: Names;
  readonly layers: LayerFacts;
  readonly graph: TypedGraph | undefined;
  readonly summary: Summary | undefined;
}

function judgeContract(written: Written, { names, layers, graph, summary }: Facts, report: Report): void {
  const read = expressionOf(written, report);
  if (!read) return;
  const site: Site = { names, layers, report, span: read.span, text: read.text };
  const value = evaluate(read.tree, site);
  const contract = read.text.trim();
  if (value === true || value === undefined || !graph || !summary) return;
  if (value !== false) {
    report(catalog.noContract, read.span(read.tree), { contract, found: show(value) });
    return;
  }
  const silent: Site = { ...site, report: () => undefined };
  const causes = causesOf(read.tree, silent);
  const because = causes.map((cause) => phrase(cause, silent)).join(', and ');
  const related = causes.flatMap((cause) => layersIn(cause, graph, graph.document.instances));
  const help = causes.map((cause) => shares(cause, summary)).find((text) => text !== undefined);
  const [only] = causes;
  const place = causes.length === 1 && only ? read.span(only) : written.span;
  const difference = (only && causes.length === 1 ? differenceOf(only, silent) : undefined) ?? 'must hold';
  report(catalog.contractFails, place, { contract, because, difference }, { related, help });
}

function contractNames({ params }: SpecDocument, summary: Summary | undefined): Names {
  const own = namesOf(params);
  const totals = summary?.totals;
  const values: Readonly<Record<(typeof amounts)[number], number | undefined>> = {
    parameters: totals?.parameters,
    macs: totals?.macs,
    flops: totals?.flops,
    weights: totals?.weight_bytes,
    activations: totals?.activation_bytes,
  };
  return {
    has: (name) => isAmount(name) || own.has(name),
    get: (name) => (isAmount(name) ? values[name as keyof typeof values] : own.get(name)),
    keys: () => [...own.keys(), ...amounts],
  };
}

function layerFacts(document: SpecDocument, graph: TypedGraph | undefined, summary: Summary | undefined): LayerFacts {
  const rows = new Map(summary?.layers.map((row) => [row.name, row]));
  const input = document.input.name.value;
  const names = new Set([input, ...document.layers.map(({ name }) => name.value), ...document.instances.keys()]);
  return {
    // Of a spec without layers, about which something has been said, any name may have been one.
    has: (name) => names.has(name) || document.lost.has(name) || document.layers.length === 0,
    keys: () => names,
    shape: (name) => (name === input ? graph?.input.shape : rows.get(document.instances.get(name) ?? name)?.shape),
    parameters: (name) => {
      if (!summary || name === input) return summary && 0;
      const own = document.instances.has(name) ? summary.layers.filter((row) => row.name.startsWith(`${name}.`)) : [rows.get(name)];
      return own.reduce((sum, row) => sum + (row?.parameters ?? 0), 0);
    },
  };
}

/** The comparisons that make a false condition false. */
function causesOf(condition: Expression, site: Site): readonly Expression[] {
  if (condition.kind !== 'binary' || (condition.operator !== 'and' && condition.operator !== 'or')) return [condition];
  return [condition.left, condition.right].filter((part) => valueOf(part, site) === false).flatMap((part) => causesOf(part, site));
}

const failures: Readonly<Record<string, string>> = { '==': 'not', '<': 'not below', '<=': 'above', '>': 'not above', '>=': 'below' };

/** `macs is 724,406,816, not below 700M = 700,000,000`. */
function phrase(cause: Expression, site: Site): string {
  const textOf = (part: Expression): string => site.text.slice(part.start, part.end);
  if (cause.kind !== 'binary') return `${textOf(cause)} is false`;
  const [left, right] = [valueOf(cause.left, site), valueOf(cause.right, site)];
  if (left === undefined || right === undefined) return `${textOf(cause)} is false`;
  const named = (part: Expression, value: Value): string => (textOf(part) === plain(value) ? show(value) : `${textOf(part)} = ${show(value)}`);
  const what = textOf(cause.left) === plain(left) ? show(left) : `${textOf(cause.left)} is ${show(left)}`;
  if (cause.operator === '!=') return what;
  const relation = failures[cause.operator];
  return relation === undefined ? `${textOf(cause)} is false` : `${what}, ${relation} ${named(cause.right, right)}`;
}

/** How far a comparison is from holding. */
function differenceOf(cause: Expression, site: Site): string | undefined {
  if (cause.kind !== 'binary') return undefined;
  const [left, right] = [valueOf(cause.left, site), valueOf(cause.right, site)];
  if (typeof left !== 'number' || typeof right !== 'number' || left === right) return undefined;
  return `${show(Math.abs(left - right))} too ${left > right ? 'many' : 'few'}`;
}

/** The layers that a comparison asks about, and those that made their shapes. */
function layersIn(part: Expression, graph: TypedGraph, instances: ReadonlyMap<string, string>): readonly Related[] {
  if (part.kind === 'binary') return [...layersIn(part.left, graph, instances), ...layersIn(part.right, graph, instances)];
  if (part.kind === 'unary') return layersIn(part.operand, graph, instances);
  if (part.kind !== 'call') return [];
  const [arg] = part.args;
  if (arg?.kind !== 'name' || part.args.length !== 1) return part.args.flatMap((other) => layersIn(other, graph, instances));
  const id = instances.get(arg.name) ?? arg.name;
  const node = graph.nodes.find((other) => other.id === id);
  // The parameters of an instance are in many places.
  if (!node || (part.name === 'parameters' && instances.has(arg.name))) return [];
  const { name, instance } = node.origin;
  const whose = instance === undefined ? '' : `${name.value} `;
  const behind = part.name === 'shape' ? trace(node, historyOf(graph), 'plane') : [];
  return [...behind, { span: name.span, note: part.name === 'shape' ? `${whose}gives ${show(node.shape)}` : `${whose}has ${show(parametersOf(node))} parameters` }];
}

const parametersOf = ({ params }: TypedNode): number =>
  params.filter(({ trained }) => trained).reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);

/** The layers that have most of an amount, where a comparison is about one. */
function shares(cause: Expression, { layers, totals }: Summary): string | undefined {
  const amount = cause.kind === 'binary' ? [cause.left, cause.right].find((part) => part.kind === 'name' && isAmount(part.name)) : undefined;
  if (amount?.kind !== 'name') return undefined;
  const key = ({ weights: 'weight_bytes', activations: 'activation_bytes', parameters: 'parameters', macs: 'macs', flops: 'flops' } as const)[amount.name as (typeof amounts)[number]];
  const [most, next] = layers.toSorted((a, b) => b[key] - a[key]);
  if (!most || totals[key] === 0) return undefined;
  const share = (row: typeof most): string => `${show(row[key])} in ${row.name}`;
  return `of the ${show(totals[key])} are ${[most, ...(next ? [next] : [])].map(share).join(' and ')}`;
}

/** As it is said: `724,406,816`, `6x6x256`. */
function show(value: Value): string {
  if (typeof value === 'object') return value.join('x');
  if (typeof value === 'boolean') return String(value);
  return Number.isInteger(value) ? plain(value).replace(/\B(?=(\d{3})+$)/g, ',') : plain(value);
}

/** As it may be written. */
const plain = (value: Value): string => (typeof value === 'object' ? value.join('x') : typeof value === 'number' ? String(Number(value.toPrecision(12))) : String(value));
