import { type FileHandle, open, rm } from 'node:fs/promises';
import { DatasetError } from '../dataset-error.js';
import {
  bytesOf,
  type Labels,
  MAX_ROWS,
  type RowChunk,
  type RowSource,
  rowBytesOf,
} from '../readers/row-source.js';
import { tempPath } from '../store/temp-files.js';

/** Reads rows whose number is not known before their end into a temporary file, so that they can be split. */
export async function spool(source: RowSource, tempFolder: string): Promise<RowSource> {
  const path = tempPath(tempFolder);
  const file = await open(path, 'wx+');
  const dispose = async (): Promise<void> => {
    await file.close();
    await rm(path, { force: true });
    await source[Symbol.asyncDispose]();
  };
  try {
    const parts: Part[] = [];
    let rows = 0;
    for await (const { values, labels, rows: more } of source.chunks()) {
      await file.writeFile(bytesOf(values));
      parts.push({ rows: more, labels: labels?.slice() });
      rows += more;
      if (rows > MAX_ROWS)
        throw new DatasetError('too-large', `${source.name} has more than ${MAX_ROWS} rows`);
    }
    return { ...source, rows, chunks: () => readBack(file, source, parts), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

interface Part {
  readonly rows: number;
  readonly labels: Labels | undefined;
}

async function* readBack(file: FileHandle, source: RowSource, parts: Part[]): AsyncGenerator<RowChunk> {
  const rowBytes = rowBytesOf(source);
  let position = 0;
  for (const { rows, labels } of parts) {
    const bytes = new Uint8Array(rows * rowBytes);
    const { bytesRead } = await file.read(bytes, 0, bytes.byteLength, position);
    if (bytesRead !== bytes.byteLength) throw new Error(`a temporary file of ${source.name} lost its end`);
    position += bytesRead;
    const values = source.dtype === 'u1' ? bytes : new Float32Array(bytes.buffer);
    yield { rows, values, ...(labels === undefined ? {} : { labels }) };
  }
}
