// Every place at which a spec names a layer, a param or a block: where it is declared, and where it is used, in expressions
// too. Going to a definition, finding references and renaming are questions to this list.
//
// Names live in scopes: that of the spec, whose name is '', and that of each block. Scopes reach across `extends`.

import type { Span } from '../source/source.ts';
import type { Written } from '../spec/document.ts';
import { isAmount, layerFunctions } from '../spec/evaluate.ts';
import type { Expression, Place } from '../spec/expression.ts';
import { parseExpression } from '../spec/expression.ts';
import { isExpression, scalarText } from '../spec/number.ts';
import { child } from '../spec/place.ts';
import { entriesIn, itemsIn, scopeNamed, type View } from './view.ts';

export type Kind = 'layer' | 'param' | 'block';

/** A layer, param or block, whoever speaks of it. */
export interface Named {
  readonly kind: Kind;
  readonly name: string;
  /** The block it belongs to, or '' for the spec itself. */
  readonly scope: string;
}

export interface Mention extends Named {
  /** The name itself, without quotes. */
  readonly span: Span;
  /** Whether it is the key under which the thing is written. */
  readonly declares: boolean;
}

export function sameThing(a: Named, b: Named): boolean {
  return a.kind === b.kind && a.name === b.name && a.scope === b.scope;
}

/** All mentions in one file, in the order of its text; `view` knows the names of its bases too. */
export function mentionsIn(root: Written, view: View): readonly Mention[] {
  const found: Mention[] = [];
  const add = (kind: Kind, scope: string, name: string, span: Span, declares = false): void => {
    found.push({ kind, scope, name, span, declares });
  };
  const paramScope = (name: string, scope: string): string => (scopeNamed(view, scope).params.has(name) ? scope : '');

  const layerName = (written: Written | undefined, scope: string): void => {
    if (typeof written?.value !== 'string') return;
    const { text, span } = scalarText(written);
    addPath(text, span, scope);
  };
  const addPath = (text: string, span: (place: Place) => Span, scope: string): void => {
    for (const { name, scope: inner, start } of partsOf(text, scope, view)) {
      // Inside a block the word means whatever its instance receives.
      if (inner !== '' && name === 'input') continue;
      add('layer', inner, name, span({ start, end: start + name.length }));
    }
  };

  const expression = (written: Written, scope: string, whole = false): void => {
    if (!whole && !isExpression(written)) return;
    const { text, span } = scalarText(written);
    const skip = /^\s*=?/.exec(text)?.[0].length ?? 0;
    const body = text.slice(skip);
    const parsed = parseExpression(body);
    if (!('tree' in parsed)) return;
    const at = ({ start, end }: Place): Span => span({ start: start + skip, end: end + skip });
    for (const { name, place, ofLayer } of namesOf(parsed.tree, body)) {
      if (ofLayer) addPath(name, (part) => at({ start: place.start + part.start, end: place.start + part.end }), scope);
      else if (!whole || !isAmount(name)) add('param', paramScope(name, scope), name, at(place));
    }
  };
  const expressions = (written: Written | undefined, scope: string): void => {
    if (!written) return;
    if (Array.isArray(written.value)) for (const item of itemsIn(written)) expressions(item, scope);
    else if (written.value instanceof Map) for (const { value } of entriesIn(written).values()) expressions(value, scope);
    else if (typeof written.value === 'string') expression(written, scope);
  };

  const keyName = (key: Span, name: string): Span => {
    const at = key.source.text.slice(key.start, key.end).indexOf(name);
    return at < 0 ? key : { source: key.source, start: key.start + at, end: key.start + at + name.length };
  };
  const params = (written: Written | undefined, scope: string): void => {
    for (const [name, { key, value }] of entriesIn(written)) {
      add('param', scope, name, keyName(key, name), true);
      expressions(value, scope);
    }
  };
  /** `declares` is false of the changes that an instance makes to its block. */
  const layers = (written: Written | undefined, scope: string, declares = true): void => {
    for (const [name, { key, value }] of entriesIn(written)) {
      add('layer', scope, name, keyName(key, name), declares && value.value !== null);
      const use = child(value, 'use')?.value ?? scopeNamed(view, scope).layers.get(name)?.use;
      for (const [word, entry] of entriesIn(value)) {
        if (word === 'from' || word === 'after' || word === 'before') {
          for (const item of itemsIn(entry.value)) layerName(item, scope);
        } else if (word === 'use' && typeof entry.value.value === 'string') {
          add('block', '', entry.value.value, keyName(entry.value.span, entry.value.value));
        } else if (word === 'layers' && typeof use === 'string') {
          layers(entry.value, use, false);
        } else {
          if (typeof use === 'string' && view.blocks.get(use)?.params.has(word) === true) add('param', use, word, keyName(entry.key, word));
          expressions(entry.value, scope);
        }
      }
    }
  };

  for (const [word, { value }] of entriesIn(root)) {
    if (word === 'input') {
      for (const [name, { key, value: shape }] of entriesIn(value)) {
        add('layer', '', name, keyName(key, name), true);
        expressions(shape, '');
      }
    } else if (word === 'params') params(value, '');
    else if (word === 'layers') layers(value, '');
    else if (word === 'outputs') for (const item of itemsIn(value)) layerName(item, '');
    else if (word === 'check') {
      for (const item of itemsIn(value)) if (typeof item.value === 'string') expression(item, '', true);
    } else if (word === 'blocks') {
      for (const [name, { key, value: block }] of entriesIn(value)) {
        add('block', '', name, keyName(key, name), true);
        params(child(block, 'params'), name);
        layers(child(block, 'layers'), name);
      }
    } else expressions(value, '');
  }
  return found;
}

/** `fire2.squeeze` names a layer and, where that is an instance of a block, one of the block's; `fire3.1.squeeze` one of its repeats. */
function partsOf(text: string, scope: string, view: View, start = 0): readonly { readonly name: string; readonly scope: string; readonly start: number }[] {
  const { layers } = scopeNamed(view, scope);
  const whole = [{ name: text, scope, start }];
  if (layers.has(text)) return whole;
  for (let dot = text.lastIndexOf('.'); dot > 0; dot = text.lastIndexOf('.', dot - 1)) {
    const head = text.slice(0, dot);
    const use = layers.get(head)?.use;
    if (use === undefined) continue;
    const repeat = /^\d+(\.|$)/.exec(text.slice(dot + 1))?.[0].length ?? 0;
    const rest = text.slice(dot + 1 + repeat);
    return [{ name: head, scope, start }, ...(rest === '' ? [] : partsOf(rest, use, view, start + dot + 1 + repeat))];
  }
  return whole;
}

interface NameUse {
  readonly name: string;
  readonly place: Place;
  readonly ofLayer: boolean;
}

function namesOf(tree: Expression, text: string, ofLayer = false): readonly NameUse[] {
  switch (tree.kind) {
    case 'name': {
      // Parentheses around it belong to its place.
      const start = text.indexOf(tree.name, tree.start);
      return [{ name: tree.name, place: { start, end: start + tree.name.length }, ofLayer }];
    }
    case 'call':
      return tree.args.flatMap((arg) => namesOf(arg, text, (layerFunctions as readonly string[]).includes(tree.name)));
    case 'unary':
      return namesOf(tree.operand, text, ofLayer);
    case 'binary':
      return [...namesOf(tree.left, text, ofLayer), ...namesOf(tree.right, text, ofLayer)];
    default:
      return [];
  }
}
