// A spec as it was written, and where: names are not yet resolved, operators not yet known, but every value that a
// diagnostic may have to point at carries its span. `parse.ts` makes it, `passes/build.ts` reads it.

import type { Source, Span, Spanned } from '../source/source.ts';
import type { Names } from './evaluate.ts';

export interface SpecDocument {
  readonly source: Source;
  readonly name: Spanned<string>;
  readonly summary?: string;
  /** Params in the order written, evaluated, `--set` applied. */
  readonly params: ReadonlyMap<string, Param>;
  /** A shape without sizes, and a name without letters, have been reported. */
  readonly input: { readonly name: Spanned<string>; readonly shape: Spanned<readonly number[]> };
  /** In the order they are computed; where a block is used, each of its layers. */
  readonly layers: readonly LayerSpec[];
  /** The last layer of each instance of a block, whose value `from: instance` reads. */
  readonly instances: ReadonlyMap<string, string>;
  /** Where a variant removed layers of its base. */
  readonly removed: ReadonlyMap<string, Span>;
  /** New layers of a variant that have no place, which has been reported: what reads them stays silent. */
  readonly lost: ReadonlySet<string>;
  /** Empty where the spec names none: then the last layer is the output. */
  readonly outputs: readonly Spanned<string>[];
  readonly preprocess?: Preprocess;
  readonly labels?: Spanned<Labels>;
  readonly train?: Written;
  /** What must hold of the whole, as it is written. */
  readonly contracts: readonly Written[];
  /** Params and blocks that stand in no expression and no layer. */
  readonly unused: readonly Unused[];
  /** Blocks that no layer uses, written out as if one did, so that they are judged too. */
  readonly spare: readonly SpecDocument[];
}

export interface Unused {
  readonly kind: 'param' | 'block';
  readonly name: Spanned<string>;
}

export interface Param {
  /** Undefined where it has none, which has been reported: what depends on it stays silent. */
  readonly value: number | undefined;
  readonly span: Span;
}

/** A value of the spec as YAML gives it, every part with its place. */
export type Written = Spanned<string | number | boolean | null | readonly Written[] | ReadonlyMap<string, WrittenEntry>>;

export interface WrittenEntry {
  readonly key: Span;
  readonly value: Written;
}

/** One layer. `attributes` are the operator's own keys; the keys common to all layers stand apart. */
export interface LayerSpec {
  readonly name: Spanned<string>;
  readonly op: Spanned<string>;
  readonly from?: readonly Spanned<string>[];
  readonly activation?: Spanned<string>;
  /** Absent too where what is written is no shape, which has been reported. */
  readonly expect?: Spanned<readonly (number | '?')[]>;
  readonly expectIsFlawed?: boolean;
  readonly init?: Written;
  readonly attributes: ReadonlyMap<string, WrittenEntry>;
  /** What its expressions may use; the spec's params where it stands in no block. */
  readonly names?: Names;
  /** The instance of a block that it belongs to: names in its `from` begin with it. */
  readonly instance?: string;
  /** The line that uses its block, where that stands in no other block; one for all layers it makes. */
  readonly use?: Use;
  /** The whole entry, key to closing brace. */
  readonly span: Span;
  /** A mistake in this layer has been reported: it and all that read it stay silent. */
  readonly flawed: boolean;
}

/** A block as the spec's own layers use it. */
export interface Use {
  /** The name before which the names of its layers begin, as it is written. */
  readonly instance: string;
  /** The block's params. */
  readonly params: ReadonlySet<string>;
  /** What expressions in its layers may use if a param had another value. */
  readonly namesWith: (param: string, value: number) => Names;
}

/** How an image file becomes the input tensor: the spec's `preprocess`, defaults filled in. */
export interface Preprocess {
  /** A number: the shorter side. A pair: height and width. Absent: straight to the input's height and width. */
  readonly resize?: number | readonly [height: number, width: number];
  readonly crop?: 'center';
  readonly channels: 'RGB' | 'BGR';
  /** Per channel, in the order of `channels`; one value for an input of one channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly scale: number;
}

export interface Labels {
  /** `imagenet-1k`, or the path as written. */
  readonly name: string;
  readonly classes: readonly string[];
}
