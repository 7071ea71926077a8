import { expect, test } from 'vitest';
import { kernelIdentity } from '../../runtime/kernel-identity.ts';

const shader = (layer: string, factor = '2.0', extra = 'x') => `// ${layer}, of some.yaml.

@group(0) @binding(0) var<storage, read> ${extra}: array<vec4f>;  // [n][8]
@group(0) @binding(1) var<storage, read_write> ${layer}_values: array<f32>;

@compute @workgroup_size(8)
fn ${layer}(@builtin(global_invocation_id) id: vec3u) {
  // What ${layer} is.
  ${layer}_values[id.x] = ${factor} * ${extra}[id.x].x;
}
`;

test('a kernel is the same under other names, and with other comments', () => {
  const one = kernelIdentity(shader('conv1'), 'conv1');
  expect(kernelIdentity(shader('conv2'), 'conv2')).toBe(one);
  // `.x` is a part of a vector, whatever a binding is called.
  expect(kernelIdentity(shader('conv2', '2.0', 'y'), 'conv2')).toBe(one);
  expect(one).not.toContain('//');
});

test('it is another one where it does something else, or another of its functions is meant', () => {
  const one = kernelIdentity(shader('conv1'), 'conv1');
  expect(kernelIdentity(shader('conv1', '3.0'), 'conv1')).not.toBe(one);
  const two = `${shader('conv1')}@compute @workgroup_size(8) fn conv2() {}\n`;
  expect(kernelIdentity(two, 'conv2')).not.toBe(kernelIdentity(two, 'conv1'));
});
