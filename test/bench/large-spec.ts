/** A right spec of this many layers, a line and an expression each. */
export function largeSpec(layers: number): string {
  const head = 'netloom: 1\nname: large\nparams: { width: 1 }\ninput: { image: 64x64x16 }\nlayers:\n';
  const layer = (i: number): string => `  conv${i}: { op: conv, filters: = 16 * width, kernel: 3, pad: 1, activation: relu, expect: 64x64x16 }\n`;
  return head + Array.from({ length: layers }, (_, i) => layer(i)).join('');
}
