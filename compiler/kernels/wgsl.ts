// Writing WGSL so that it reads as a person would write it: blocks that indent themselves, identifiers that keep the
// layers' names and never collide, numbers in their shortest form.

/** Lines of code; a nested list stands one level deeper. */
export type Lines = readonly (string | Lines)[];

export function indent(lines: Lines, depth = 0): string {
  return lines
    .map((line) => (typeof line === 'string' ? (line === '' ? '' : '  '.repeat(depth) + line) : indent(line, depth + 1)))
    .join('\n');
}

/** A whole number of a `u32`: `13u`. */
export const u = (value: number): string => `${value}u`;

/** An `f32` as WGSL reads it, in the fewest digits that mean it: `1.0`, `1e-5`. */
export function f(value: number): string {
  const single = Math.fround(value);
  let shortest = single;
  for (let digits = 1; digits <= 9; digits++) {
    shortest = Number(single.toPrecision(digits));
    if (Math.fround(shortest) === single) break;
  }
  const text = String(shortest);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** The smallest `f32`: where the search for a largest value starts. */
export const lowest = '-3.4028234e38';

/** `a + b` with whole numbers added up and zeros left out. */
export function plus(...terms: readonly (string | number)[]): string {
  const words = terms.filter((term): term is string => typeof term === 'string' && term !== '0u');
  const sum = terms.reduce<number>((total, term) => (typeof term === 'number' ? total + term : total), 0);
  return [...words, ...(sum !== 0 || words.length === 0 ? [u(sum)] : [])].join(' + ');
}

/** `a * b` with whole numbers multiplied out. */
export function times(a: string | number, b: number): string | number {
  if (typeof a === 'number') return a * b;
  if (b === 0) return 0;
  return b === 1 ? a : `${/[+%/]/.test(a) ? `(${a})` : a} * ${u(b)}`;
}

/** `a / b`, worked out where both are known. */
export function over(a: string | number, b: number): string | number {
  if (typeof a === 'number') return Math.floor(a / b);
  return b === 1 ? a : `${/[+%/]/.test(a) ? `(${a})` : a} / ${u(b)}`;
}

/** `a % b`, worked out where both are known. */
export function modulo(a: string | number, b: number): string | number {
  if (typeof a === 'number') return a % b;
  return b === 1 ? 0 : `${/[+%/*]/.test(a) ? `(${a})` : a} % ${u(b)}`;
}

/** Text of an index that is known or not. */
export const text = (index: string | number): string => (typeof index === 'number' ? u(index) : index);

/** One of the four values of a vector: `v.x`, or `v[i % 4u]` where it is not known which. */
export const component = (vector: string, index: string | number): string =>
  typeof index === 'number' ? `${vector}.${'xyzw'[index] ?? ''}` : `${vector}[${index}]`;

/** The name of one of `blocks` that a lane works on: they are told apart by letters, where there are several. */
export const ofBlock = (name: string, block: number, blocks: number): string => (blocks > 1 ? `${name}_${'abcd'[block] ?? block}` : name);

/** What hands a lane's value to all: the broadcast wants to know the lane, which it does where loops are written out. */
export const handAround = (unroll: Unroll): string => (unroll === 'written' ? 'subgroupBroadcast' : 'subgroupShuffle');

/** `sum` and the products of four values and their weights. */
export const multiplyAdd = (values: string, weights: string, sum: string): string =>
  ['x', 'y', 'z', 'w'].reduce((total, k) => `fma(${values}.${k}, ${weights}.${k}, ${total})`, sum);

/** How a loop with constant bounds is written: as a loop, for a driver that unrolls it, or turn by turn. */
export type Unroll = 'driver' | 'written';

/** Mesa leaves a loop of more turns as it is, and then keeps its arrays in memory. */
export const mostTurns = 32;

/** `body` for each of `count` turns of `name`, from `first` on. */
export function each(unroll: Unroll, name: string, count: number, body: (index: string | number) => Lines, first = 0): Lines {
  if (count === 1) return body(first);
  if (unroll === 'written') return Array.from({ length: count }, (_, index) => body(first + index)).flat();
  if (count > mostTurns) return [...each(unroll, name, mostTurns, body, first), ...each(unroll, name, count - mostTurns, body, first + mostTurns)];
  const inner = body(name);
  const head = `for (var ${name} = ${u(first)}; ${name} < ${u(first + count)}; ${name}++) {`;
  const [only] = inner;
  return inner.length === 1 && typeof only === 'string' && head.length + only.length < 120 ? [`${head} ${only} }`] : [head, inner, '}'];
}

/** Words WGSL keeps for itself, as far as a layer could be called so, and the names our shaders use. */
const reserved = new Set(
  (
    'alias break case const const_assert continue continuing default diagnostic discard else enable false fn for if let loop override requires return struct switch true var while ' +
    'active array as asm async attribute auto await become binding bool catch class common do enum export extends extern external f16 f32 filter final from get goto group handle i32 impl implements import inline input interface layout macro mat match mod module move mut mutable namespace new null of operator package private protected pub public ref self set shared sizeof static std super target template texture this throw trait try type typedef u32 union unless unsafe using vec2 vec3 vec4 virtual volatile where with writeonly yield ' +
    'abs clamp exp fma log max min pow sign sqrt step tanh select sin cos dot all any arrayLength inverseSqrt mat4x4f unpack2x16float vec2u vec3u vec4f vec4h vec4u workgroupBarrier subgroupAdd subgroupBroadcast subgroupBroadcastFirst subgroupShuffle ' +
    'part'
  ).split(' '),
);

/** What WGSL, TypeScript and file systems all take, as near to the name as can be. */
export function identifier(name: string): string {
  const word = name.replace(/[^A-Za-z0-9]+/g, '_').replace(/_+$/, '').replace(/__+/g, '_');
  return reserved.has(word) || !/^[A-Za-z]/.test(word) ? `layer_${word.replace(/^_/, '')}` : word;
}

/** Hands out each identifier once. */
export function namer(): (wanted: string) => string {
  const taken = new Set<string>();
  return (wanted) => {
    const base = identifier(wanted);
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}_${n}`;
    taken.add(name);
    return name;
  };
}
