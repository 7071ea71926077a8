// Whether the names of the classes are as many as the scores of the first output. One that is a class too many shifts no
// name, but tells that the list, or the network, is another one than was meant.

import type { TypedGraph } from '../ir/graph.ts';
import { printShape } from '../ir/tensor.ts';
import { catalog, type Report } from '../source/catalog.ts';
import { listsOf } from '../spec/labels.ts';
import { repair } from './repair.ts';
import { historyOf } from './trace.ts';

/** Reports labels that are more or fewer than the channels, or units, of the first output. */
export function fitsLabels(graph: TypedGraph, report: Report): void {
  const { labels, outputs, layers, instances } = graph.document;
  // The graph's first output may be the second, where something is wrong with the first.
  const first = (outputs[0] ?? layers.at(-1)?.name)?.value ?? '';
  const id = instances.get(first) ?? first;
  const output = graph.nodes.find((node) => node.id === id);
  if (labels === undefined || output === undefined) return;
  const count = output.shape.at(-1) ?? 0;
  const { name, classes } = labels.value;
  if (classes.length === count) return;
  const { origin } = output;
  const wanted = [...output.shape.slice(0, -1), classes.length];
  const elsewhere = repair(output, historyOf(graph), { wanted, planeIsRight: true, channels: classes.length });
  const [list] = listsOf(count);
  const ways = [list === undefined ? `name a list of ${count} classes` : `write \`labels: ${list}\``, ...(elsewhere === undefined ? [] : [elsewhere])];
  const related = [{ span: origin.expect?.span ?? origin.name.span, note: `${origin.name.value} gives ${printShape(output.shape)}` }];
  report(catalog.labelsDoNotFit, labels.span, { name, labels: classes.length, layer: origin.name.value, count }, { related, help: ways.join(', or ') });
}
