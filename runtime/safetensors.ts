// Reads `.safetensors`: 8 bytes that say how long the header is, a JSON header that says where each tensor lies, the data.
// The header of a file from anywhere is not to be trusted: every promise it makes is checked before a tensor is read. Data is
// read piece by piece to wherever the caller wants it; the file never lies in memory as a whole.

import { open, type FileHandle } from 'node:fs/promises';
import { InputError, messageOf } from './errors.ts';
import { fromHalves } from './half.ts';

/** A tensor of the file. */
export interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Where its data begins, in bytes from the start of the file. */
  readonly offset: number;
}

/** An open file. */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Fills `into` with the tensor's values from element `first` on, as f32. */
  read(name: string, first: number, into: Float32Array): Promise<void>;
  close(): Promise<void>;
}

/** Bytes per element of the format's types; those that netloom reads are in `READABLE`. */
const TYPE_BYTES: Readonly<Record<string, number>> = {
  BOOL: 1, U8: 1, I8: 1, F8_E5M2: 1, F8_E4M3: 1, I16: 2, U16: 2, F16: 2, BF16: 2, I32: 4, U32: 4, F32: 4, F64: 8, I64: 8, U64: 8,
};
const READABLE: readonly string[] = ['F32', 'F16', 'BF16'];

/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;

/** 16-bit values are read through a buffer of this many elements. */
const PIECE_ELEMENTS = 1 << 18;

/** Opens and checks `path`; an InputError says what is wrong with it. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await open(path, 'r').catch((fault: unknown) => {
    throw new InputError(`cannot open the weights ${path}: ${reasonOf(fault)}`);
  });
  try {
    const tensors = await readHeader(file, path);
    return { tensors, read: (name, first, into) => readTensor(file, path, tensors, name, first, into), close: () => file.close() };
  } catch (fault) {
    await file.close();
    throw fault instanceof InputError ? fault : new InputError(`cannot read ${path}: ${reasonOf(fault)}`);
  }
}

async function readHeader(file: FileHandle, path: string): Promise<Map<string, StoredTensor>> {
  const wrong = (what: string): never => {
    throw new InputError(`${path} is not a sound safetensors file: ${what}`);
  };
  const { size } = await file.stat();
  if (size < 8) wrong(`it has ${size} bytes, and the first 8 are to say how long its header is`);
  const lengthBytes = Buffer.alloc(8);
  await file.read(lengthBytes, 0, 8, 0);
  const headerBytes = Number(lengthBytes.readBigUInt64LE());
  if (headerBytes > MAX_HEADER_BYTES) {
    wrong(`its first 8 bytes promise a header of ${headerBytes} bytes, and ${MAX_HEADER_BYTES} is the format's limit`);
  }
  if (headerBytes > size - 8) wrong(`its header should have ${headerBytes} bytes, and ${size - 8} follow: it was cut short`);
  const bytes = Buffer.alloc(headerBytes);
  await file.read(bytes, 0, headerBytes, 8);

  let text = '';
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (fault) {
    wrong(`its header is not JSON (${messageOf(fault)})`);
  }
  if (!isRecord(header)) return wrong('its header is not a JSON object');
  const twice = repeatedKey(text);
  if (twice !== undefined) wrong(`its header names ${twice} twice`);

  const dataStart = 8 + headerBytes;
  const tensors = new Map<string, StoredTensor>();
  const ranges: { name: string; begin: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, begin, end } = readEntry(name, entry, wrong);
    if (end > size - dataStart) {
      wrong(`${name} ends at byte ${end} of the data, and there are ${size - dataStart}: it was cut short`);
    }
    tensors.set(name, { dtype, shape, offset: dataStart + begin });
    ranges.push({ name, begin, end });
  }
  ranges.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  let last = 'the header';
  for (const { name, begin, end } of ranges) {
    if (begin < covered) wrong(`${last} and ${name} share the bytes ${begin} to ${Math.min(covered, end)} of the data`);
    if (begin > covered) wrong(`the bytes ${covered} to ${begin} of the data, after ${last}, belong to no tensor`);
    covered = end;
    last = name;
  }
  if (covered < size - dataStart) wrong(`${size - dataStart - covered} bytes at its end belong to no tensor`);
  return tensors;
}

function readEntry(name: string, entry: unknown, wrong: (what: string) => never) {
  if (!isRecord(entry)) return wrong(`${name} is described by ${JSON.stringify(entry)}`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string') return wrong(`${name} has no dtype`);
  if (!isCounts(shape)) return wrong(`${name} has the shape ${JSON.stringify(shape)}`);
  if (!isCounts(offsets) || offsets.length !== 2) return wrong(`${name} has the data_offsets ${JSON.stringify(offsets)}`);
  const [begin = 0, end = 0] = offsets;
  if (begin > end) return wrong(`${name} begins at byte ${begin} of the data and ends at ${end}`);
  const typeBytes = TYPE_BYTES[dtype];
  const bytes = shape.reduce((product, extent) => product * extent, typeBytes ?? 0);
  if (typeBytes !== undefined && bytes !== end - begin) {
    return wrong(`${name} is ${dtype}[${shape.join(',')}], which takes ${bytes} bytes, and has ${end - begin}`);
  }
  return { dtype, shape, begin, end };
}

async function readTensor(
  file: FileHandle, path: string, tensors: ReadonlyMap<string, StoredTensor>, name: string, first: number, into: Float32Array,
): Promise<void> {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new InputError(`${path} holds no tensor ${name}`);
  if (!READABLE.includes(tensor.dtype)) {
    throw new InputError(`${name} in ${path} is ${tensor.dtype}; weights are read as ${READABLE.join(', ')}: convert it`);
  }
  if (tensor.dtype === 'F32') {
    await readFully(file, path, new Uint8Array(into.buffer, into.byteOffset, into.byteLength), tensor.offset + 4 * first);
    return;
  }
  const half = new Uint16Array(Math.min(PIECE_ELEMENTS, into.length));
  for (let done = 0; done < into.length; done += half.length) {
    const piece = half.subarray(0, into.length - done);
    const bytes = new Uint8Array(piece.buffer, 0, piece.byteLength);
    await readFully(file, path, bytes, tensor.offset + 2 * (first + done));
    const target = into.subarray(done, done + piece.length);
    if (tensor.dtype === 'F16') fromHalves(piece, target);
    else widenBf16(piece, target);
  }
}

async function readFully(file: FileHandle, path: string, into: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) throw new InputError(`${path} ends at byte ${position + done}, while it is being read: did it change?`);
    done += bytesRead;
  }
}

/** bf16 is the upper half of an f32. */
function widenBf16(from: Uint16Array, into: Float32Array): void {
  const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
  for (let i = 0; i < from.length; i++) bits[i] = (from[i] ?? 0) << 16;
}

/** `JSON.parse` keeps the last of two equal keys silently. Returns a key that the outermost object of valid JSON has twice. */
function repeatedKey(text: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (depth === 1 && /^\s*:/.test(text.slice(index + token.length, index + token.length + 64))) {
      const key = String(JSON.parse(token));
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((extent) => Number.isSafeInteger(extent) && Number(extent) >= 0);
}

function reasonOf(fault: unknown): string {
  const code = fault instanceof Error && 'code' in fault ? fault.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'it may not be read';
  return code === 'EISDIR' ? 'it is a folder' : messageOf(fault);
}
