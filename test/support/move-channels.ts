/** From N,H,W,C to N,C,H,W (`first`) or back (`last`). */
export function moveChannels(values: Float32Array, pixels: number, channels: number, to: 'first' | 'last'): Float32Array<ArrayBuffer> {
  const moved = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += pixels * channels) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      for (let c = 0; c < channels; c++) {
        const [last, first] = [start + pixel * channels + c, start + c * pixels + pixel];
        if (to === 'first') moved[first] = values[last] ?? NaN;
        else moved[last] = values[first] ?? NaN;
      }
    }
  }
  return moved;
}
