import { DatasetError } from '../dataset-error.js';
import type { ByteBudget } from './byte-budget.js';
import { fileBytes } from './file-bytes.js';

/** What every reader of one import shares. */
export interface ReadContext {
  readonly budget: ByteBudget;
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes read from files, packed as they are. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** Reads a stream of bytes by exact amounts, never further ahead than a chunk. Dispose it. */
export class ByteReader implements AsyncDisposable {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array();
  #read = 0;

  /** @param name what errors call the stream: its file, or a member of it. */
  constructor(
    chunks: AsyncIterable<Uint8Array>,
    readonly name: string,
    readonly context: ReadContext,
  ) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Reads a file, gzip or not. */
  static ofFile(path: string, context: ReadContext): ByteReader {
    return new ByteReader(fileBytes(path, context), path, context);
  }

  /** Exactly `bytes` bytes; a copy. @throws DatasetError `truncated` if there are fewer. */
  async read(bytes: number): Promise<Uint8Array> {
    const target = new Uint8Array(bytes);
    await this.fill(target);
    return target;
  }

  /** Fills the target. @throws DatasetError `truncated` if the stream ends before. */
  async fill(target: Uint8Array): Promise<void> {
    const filled = await this.fillUpTo(target);
    if (filled < target.byteLength) {
      throw new DatasetError(
        'truncated',
        `${this.name} ends after ${this.#read} bytes, at least ${target.byteLength - filled} too early`,
      );
    }
  }

  /** Fills the target as far as the stream goes. @returns how many bytes it got. */
  async fillUpTo(target: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < target.byteLength && (await this.#pull())) {
      const length = Math.min(this.#chunk.byteLength, target.byteLength - filled);
      target.set(this.#chunk.subarray(0, length), filled);
      this.#chunk = this.#chunk.subarray(length);
      filled += length;
      this.#read += length;
    }
    return filled;
  }

  /** @throws DatasetError `trailing-bytes` if the stream goes on. */
  async expectEnd(): Promise<void> {
    if (await this.#pull()) {
      throw new DatasetError(
        'trailing-bytes',
        `${this.name} goes on after the ${this.#read} bytes that it should have; it is not what its header says`,
      );
    }
  }

  /** What is left of the stream. */
  async *rest(): AsyncGenerator<Uint8Array> {
    while (await this.#pull()) {
      const chunk = this.#chunk;
      this.#chunk = new Uint8Array();
      this.#read += chunk.byteLength;
      yield chunk;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks.return?.();
  }

  /** Makes sure that there are unread bytes, if the stream has more. */
  async #pull(): Promise<boolean> {
    while (this.#chunk.byteLength === 0) {
      this.context.signal?.throwIfAborted();
      const { done, value } = await this.#chunks.next();
      if (done === true) return false;
      this.context.budget.take(value.byteLength, this.name);
      this.#chunk = value;
    }
    return true;
  }
}
