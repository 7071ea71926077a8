// Writes an ONNX model and the weights in it, which pass through a small buffer from their file to this one.

import { mkdirSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readFinite, type Weights } from '../../runtime/weights.ts';
import { bytesOf, layOut, type Piece } from '../emit/onnx-file.ts';
import type { OnnxModel } from '../emit/onnx.ts';

/** Elements of a weight that are in memory at a time. */
const part = 1 << 20;

export interface Written {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Writes `exported` to `path`, and beside it `<path>.data` where a model cannot hold its weights or `external` is asked for.
 * Whatever stood there is replaced only when all is written.
 * @param onProgress the share that is done
 * @returns the files written
 */
export async function writeOnnx(
  path: string, exported: OnnxModel, weights: Weights, external: boolean, onProgress: (share: number) => void,
): Promise<readonly Written[]> {
  const dataPath = `${path}.data`;
  const { model, data } = layOut(exported, basename(dataPath), external);
  const files = [...(data === undefined ? [] : [{ path: dataPath, pieces: data }]), { path, pieces: model }];
  mkdirSync(dirname(path), { recursive: true });
  const total = files.reduce((sum, { pieces }) => sum + bytesOf(pieces), 0);
  let done = 0;
  const advance = (bytes: number): void => {
    done += bytes;
    onProgress(done / total);
  };
  const unfinished = files.map((file) => ({ ...file, under: join(dirname(file.path), `.${basename(file.path)}.unfinished`) }));
  try {
    for (const { under, pieces } of unfinished) await writePieces(under, pieces, weights, advance);
    for (const file of unfinished) await rename(file.under, file.path);
  } catch (error) {
    await Promise.all(unfinished.map(({ under }) => rm(under, { force: true })));
    throw error;
  }
  return files.map(({ path, pieces }) => ({ path, bytes: bytesOf(pieces) })).reverse();
}

async function writePieces(path: string, pieces: readonly Piece[], weights: Weights, advance: (bytes: number) => void): Promise<void> {
  const file = await open(path, 'w');
  try {
    const buffer = new Float32Array(part);
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) {
        // Not `write`, which may write less than it is given.
        await file.writeFile(piece);
        advance(piece.length);
        continue;
      }
      for (let first = 0; first < piece.elements; first += part) {
        const values = buffer.subarray(0, Math.min(part, piece.elements - first));
        await readFinite(weights, piece.weight, first, values);
        await file.writeFile(new Uint8Array(values.buffer, 0, values.byteLength));
        advance(values.byteLength);
      }
    }
  } finally {
    await file.close();
  }
}
