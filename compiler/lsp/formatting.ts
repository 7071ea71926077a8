// A spec in its usual form, as an editor asks for it: what `netloom fmt` writes, as an edit.

import type { TextEdit } from 'vscode-languageserver/node';
import { collect } from '../source/catalog.ts';
import type { Source } from '../source/source.ts';
import { format } from '../spec/format.ts';
import { editBetween } from './edit.ts';
import { rangeOf } from './place.ts';

/** The edit that gives a text its usual form; none where it has it, or is not YAML. */
export function formatting(source: Source): readonly TextEdit[] {
  const text = format(source, collect().report);
  const edit = text === undefined ? undefined : editBetween(source.text, text);
  if (text === undefined || !edit) return [];
  // A carriage return and its line feed are one place to an editor.
  const { start, oldEnd, newEnd } = source.text.includes('\r') ? { start: 0, oldEnd: source.text.length, newEnd: text.length } : edit;
  return [{ range: rangeOf({ source, start, end: oldEnd }), newText: text.slice(start, newEnd) }];
}
