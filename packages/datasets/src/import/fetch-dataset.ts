import { createHash } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError } from '../dataset-error.js';
import { ByteBudget } from '../io/byte-budget.js';
import { ByteReader } from '../io/byte-reader.js';
import { messageOf } from '../io/system-error.js';
import type { AddedDataset, DatasetStore } from '../store/dataset-store.js';
import { tempPath } from '../store/temp-files.js';
import { importDataset } from './import-dataset.js';
import { ORIGINALS, type Original, type OriginalFile } from './originals.js';
import { extractTar } from './tar.js';

/** No original is nearly as large. */
const MAX_FILE_BYTES = 2 ** 28;
const MAX_UNPACKED_BYTES = 2 ** 30;
const STALL_MS = 60_000;

export interface FetchOptions {
  /** A mirror to take the files from, instead of the addresses known. */
  readonly baseUrl?: string | undefined;
  /** Called with bytes done and in all; first for the download, then for the import. */
  readonly onProgress?: ((done: number, total: number, phase: 'download' | 'import') => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Names that `fetchDataset` knows. */
export const FETCHABLE: readonly string[] = ORIGINALS.map((original) => original.name);

/**
 * Downloads the original files of a well-known data set, checks their digests and imports them under its name.
 * Nothing stays behind if any of it fails.
 * @throws DatasetError `not-found` for other names, `download-failed`, `wrong-digest`, or as `importDataset`.
 */
export async function fetchDataset(
  store: DatasetStore,
  name: string,
  options: FetchOptions = {},
): Promise<AddedDataset> {
  const original = ORIGINALS.find((each) => each.name === name);
  if (original !== undefined) return fetchOriginal(store, original, options);
  throw new DatasetError(
    'not-found',
    `${JSON.stringify(name)} cannot be fetched; ${FETCHABLE.join(', ')} can`,
  );
}

/** As `fetchDataset`, for any description of a data set. */
export async function fetchOriginal(
  store: DatasetStore,
  original: Original,
  { baseUrl, onProgress, signal }: FetchOptions,
): Promise<AddedDataset> {
  const folder = tempPath(store.blobs.tempFolder);
  await mkdir(folder);
  try {
    const total = original.files.reduce((sum, file) => sum + file.bytes, 0);
    let done = 0;
    for (const file of original.files) {
      await downloadFromAny(
        baseUrl === undefined ? original.baseUrls : [baseUrl],
        file,
        folder,
        signal,
        (bytes) => {
          onProgress?.(Math.min(total, done + bytes), total, 'download');
        },
      );
      done += file.bytes;
    }
    const { members, name, source } = original;
    if (members !== undefined) {
      for (const file of original.files) await unpack(join(folder, file.name), members, folder, signal);
    }
    return await importDataset(store, {
      name,
      source,
      from: [folder],
      signal,
      onProgress: (bytes, all) => onProgress?.(bytes, all, 'import'),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function unpack(
  path: string,
  members: readonly string[],
  folder: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using reader = ByteReader.ofFile(path, { budget: new ByteBudget(MAX_UNPACKED_BYTES), signal });
  await extractTar(reader, members, folder);
  await rm(path);
}

async function downloadFromAny(
  baseUrls: readonly string[],
  file: OriginalFile,
  folder: string,
  signal: AbortSignal | undefined,
  onBytes: (done: number) => void,
): Promise<void> {
  const faults: DatasetError[] = [];
  for (const base of baseUrls) {
    const url = `${base.replace(/\/?$/, '/')}${file.name}`;
    try {
      return await download(url, file, join(folder, file.name), signal, onBytes);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof DatasetError)) throw error;
      faults.push(error);
    }
  }
  const wrong = faults.find((fault) => fault.code === 'wrong-digest');
  throw new DatasetError(wrong?.code ?? 'download-failed', faults.map((fault) => fault.detail).join('; '), {
    cause: faults[0],
  });
}

async function download(
  url: string,
  { md5 }: OriginalFile,
  path: string,
  signal: AbortSignal | undefined,
  onBytes: (done: number) => void,
): Promise<void> {
  const hash = createHash('md5');
  const file = await open(path, 'w');
  try {
    let done = 0;
    for await (const chunk of httpBytes(url, signal)) {
      hash.update(chunk);
      await file.writeFile(chunk);
      done += chunk.byteLength;
      if (done > MAX_FILE_BYTES)
        throw new DatasetError('too-large', `${url} is larger than ${MAX_FILE_BYTES} bytes`);
      onBytes(done);
    }
  } finally {
    await file.close();
  }
  const found = hash.digest('hex');
  if (found !== md5) {
    throw new DatasetError('wrong-digest', `${url} is not the original: its MD5 is ${found}, not ${md5}`);
  }
}

/** The body of a GET. A transfer that says nothing for a minute is given up. */
async function* httpBytes(url: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const stall = new AbortController();
  const timer = setTimeout(() => stall.abort(new Error(`nothing came for ${STALL_MS / 1000} s`)), STALL_MS);
  try {
    const response = await fetch(url, {
      signal: signal === undefined ? stall.signal : AbortSignal.any([signal, stall.signal]),
      // Packed files must arrive as they are.
      headers: { 'accept-encoding': 'identity' },
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new DatasetError('download-failed', `${url} answered ${response.status}`);
    }
    for await (const chunk of response.body) {
      timer.refresh();
      yield chunk;
    }
  } catch (error) {
    if (error instanceof DatasetError || signal?.aborted === true) throw error;
    const cause = error instanceof Error && error.cause !== undefined ? ` (${messageOf(error.cause)})` : '';
    throw new DatasetError('download-failed', `${url} could not be read: ${messageOf(error)}${cause}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}
