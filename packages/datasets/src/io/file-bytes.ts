import { open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DatasetError } from '../dataset-error.js';
import { isSystemError, messageOf } from './system-error.js';

const CHUNK_BYTES = 256 * 1024;

export interface FileBytesOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes read from the file, packed as they are. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** The size of a regular file. @throws DatasetError for what is missing or no file. */
export async function fileSize(path: string): Promise<number> {
  try {
    const info = await stat(path);
    if (!info.isFile()) throw new DatasetError('not-a-file', `${path} is not a file`);
    return info.size;
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR'))
      throw new DatasetError('not-found', `there is no file ${path}`);
    if (isSystemError(error, 'EACCES'))
      throw new DatasetError('not-found', `${path} may not be read by this user`);
    throw error;
  }
}

/** Whether a file is gzip data, by its first two bytes. */
export async function isGzip(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    return hasGzipMagic((await file.read(new Uint8Array(2), 0, 2, 0)).buffer);
  } finally {
    await file.close();
  }
}

/** A file's bytes in chunks, inflated if it is gzip (told by its first two bytes). Ending the iteration closes it. */
export async function* fileBytes(path: string, options: FileBytesOptions = {}): AsyncGenerator<Uint8Array> {
  await fileSize(path);
  const chunks = rawBytes(path, options);
  try {
    const first = await chunks.next();
    if (first.done === true) return;
    const all = prepend(first.value, chunks);
    yield* hasGzipMagic(first.value) ? gunzip(all, path) : all;
  } finally {
    await chunks.return(undefined);
  }
}

function hasGzipMagic(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

async function* rawBytes(path: string, { signal, onBytes }: FileBytesOptions): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  try {
    while (true) {
      signal?.throwIfAborted();
      const { bytesRead, buffer } = await file.read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES);
      if (bytesRead === 0) return;
      onBytes?.(bytesRead);
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function* prepend(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

/** Inflates only as fast as the reader asks, so that a reader that stops also stops a decompression bomb. */
async function* gunzip(packed: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  let fed = 0;
  const source = Readable.from(
    (async function* counted() {
      for await (const chunk of packed) {
        fed += chunk.byteLength;
        yield chunk;
      }
    })(),
    { highWaterMark: 1 },
  );
  const inflate = createGunzip({ chunkSize: CHUNK_BYTES });
  source.on('error', (error) => inflate.destroy(error));
  source.pipe(inflate);
  try {
    for await (const chunk of inflate) {
      if (chunk instanceof Uint8Array) yield chunk;
    }
    // Node ignores zeros after the last member; what is not part of the data is refused here as everywhere.
    if (inflate.bytesWritten !== fed) {
      throw new DatasetError('trailing-bytes', `${name} goes on after the end of its gzip data`);
    }
  } catch (error) {
    if (isSystemError(error, 'Z_BUF_ERROR')) {
      throw new DatasetError('truncated', `${name} ends in the middle of its gzip data; fetch it again`, {
        cause: error,
      });
    }
    if (isSystemError(error, 'Z_DATA_ERROR', 'Z_STREAM_ERROR', 'Z_NEED_DICT')) {
      throw new DatasetError(
        'corrupt',
        `${name} is damaged gzip data (${messageOf(error)}); fetch it again`,
        {
          cause: error,
        },
      );
    }
    throw error;
  } finally {
    source.destroy();
    inflate.destroy();
  }
}
