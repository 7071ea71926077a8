// A spec as a list to jump around in: its sections, and in them layers with their shapes, params and blocks.

import type { DocumentSymbol, SymbolKind } from 'vscode-languageserver/node';
import { textOf } from '../source/source.ts';
import type { Written, WrittenEntry } from '../spec/document.ts';
import { child } from '../spec/place.ts';
import { rangeOf } from './place.ts';
import { entriesIn } from './view.ts';

const kinds = { module: 2, namespace: 3, function: 12, variable: 13, constant: 14, property: 7 } as const satisfies Record<string, SymbolKind>;

/** @param told what is known of a layer, by its name; of one inside a block, with the block's before it */
export function outline(root: Written, told: ReadonlyMap<string, string>): readonly DocumentSymbol[] {
  const layers = (written: Written | undefined, prefix: string): readonly DocumentSymbol[] =>
    [...entriesIn(written)].map(([name, entry]) => {
      const op = child(entry.value, 'op') ?? child(entry.value, 'use');
      const detail = [...(typeof op?.value === 'string' ? [op.value] : []), ...(told.has(prefix + name) ? [told.get(prefix + name) ?? ''] : [])].join(' ');
      return symbol(name, entry, 'function', detail);
    });
  return [...entriesIn(root)].map(([name, entry]) => {
    const { value } = entry;
    switch (name) {
      case 'layers':
        return symbol(name, entry, 'namespace', '', layers(value, ''));
      case 'params':
      case 'input':
        return symbol(name, entry, 'namespace', '', [...entriesIn(value)].map(([word, inner]) => symbol(word, inner, 'constant', textOf(inner.value.span))));
      case 'blocks':
        return symbol(name, entry, 'namespace', '', [...entriesIn(value)].map(([word, inner]) => symbol(word, inner, 'module', '', layers(child(inner.value, 'layers'), `${word}/`))));
      default:
        return symbol(name, entry, 'property', value.value instanceof Map || Array.isArray(value.value) ? '' : textOf(value.span));
    }
  });
}

function symbol(name: string, { key, value }: WrittenEntry, kind: keyof typeof kinds, detail: string, children: readonly DocumentSymbol[] = []): DocumentSymbol {
  const { source } = key;
  const end = value.span.source === source ? Math.max(key.end, value.span.end) : key.end;
  return {
    // The protocol wants a name.
    name: name === '' ? '?' : name,
    ...(detail === '' ? {} : { detail }),
    kind: kinds[kind],
    range: rangeOf({ source, start: key.start, end }),
    selectionRange: rangeOf(key),
    ...(children.length > 0 ? { children: [...children] } : {}),
  };
}
