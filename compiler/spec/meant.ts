// What somebody most likely meant who wrote a value that its key does not take: what other tools take there, and what is
// only a sign away from being right.

import type { Written } from './document.ts';
import { parseExpression } from './expression.ts';
import { listItems } from './place.ts';

/** What to write instead, where it can be told. `params`: the names that an expression may use there. */
export function meantBy(written: Written, expected: string, params: ReadonlySet<string>): string | undefined {
  const { value } = written;
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  const instead = expected.includes('[height, width]') ? pairIn(text) : undefined;
  if (instead !== undefined) return `write \`${instead}\``;
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(text)?.[1];
  if (percent !== undefined) return `write \`${Number((Number(percent) / 100).toPrecision(12))}\``;
  if (/\btrue\b/.test(expected) && /^(?:yes|no|on|off)$/i.test(text)) return `write \`${/^(?:yes|on)$/i.test(text) ? 'true' : 'false'}\``;
  return expected.includes('number') && isFormula(text, params) ? `write \`= ${text}\`: an expression begins with \`=\`` : undefined;
}

/** `[11, 11]` of `11x11`, `11, 11` or `(11, 11)`. */
export function pairIn(text: string): string | undefined {
  const [, first, second] = /^\(?\s*(\d+)\s*[x×,*]\s*(\d+)\s*\)?$/.exec(text) ?? [];
  return first === undefined || second === undefined ? undefined : `[${first}, ${second}]`;
}

/** A param's name, or what can be worked out of numbers and params. */
function isFormula(text: string, params: ReadonlySet<string>): boolean {
  if (params.has(text)) return true;
  const names = text.match(/\p{L}[\p{L}\p{N}_]*/gu) ?? [];
  return /[-+*/]/.test(text) && names.some((name) => params.has(name)) && 'tree' in parseExpression(text);
}

/** `224x224x3` of sizes that are separated, ordered or more than a shape has them. */
export function shapeMeantBy(text: string): string | undefined {
  const sizes = /^[[(]?\s*\d+(?:\s*[x×,*]?\s*\d+)*\s*[\])]?$/.test(text) ? (text.match(/\d+/g) ?? []).map(Number) : [];
  const [batch, ...picture] = sizes;
  if (!sizes.every((size) => size >= 1)) return undefined;
  if (sizes.length === 4 && batch !== undefined) return `${batch <= 1024 ? 'leave out the batch, which is chosen when the network runs' : 'a picture has three sizes'}: \`${ordered(picture).join('x')}\``;
  return sizes.length === 3 || (sizes.length === 1 && /\D/.test(text)) ? `write \`${ordered(sizes).join('x')}\`` : undefined;
}

/** Whether sizes look like channels, height, width, as PyTorch has them. */
export function isChannelsFirst([first = 0, second = 0, third = 0]: readonly number[]): boolean {
  return (first === 1 || first === 3) && second === third && second >= 8;
}

const ordered = (sizes: readonly number[]): readonly number[] => (sizes.length === 3 && isChannelsFirst(sizes) ? [...sizes.slice(1), ...sizes.slice(0, 1)] : sizes);

/** What to do about `layers` written as a list. */
export function layersMeantBy(written: Written): string | undefined {
  const [first] = listItems(written) ?? [];
  if (!(first?.value instanceof Map)) return undefined;
  const entries = [...(first.value as ReadonlyMap<string, { readonly value: Written }>)];
  const [only] = entries;
  if (entries.length === 1 && only?.[1].value.value instanceof Map) return `leave out the dashes: \`${only[0]}: { … }\``;
  const name = entries.find(([key]) => key === 'name' || key === 'id')?.[1].value.value;
  return `every layer has its name for a key: \`${typeof name === 'string' ? name : 'conv1'}: { op: … }\``;
}
