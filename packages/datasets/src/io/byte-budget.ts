import { DatasetError } from '../dataset-error.js';

/** How many bytes an import may inflate to, all its files together. */
export const DEFAULT_MAX_BYTES = 8 * 2 ** 30;

/** Counts the bytes read, inflated, so that no file can fill memory or disk. */
export class ByteBudget {
  #left: number;

  constructor(readonly limit: number = DEFAULT_MAX_BYTES) {
    this.#left = limit;
  }

  /** Counts bytes that were read. @throws DatasetError `too-large` beyond the limit. */
  take(bytes: number, name: string): void {
    this.#left -= bytes;
    if (this.#left < 0) this.#refuse(name);
  }

  /** Refuses early what a header says will not fit. */
  expect(bytes: number, name: string): void {
    if (!(bytes <= this.#left)) this.#refuse(name);
  }

  #refuse(name: string): never {
    throw new DatasetError(
      'too-large',
      `${name}: the data is larger than ${this.limit} bytes once unpacked; allow more if it is meant to be`,
    );
  }
}
