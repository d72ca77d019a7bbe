import { createHash } from 'node:crypto';
import { access, type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isSystemError } from '../io/system-error.js';
import { BlobWriter } from './blob-writer.js';
import { removeAbandoned, tempPath } from './temp-files.js';

const READ_BYTES = 8 << 20;

/** Stored bytes that are not those that their name promises: a failing disk, or another program's hand. */
export class CorruptBlobError extends Error {
  override readonly name = 'CorruptBlobError';
  constructor(
    readonly sha256: string,
    readonly path: string,
    found: string,
  ) {
    super(
      `${path} is corrupt: its name promises SHA-256 ${sha256}, its bytes have ${found}. ` +
        'Delete it and make or import it again.',
    );
  }
}

export interface ScratchFolder extends AsyncDisposable {
  readonly path: string;
}

/** Half-open range of bytes. */
export interface ByteRange {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/** Immutable bytes addressed by their SHA-256, one file each: `blobs/ab/cdef…` in a folder. */
export class BlobStore {
  private constructor(
    readonly folder: string,
    /** For files on their way into the store; in the same file system as the blobs. */
    readonly tempFolder: string,
  ) {}

  /**
   * Makes the folder if needed and removes what processes that died in the middle of a write left there.
   * @param tempFolder instead of `folder/tmp`: a scratch folder of this store, whose owner removes it.
   */
  static async open(folder: string, tempFolder = join(folder, 'tmp')): Promise<BlobStore> {
    await mkdir(join(folder, 'blobs'), { recursive: true });
    await mkdir(tempFolder, { recursive: true });
    await removeAbandoned(tempFolder);
    return new BlobStore(folder, tempFolder);
  }

  /** A new folder beside the files on their way; disposed, or after its process died, it is gone with all in it. */
  async scratch(): Promise<ScratchFolder> {
    const path = tempPath(this.tempFolder);
    await mkdir(path);
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
  }

  /** Stores bytes. Readers see all of them or nothing; the same bytes again change nothing. */
  async put(
    content: Uint8Array | AsyncIterable<Uint8Array>,
  ): Promise<{ readonly sha256: string; readonly bytes: number }> {
    await using writer = await this.writer();
    if (content instanceof Uint8Array) await writer.write(content);
    else for await (const chunk of content) await writer.write(chunk);
    await writer.publish();
    return await writer.finish();
  }

  /** For bytes that are stored together with others or not at all. Dispose it. */
  async writer(): Promise<BlobWriter> {
    return BlobWriter.open(tempPath(this.tempFolder), (sha256) => this.pathOf(sha256));
  }

  /** The whole blob, checked against its digest: CorruptBlobError if it does not fit. Undefined if there is none. */
  async get(sha256: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const file = await this.#openFile(sha256);
    if (file === undefined) return undefined;
    try {
      const { size } = await file.stat();
      const bytes = new Uint8Array(size);
      const hash = createHash('sha256');
      let filled = 0;
      while (filled < size) {
        const length = Math.min(READ_BYTES, size - filled);
        const { bytesRead } = await file.read(bytes, filled, length, filled);
        if (bytesRead === 0) break;
        hash.update(bytes.subarray(filled, filled + bytesRead));
        filled += bytesRead;
      }
      const found = hash.digest('hex');
      if (found !== sha256 || filled !== size) throw new CorruptBlobError(sha256, this.pathOf(sha256), found);
      return bytes;
    } finally {
      await file.close();
    }
  }

  /**
   * A stream over a range of the blob's bytes, not checked against the digest (a range cannot be).
   * The caller reads it to its end or destroys it.
   * @returns the stream and the size of the whole blob; undefined if there is none.
   * @throws RangeError if the range is not within the blob.
   */
  async open(
    sha256: string,
    range: ByteRange = {},
  ): Promise<{ readonly stream: Readable; readonly size: number } | undefined> {
    const file = await this.#openFile(sha256);
    if (file === undefined) return undefined;
    try {
      const { size } = await file.stat();
      const { start = 0, end = size } = range;
      if (
        !Number.isSafeInteger(start) ||
        !Number.isSafeInteger(end) ||
        start < 0 ||
        start > end ||
        end > size
      ) {
        throw new RangeError(`bytes ${start} to ${end} are not within a blob of ${size} bytes`);
      }
      // A read stream's `end` is inclusive, so that it has no way to say "nothing".
      const stream = file.createReadStream(start === end ? { start: size } : { start, end: end - 1 });
      return { stream, size };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async has(sha256: string): Promise<boolean> {
    try {
      await access(this.pathOf(sha256));
      return true;
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return false;
      throw error;
    }
  }

  /** Removes a blob; one that is not there is no error. */
  async delete(sha256: string): Promise<void> {
    await rm(this.pathOf(sha256), { force: true });
  }

  /** Where a blob lies. @throws RangeError for anything but a digest, so that no other path can be named. */
  pathOf(sha256: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256)) {
      throw new RangeError(`${JSON.stringify(sha256)} is not a SHA-256 digest in lower-case hexadecimal`);
    }
    return join(this.folder, 'blobs', sha256.slice(0, 2), sha256.slice(2));
  }

  async #openFile(sha256: string): Promise<FileHandle | undefined> {
    try {
      return await open(this.pathOf(sha256), 'r');
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return undefined;
      throw error;
    }
  }
}
