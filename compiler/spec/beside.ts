// A value read once more for another reason than that it stands where it stands: a block's layer for each line that uses
// the block, a variant's value for the one it replaces. Every place in it remembers the other place.

import type { Beside, Span } from '../source/source.ts';
import type { Written, WrittenEntry } from './document.ts';

/** A copy of a value whose every place has another one beside it; wrong values stay wrong. */
export function standBeside(written: Written, beside: Beside, flawed: Set<Written>): Written {
  const copy = (part: Written): Written => {
    const made: Written = { value: within(part.value), span: spanBeside(part.span, beside) };
    if (flawed.has(part)) flawed.add(made);
    return made;
  };
  const within = (value: Written['value']): Written['value'] => {
    if (value instanceof Map) {
      return new Map([...(value as ReadonlyMap<string, WrittenEntry>)].map(([key, entry]) => [key, { key: spanBeside(entry.key, beside), value: copy(entry.value) }]));
    }
    return Array.isArray(value) ? (value as readonly Written[]).map(copy) : value;
  };
  return copy(written);
}

/** More places beside each other than this explain nothing. */
const mostPlaces = 8;

/** The same place, with another one behind those that already stand beside it. */
export function spanBeside(span: Span, beside: Beside, depth = 0): Span {
  const inner = span.beside;
  if (inner === undefined) return { ...span, beside };
  return depth >= mostPlaces ? span : { ...span, beside: { ...inner, span: spanBeside(inner.span, beside, depth + 1) } };
}
