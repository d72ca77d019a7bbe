import { createHash } from 'node:crypto';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { isSystemError } from '../io/system-error.js';
import { moveDurably } from './temp-files.js';

const BUFFER_BYTES = 1 << 20;

/**
 * Bytes on their way into a store: written to a temporary file, which `publish` moves to the place that their
 * digest names. Disposed without having been published, it leaves nothing behind.
 */
export class BlobWriter implements AsyncDisposable {
  readonly #hash = createHash('sha256');
  readonly #file: FileHandle;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #buffered = 0;
  #bytes = 0;
  #sha256: string | undefined;
  #isOpen = true;

  private constructor(
    readonly tempPath: string,
    private readonly placeOf: (sha256: string) => string,
    file: FileHandle,
  ) {
    this.#file = file;
  }

  /** @param placeOf the path of a blob, by its digest; in the same file system as `tempPath`. */
  static async open(tempPath: string, placeOf: (sha256: string) => string): Promise<BlobWriter> {
    return new BlobWriter(tempPath, placeOf, await open(tempPath, 'wx'));
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Appends a copy of the chunk. Small writes are gathered into large ones. */
  async write(chunk: Uint8Array): Promise<void> {
    if (!this.#isOpen || this.#sha256 !== undefined) throw new RangeError('the blob is already finished');
    this.#bytes += chunk.byteLength;
    if (chunk.byteLength > BUFFER_BYTES - this.#buffered) await this.#flush();
    if (chunk.byteLength >= BUFFER_BYTES) return this.#append(chunk);
    this.#buffer.set(chunk, this.#buffered);
    this.#buffered += chunk.byteLength;
  }

  /** Makes the bytes durable and answers their digest. May be called again. */
  async finish(): Promise<{ readonly sha256: string; readonly bytes: number }> {
    if (this.#sha256 === undefined) {
      await this.#flush();
      await this.#file.sync();
      await this.#close();
      this.#sha256 = this.#hash.digest('hex');
    }
    return { sha256: this.#sha256, bytes: this.#bytes };
  }

  /** Moves the finished bytes to their place. @returns whether the store did not have them before. */
  async publish(): Promise<boolean> {
    const { sha256, bytes } = await this.finish();
    const place = this.placeOf(sha256);
    if ((await sizeOf(place)) === bytes) {
      await rm(this.tempPath, { force: true });
      return false;
    }
    await moveDurably(this.tempPath, place);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await rm(this.tempPath, { force: true });
  }

  async #flush(): Promise<void> {
    if (this.#buffered === 0) return;
    await this.#append(this.#buffer.subarray(0, this.#buffered));
    this.#buffered = 0;
  }

  async #append(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    await this.#file.writeFile(chunk);
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#file.close();
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
