import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type ModelProto } from 'onnx-buf';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { syntheticTensor } from '../../runtime/synthetic.ts';
import { elements } from '../../compiler/ir/tensor.ts';
import { call } from '../support/call.ts';
import { networkOf } from '../support/gpu.ts';
import { onnxRuntime, runOnnxFile } from '../support/onnx.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const folder = scratchFolder('export');
const spec = join(folder, 'little.yaml');
const text = `netloom: 1
name: little
input: { image: 8x8x3 }
layers:
  conv: { op: conv, filters: 4, kernel: 3, activation: relu }
  fc: { op: dense, units: 10_000, expect: 10_000 }
`;
writeFileSync(spec, text);

const read = (path: string): ModelProto => fromBinary(ModelProtoSchema, readFileSync(path));
/** A tensor's values as the file has them. */
function valuesIn(model: ModelProto, name: string): Float32Array {
  const { rawData = new Uint8Array() } = model.graph?.initializer.find((tensor) => tensor.name === name) ?? {};
  return new Float32Array(Uint8Array.from(rawData).buffer);
}

/** A safetensors file of one kind of number. */
function safetensors(path: string, tensors: Readonly<Record<string, readonly number[]>>, value: number): string {
  let offset = 0;
  const header = JSON.stringify(
    Object.fromEntries(
      Object.entries(tensors).map(([name, shape]) => [name, { dtype: 'F32', shape, data_offsets: [offset, (offset += 4 * elements(shape))] }]),
    ),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(path, Buffer.concat([length, Buffer.from(header), Buffer.from(new Float32Array(offset / 4).fill(value).buffer)]));
  return path;
}

describe('netloom export onnx', () => {
  test('writes the spec and its weights', async () => {
    const path = join(folder, 'new', 'model.onnx');
    const { code, out, err } = await call('export', 'onnx', spec, '--weights', 'synthetic:7', '-o', path);
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(`${path} (5.5 MiB): 4 nodes; image [N,3,8,8] to fc [N,10000]\n`);
    expect(readdirSync(join(folder, 'new'))).toEqual(['model.onnx']);
    const model = read(path);
    // 1.4 million values: more than pass through memory at a time.
    const expected = Buffer.from(syntheticTensor('fc.weight', 10_000 * 144, 7, Math.sqrt(6 / 144)).buffer);
    expect(expected.equals(Buffer.from(valuesIn(model, 'fc.weight').buffer))).toBe(true);
    expect(valuesIn(model, 'conv.bias')).toEqual(syntheticTensor('conv.bias', 4, 7, 0.05));
  });

  test('or the weights beside it', async () => {
    const path = join(folder, 'apart.onnx');
    const { code, out } = await call('export', 'onnx', spec, '--weights', 'synthetic:7', '--external-data', '-o', path);
    expect([code, out]).toEqual([0, `${path} (793 B) and ${path}.data (5.5 MiB): 4 nodes; image [N,3,8,8] to fc [N,10000]\n`]);
    const { location, offset, length } = Object.fromEntries(
      read(path).graph?.initializer.find(({ name }) => name === 'fc.bias')?.externalData.map(({ key, value }) => [key, value]) ?? [],
    ) as Record<string, string>;
    expect(location).toBe('apart.onnx.data');
    const data = readFileSync(`${path}.data`).subarray(Number(offset), Number(offset) + Number(length));
    expect(new Float32Array(Uint8Array.from(data).buffer)).toEqual(syntheticTensor('fc.bias', 10_000, 7, 0.05));
  });

  test.skipIf(onnxRuntime === undefined)('ONNX Runtime takes both', async () => {
    const graph = networkOf(text);
    const image = syntheticTensor('image', 2 * 192, 7, 1);
    const results = await Promise.all([join(folder, 'new', 'model.onnx'), join(folder, 'apart.onnx')].map((path) => runOnnxFile(path, graph, image)));
    expect(results[0]?.get('fc')).toHaveLength(20_000);
    expect(results[0]).toEqual(results[1]);
  });

  test('--set is heard, and the name is the model\'s where none is given', async () => {
    const narrow = join(folder, 'narrow.yaml');
    writeFileSync(narrow, 'netloom: 1\nname: narrow\nparams: { width: 8 }\ninput: { image: 4x4x3 }\nlayers:\n  c: { op: conv, filters: = width, kernel: 1, expect: 4x4x? }\n');
    const home = process.cwd();
    process.chdir(folder);
    const { code, out } = await call('export', 'onnx', narrow, '--weights', 'synthetic:1', '--set', 'width=2').finally(() => { process.chdir(home); });
    expect([code, out]).toEqual([0, 'narrow.onnx (298 B): 1 node; image [N,3,4,4] to c [N,2,4,4]\n']);
    expect(read(join(folder, 'narrow.onnx')).graph?.initializer.map(({ dims }) => dims.join())).toEqual(['2,3,1,1', '2']);
  });
});

describe('what is wrong', () => {
  const tensors = { 'conv.weight': [4, 3, 3, 3], 'conv.bias': [4], 'fc.weight': [10_000, 144], 'fc.bias': [10_000] };

  test.each([
    [['tflite', spec, '--weights', 'synthetic:1'], 2, "netloom export writes onnx; not 'tflite'"],
    [['onnx', '--weights', 'synthetic:1'], 2, 'netloom export needs onnx FILE'],
    [['onnx', spec], 2, 'netloom export needs --weights FILE'],
    [['onnx', spec, spec, '--weights', 'synthetic:1'], 2, `netloom export takes onnx FILE; '${spec}' is left over`],
    [['onnx', spec, '--weights', join(folder, 'none.safetensors')], 1, 'there is no such file'],
    [['onnx', join(folder, 'none.yaml'), '--weights', 'synthetic:1'], 1, 'none.yaml'],
  ])('%j', async (args, expected, message) => {
    const { code, out, err } = await call('export', ...args, '-o', join(folder, 'wrong.onnx'));
    expect([code, out]).toEqual([expected, '']);
    expect(err).toContain(message);
    expect(existsSync(join(folder, 'wrong.onnx'))).toBe(false);
  });

  test('weights of another network', async () => {
    const { code, err } = await call('export', 'onnx', spec, '--weights', safetensors(join(folder, 'other.safetensors'), { ...tensors, 'conv.bias': [5] }, 1));
    expect(code).toBe(1);
    expect(err).toContain('conv.bias is [5] in the file, the plan needs [4]');
  });

  test('a weight that is no number leaves what was there', async () => {
    const here = join(folder, 'kept');
    const path = join(here, 'model.onnx');
    mkdirSync(here);
    writeFileSync(path, 'before');
    const { code, err } = await call('export', 'onnx', spec, '--weights', safetensors(join(folder, 'nan.safetensors'), tensors, NaN), '-o', path);
    expect(code).toBe(1);
    expect(err).toContain('conv.weight[0,0,0,0] in');
    expect(readdirSync(here)).toEqual(['model.onnx']);
    expect(readFileSync(path, 'utf8')).toBe('before');
  });

  test('a place where nothing can be written', async () => {
    const { code, err } = await call('export', 'onnx', spec, '--weights', 'synthetic:1', '-o', join(spec, 'model.onnx'));
    expect([code, err]).toEqual([1, `error: ${join(spec, 'model.onnx')} lies in something that is no folder\n`]);
    const onFolder = await call('export', 'onnx', spec, '--weights', 'synthetic:1', '-o', folder);
    expect([onFolder.code, onFolder.err]).toEqual([1, `error: ${folder} is a folder\n`]);
  });
});
