// Which kernels are one: shaders are named after layers, and say in comments what they are for, so equal layers have shaders
// that differ in their words alone.

/** The code of a shader without its comments, and without the names of its entry point and its bindings. */
export function kernelIdentity(code: string, entryPoint: string): string {
  const bare = code.replaceAll(/\s*\/\/.*$/gm, '');
  const names = [entryPoint, ...Array.from(bare.matchAll(/@binding\(\d+\) var<[^>]*> (\w+)/g), ([, name = '']) => name)];
  const numbers = new Map(names.map((name, index) => [name, `_${index}`]));
  // What follows a dot is a part of a vector.
  return bare.replaceAll(/(?<![.\w])[A-Za-z]\w*/g, (word) => numbers.get(word) ?? word);
}
