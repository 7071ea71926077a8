// The blocks of a spec as they are declared, and what of it nobody uses.

import type { Report } from '../source/catalog.ts';
import { catalog } from '../source/catalog.ts';
import type { Span } from '../source/source.ts';
import type { Unused, Written, WrittenEntry } from './document.ts';
import { instanceKeys, layerKeys, placementKeys } from './keys.ts';
import { judgeName } from './name.ts';
import { isExpression } from './number.ts';
import { child, entriesOf } from './place.ts';

type Entries = ReadonlyMap<string, WrittenEntry>;

export interface Block {
  readonly name: string;
  readonly key: Span;
  /** One without a value must be given where the block is used. */
  readonly params: Entries;
  readonly layers: Entries;
}

/** What a param of a block cannot be called: an instance has keys of these names. */
export const reservedNames: ReadonlySet<string> = new Set(Object.keys({ ...instanceKeys, ...placementKeys, op: layerKeys.op }));

/** The blocks by name; of what is wrong in one as much as is right. */
export function readBlocks(written: Written | undefined, flawed: ReadonlySet<Written>, report: Report): ReadonlyMap<string, Block> {
  const blocks = new Map<string, Block>();
  for (const [name, { key, value }] of entriesOf(written) ?? []) {
    judgeName(name, key, 'a block', report);
    const params = entriesOf(child(value, 'params')) ?? new Map<string, WrittenEntry>();
    for (const [param, { key: at }] of params) {
      if (!judgeName(param, at, 'a param', report) || !reservedNames.has(param)) continue;
      report(catalog.badName, at, { name: param, what: 'a param', problem: 'is a key where the block is used', also: '`_` and `-`' }, { help: 'give it another name' });
    }
    const layers = entriesOf(child(value, 'layers')) ?? new Map<string, WrittenEntry>();
    const at = entriesOf(value)?.get('layers');
    if (at && layers.size === 0 && !flawed.has(at.value)) report(catalog.missingLayers, at.key, { where: `the block ${name}` });
    blocks.set(name, { name, key, params, layers });
  }
  return blocks;
}

/** Params that stand in no expression, and blocks that no layer uses. */
export function findUnused(root: Written): readonly Unused[] {
  const blocks = entriesOf(child(root, 'blocks')) ?? new Map<string, WrittenEntry>();
  const usedBlocks = new Set<string>();
  const usedParams = new Map<string, Set<string>>([['', new Set()], ...[...blocks.keys()].map((name) => [name, new Set<string>()] as const)]);

  const paramsOf = (block: string): Entries => entriesOf(block === '' ? child(root, 'params') : child(blocks.get(block)?.value, 'params')) ?? new Map<string, WrittenEntry>();
  const seen = new Set<string>();
  const use = (text: string, block: string): void => {
    // Layers are alike, and so are their expressions.
    const known = `${block} ${text}`;
    if (seen.has(known)) return;
    seen.add(known);
    for (const [name] of text.matchAll(nameInText)) usedParams.get(block !== '' && paramsOf(block).has(name) ? block : '')?.add(name);
  };
  const look = (written: Written, block: string): void => {
    const { value } = written;
    if (typeof value === 'string') {
      if (isExpression(written)) use(value, block);
    } else if (Array.isArray(value)) {
      for (const item of value as readonly Written[]) look(item, block);
    } else {
      entriesOf(written)?.forEach((entry, key) => { look(entry.value, key === 'layers' ? (blockOf(written) ?? block) : block); });
    }
  };
  /** The block that an instance uses. */
  const blockOf = (written: Written): string | undefined => {
    const name = child(written, 'use')?.value;
    return typeof name === 'string' && blocks.has(name) ? name : undefined;
  };
  const lookForBlocks = (layers: Written | undefined): void => {
    for (const { value } of entriesOf(layers)?.values() ?? []) {
      const name = blockOf(value);
      if (name !== undefined) usedBlocks.add(name);
      lookForBlocks(child(value, 'layers'));
    }
  };

  for (const [key, { value }] of entriesOf(root) ?? []) {
    if (key === 'check') for (const { value: text } of [value, ...(Array.isArray(value.value) ? (value.value as readonly Written[]) : [])]) use(typeof text === 'string' ? text : '', '');
    else if (key !== 'blocks') look(value, '');
  }
  for (const [name, { value }] of blocks) {
    look(value, name);
    lookForBlocks(child(value, 'layers'));
  }
  lookForBlocks(child(root, 'layers'));

  const unused = (block: string): readonly Unused[] =>
    [...paramsOf(block)].flatMap(([name, { key }]) => (usedParams.get(block)?.has(name) === true ? [] : [{ kind: 'param', name: { value: name, span: key } }]));
  return [
    ...unused(''),
    ...[...blocks].flatMap(([name, { key }]): readonly Unused[] => (usedBlocks.has(name) ? unused(name) : [{ kind: 'block', name: { value: name, span: key } }])),
  ];
}

/** The names in an expression, as the grammar reads them. */
const nameInText = /\p{L}[\p{L}\p{M}\p{N}_]*(?:[-.][\p{L}\p{M}\p{N}_]+)*/gu;
