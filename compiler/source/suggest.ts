// The nearest known word, for "did you mean". Distance is that of Damerau and Levenshtein (optimal string alignment:
// a letter too many, too few, wrong, or two neighbours swapped), because those are the slips that fingers make.

/** How many slips lead from one word to the other; `limit + 1` as soon as it is known to be more than `limit`. */
export function slips(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    let smallest = i;
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1] ? 0 : 1;
      let best = Math.min((row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
      smallest = Math.min(smallest, best);
    }
    if (smallest > limit) return limit + 1;
    beforeLast = last;
    last = row;
  }
  return Math.min(last[to.length] ?? 0, limit + 1);
}

/** Case, `_` and `-` do not make another word. */
const bare = (word: string): string => word.toLowerCase().replace(/[_-]/g, '');

/**
 * The known word that was most likely meant: one slip in three letters at most; of two that are as near the one whose number
 * is nearer (`conv4` for `conv5`), else the earlier.
 * Undefined where none is near.
 */
export function suggest(word: string, known: Iterable<string>): string | undefined {
  const wanted = bare(word).slice(0, 80);
  if (wanted === '') return undefined;
  let best: string | undefined;
  let limit = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const other = bare(candidate);
    // A word of two letters that shares none with another is not a slip of it.
    const nearer = best !== undefined && numberBetween(wanted, other) < numberBetween(wanted, bare(best));
    const allowed = Math.min(nearer ? limit : limit - 1, other.length - 1);
    if (allowed < 0) continue;
    const distance = slips(wanted, other, allowed);
    if (distance <= allowed) {
      best = candidate;
      limit = distance;
      if (distance === 0) break;
    }
  }
  return best ?? sameStem(wanted, known);
}

/** How far apart the numbers are at the end of two words that differ in nothing else; of others nothing can be said. */
function numberBetween(a: string, b: string): number {
  const [stem, number] = [a.replace(/\d+$/, ''), /\d+$/.exec(a)?.[0]];
  const other = /\d+$/.exec(b)?.[0];
  return number === undefined || other === undefined || b !== stem + other ? Infinity : Math.abs(Number(number) - Number(other));
}

/** `ceiling` and `ceil`, `scaling` and `scale`: at least four letters and half of the longer word are the same. */
function sameStem(wanted: string, known: Iterable<string>): string | undefined {
  for (const candidate of known) {
    const other = bare(candidate);
    let shared = 0;
    while (shared < wanted.length && wanted[shared] === other[shared]) shared++;
    if (shared >= 4 && 2 * shared >= Math.max(wanted.length, other.length)) return candidate;
  }
  return undefined;
}

/** `relu, relu6 or tanh`, shortened after `most` words. */
export function listOf(words: readonly string[], join: 'and' | 'or' = 'or', most = 20): string {
  if (words.length > most) return `${words.slice(0, most).join(', ')}, … (${words.length} in all)`;
  const last = words.at(-1);
  return words.length < 2 || last === undefined ? words.join('') : `${words.slice(0, -1).join(', ')} ${join} ${last}`;
}
