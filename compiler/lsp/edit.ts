// What lies between two versions of a text, taken as one edit: enough to move what is known to where it stands now.

export interface TextEdit {
  /** Where it begins, in both texts. */
  readonly start: number;
  /** Where what was replaced ended. */
  readonly oldEnd: number;
  /** Where what replaces it ends. */
  readonly newEnd: number;
}

const block = 512;

/** The smallest edit that makes one text of another; undefined where they are the same. */
export function editBetween(before: string, after: string): TextEdit | undefined {
  if (before === after) return undefined;
  const most = Math.min(before.length, after.length);
  let start = 0;
  // By blocks first, which is far faster: all but a few of a long text are the same.
  while (start + block <= most && before.slice(start, start + block) === after.slice(start, start + block)) start += block;
  while (start < most && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let same = 0;
  const isSameBlock = (from: number): boolean => before.slice(before.length - from - block, before.length - from) === after.slice(after.length - from - block, after.length - from);
  while (same + block <= most - start && isSameBlock(same)) same += block;
  while (same < most - start && before.charCodeAt(before.length - 1 - same) === after.charCodeAt(after.length - 1 - same)) same++;
  return { start, oldEnd: before.length - same, newEnd: after.length - same };
}

/** Where an offset is after an edit; undefined where its surroundings were replaced. */
export function moved(offset: number, { start, oldEnd, newEnd }: TextEdit): number | undefined {
  if (offset <= start) return offset;
  return offset >= oldEnd ? offset - oldEnd + newEnd : undefined;
}
