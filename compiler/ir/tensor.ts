// Shapes and numbers. A shape is that of one image: the batch is chosen at run time and stands in no shape.

/** Height, width and channels of a picture, or the length of a vector. */
export type Shape = readonly [height: number, width: number, channels: number] | readonly [length: number];

/** How people write it: `55x55x96`, `4096`. */
export function printShape(shape: readonly number[]): string {
  return shape.join('x');
}

/** How many values a tensor of this shape holds. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A vector is a picture of one pixel to everything that works channel by channel. */
export function asPicture(shape: Shape): readonly [height: number, width: number, channels: number] {
  return shape.length === 3 ? shape : [1, 1, shape[0]];
}

/** Numbers in float64 with any number of axes, the last one contiguous; for the interpreter and its judges. */
export class Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
  private readonly strides: readonly number[];

  constructor(shape: readonly number[], data: Float64Array = new Float64Array(elements(shape))) {
    this.shape = shape;
    this.data = data;
    this.strides = shape.map((_, axis) => elements(shape.slice(axis + 1)));
  }

  /** The value at these coordinates, one an axis; undefined outside the tensor, so that padding needs no code. */
  at(...index: readonly number[]): number | undefined {
    let offset = 0;
    for (let axis = 0; axis < index.length; axis++) {
      const i = index[axis] as number;
      if (i < 0 || i >= (this.shape[axis] as number)) return undefined;
      offset += i * (this.strides[axis] as number);
    }
    return this.data[offset];
  }
}
