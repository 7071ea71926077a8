// Shaders for subgroups of 32 that multiply matrices of f16, for GPUs that have none of these: the few words of WGSL that they
// use become plain functions. 32 neighbours of a workgroup stand for a subgroup. Of a product each lane keeps the sums of a part
// of a row; the matrices that are multiplied stay where they lie, and a lane reads what its sums need. So nothing is exchanged
// but through the workgroup's memory, as the shader itself does it, and a barrier that it forgot is missing here as well.

const LANES = 32;

/** A shader without extensions: its numbers of 16 bits lie two in a word. Throws where it knows a word not. */
export function emulateMatrices(code: string): string {
  const multiplies = code.includes('subgroupMatrixMultiplyAccumulate');
  const threads = Number(/@workgroup_size\((\d+)\)/.exec(code)?.[1]);
  const body = (multiplies ? withoutMatrices(code) : code)
    .replaceAll('subgroupAdd(', 'emulated_add(')
    .replaceAll('subgroupBroadcastFirst(', '(')
    .replaceAll('vec4h(', 'emulated_halves(')
    .replace(/\bvec4h\b/g, 'vec2u')
    .replace(/^enable (f16|subgroups|subgroup_size_control|chromium_experimental_subgroup_matrix);\n/gm, '')
    .replace(/ @subgroup_size\(\d+\)/, '');
  const told = Object.entries({ subgroup_id: `emulated_thread / ${LANES}u`, subgroup_invocation_id: `emulated_thread % ${LANES}u`, local_invocation_index: 'emulated_thread' });
  const places = told.flatMap(([name, value]) => {
    const variable = new RegExp(`@builtin\\(${name}\\) (\\w+): u32`).exec(body)?.[1];
    return variable === undefined ? [] : [`  let ${variable} = ${value};\n`];
  });
  const main = body
    .replace(/^ *@builtin\((subgroup_id|subgroup_invocation_id|local_invocation_index)\) \w+: u32,\n/gm, '')
    .replace(/(@compute .*\nfn \w+\()([^{]*\) \{\n)/, (_, head: string, rest: string) => `${head}\n  @builtin(local_invocation_index) emulated_index: u32,${rest}  emulated_thread = emulated_index;\n${places.join('')}`);
  const at = main.search(/^@(group|compute)/m);
  const unknown = /subgroup\w*\(|subgroup_\w+/.exec(main.slice(at).replace(/\/\/.*$/gm, ''));
  if (unknown !== null) throw new Error(`the emulation knows no ${unknown[0]}`);
  const functions = ['var<private> emulated_thread: u32;', ...(multiplies ? matrices(code) : []), ...(main.includes('emulated_add(') ? [add(threads)] : [])];
  return `${main.slice(0, at)}${functions.join('\n')}\n\n${main.slice(at)}`;
}

const withoutMatrices = (code: string): string =>
  code
    .replace(/subgroup_matrix_result<f32, \d+, \d+>\(\)/g, 'Emulated_sums()')
    .replace(/subgroupMatrixLoad<subgroup_matrix_(left|right)<f16, \d+, \d+>, (?:row|col)_major>\(&\w+, /g, 'Emulated_$1(')
    .replace(/subgroupMatrixStore<(row|col)_major>\(&\w+, /g, 'emulated_store(')
    .replaceAll('subgroupMatrixMultiplyAccumulate(', 'emulated_multiply(');

/** How a shader loads its left or right matrices, all in the same way: from which array, what its elements are, and which way. */
function loadOf(code: string, side: 'left' | 'right'): { readonly array: string; readonly halves: number; readonly columns: number; readonly rows: number; readonly major: string } {
  const found = [...code.matchAll(new RegExp(`subgroupMatrixLoad<subgroup_matrix_${side}<f16, (\\d+), (\\d+)>, (row|col)_major>\\(&(\\w+), `, 'g'))];
  const [[, columns, rows, major = '', array = ''] = []] = found;
  if (new Set(found.map(([all]) => all)).size !== 1) throw new Error(`the emulation takes ${side} matrices of one shape from one array`);
  const element = new RegExp(`\\b${array}: array<(vec4h|vec2u|vec4u)\\b`).exec(code)?.[1];
  if (element === undefined) throw new Error(`the emulation reads no matrices from ${array}`);
  return { array, halves: element === 'vec4u' ? 8 : 4, columns: Number(columns), rows: Number(rows), major };
}

/** What loads, multiplies and stores. Offsets and strides count the elements of an array, as Dawn has it. */
function matrices(code: string): readonly string[] {
  const [left, right] = [loadOf(code, 'left'), loadOf(code, 'right')];
  const [[, store = '', made = ''] = []] = code.matchAll(/subgroupMatrixStore<(row|col)_major>\(&(\w+), /g);
  if (left.columns !== right.rows) throw new Error(`left matrices have ${left.columns} columns, right ones ${right.rows} rows`);
  const sums = (left.rows * right.columns) / LANES;
  const place = `  let lane = emulated_thread % ${LANES}u;\n  let row = lane * ${sums}u / ${right.columns}u;\n  let column = lane * ${sums}u % ${right.columns}u;`;
  const at = (matrix: string, { halves, major }: typeof left, row: string, column: string): string =>
    `${matrix}.offset * ${halves}u + ${major === 'row' ? `${row} * ${matrix}.stride * ${halves}u + ${column}` : `${column} * ${matrix}.stride * ${halves}u + ${row}`}`;
  const half = ({ array, halves }: typeof left, index: string): string => `unpack2x16float(${array}[${index} / ${halves}u][${index} % ${halves}u / 2u])[${index} % 2u]`;
  return [
    'struct Emulated_left { offset: u32, stride: u32 }',
    'struct Emulated_right { offset: u32, stride: u32 }',
    `struct Emulated_sums { values: array<f32, ${sums}> }`,
    `fn emulated_multiply(left: Emulated_left, right: Emulated_right, before: Emulated_sums) -> Emulated_sums {
${place}
  var sums = before;
  for (var k = 0u; k < ${left.columns}u; k++) {
    let from_left = ${at('left', left, 'row', 'k')};
    let value = ${half(left, 'from_left')};
    for (var i = 0u; i < ${sums}u; i++) {
      let from_right = ${at('right', right, 'k', '(column + i)')};
      sums.values[i] += value * ${half(right, 'from_right')};
    }
  }
  return sums;
}`,
    `fn emulated_store(offset: u32, sums: Emulated_sums, stride: u32) {
${place}
  for (var i = 0u; i < ${sums}u; i++) { ${made}[${store === 'row' ? 'offset + row * stride + column + i' : 'offset + (column + i) * stride + row'}] = sums.values[i]; }
}`,
    'fn emulated_halves(values: vec4f) -> vec2u { return vec2u(pack2x16float(values.xy), pack2x16float(values.zw)); }',
  ];
}

/** The sum over the lanes, for all of them; it needs control flow that is the same for all of a workgroup. */
const add = (threads: number): string => `var<workgroup> emulated_parts: array<f32, ${threads}>;
fn emulated_add(value: f32) -> f32 {
  workgroupBarrier();
  emulated_parts[emulated_thread] = value;
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < ${LANES}u; i++) { sum += emulated_parts[emulated_thread / ${LANES}u * ${LANES}u + i]; }
  return sum;
}`;
