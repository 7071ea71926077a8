// What ONNX computes, as terms: a layer's operator over values, constants and further operators, still without the names
// that ONNX wants for everything between them.

export type Term =
  /** A value with a name: the input, a layer's result, a weight. */
  | { readonly kind: 'value'; readonly name: string }
  /** Numbers that stand in the model: one float, or a list of whole numbers (shapes, axes, paddings). */
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'ints'; readonly values: readonly number[] }
  | OnnxOperator;

export interface OnnxOperator {
  readonly kind: 'operator';
  /** As ONNX calls it: `Conv`, `MaxPool`. */
  readonly op: string;
  readonly inputs: readonly Term[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** ONNX tells whole numbers from others by the attribute's type, not by its value. */
export type Attribute =
  | { readonly type: 'int' | 'float'; readonly value: number }
  | { readonly type: 'ints'; readonly values: readonly number[] };

export const value = (name: string): Term => ({ kind: 'value', name });
export const floatTerm = (value: number): Term => ({ kind: 'float', value });
export const intsTerm = (values: readonly number[]): Term => ({ kind: 'ints', values });

export const int = (value: number): Attribute => ({ type: 'int', value });
export const float = (value: number): Attribute => ({ type: 'float', value });
export const ints = (values: readonly number[]): Attribute => ({ type: 'ints', values });

export function operator(op: string, inputs: readonly Term[], attributes: Readonly<Record<string, Attribute>> = {}): OnnxOperator {
  return { kind: 'operator', op, inputs, attributes };
}
