// What lies between two versions of a text, taken as one edit: enough to move what is known to where it stands now.

export interface TextEdit {
  /** Where it begins, in both texts. */
  readonly start: number;
  /** Where what was replaced ended. */
  readonly oldEnd: number;
  /** Where what replaces it ends. */
  readonly newEnd: number;
}

/** The smallest edit that makes one text of another; undefined where they are the same. */
export function editBetween(before: string, after: string): TextEdit | undefined {
  if (before === after) return undefined;
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let same = 0;
  while (same < most - start && before.charCodeAt(before.length - 1 - same) === after.charCodeAt(after.length - 1 - same)) same++;
  return { start, oldEnd: before.length - same, newEnd: after.length - same };
}

/** Where an offset is after an edit; undefined where its surroundings were replaced. */
export function moved(offset: number, { start, oldEnd, newEnd }: TextEdit): number | undefined {
  if (offset <= start) return offset;
  return offset >= oldEnd ? offset - oldEnd + newEnd : undefined;
}
