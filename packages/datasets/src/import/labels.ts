import { DatasetError } from '../dataset-error.js';
import type { Labels, RowChunk, RowSource } from '../readers/row-source.js';

const MAX_CLASSES = 256;
const SMALL_NUMBER = /^(?:0|[1-9]\d{0,2})$/;

/** Labels as a data set keeps them: one byte a row. */
export interface CollectedLabels {
  readonly classes: number;
  /** What the bytes that `LabelCodes.encode` gave become. */
  readonly codes: Uint8Array;
}

/**
 * Turns labels into bytes. Numbers 0…255 stay what they are; any other labels become the positions of their
 * sorted names, which is only known once all have been seen.
 */
export class LabelCodes {
  readonly #provisional = new Map<string, number>();

  /** Provisional bytes, one a label. @throws DatasetError `bad-label` beyond 256 classes. */
  encode(labels: Labels): Uint8Array {
    const entries: ArrayLike<string | number> = labels;
    return Uint8Array.from({ length: entries.length }, (_, i) => this.#encodeOne(String(entries[i])));
  }

  finish(): CollectedLabels {
    const names = [...this.#provisional.keys()];
    const areNumbers = names.every((name) => SMALL_NUMBER.test(name) && Number(name) < MAX_CLASSES);
    const order = [...names].sort();
    const codes = new Uint8Array(MAX_CLASSES);
    for (const [name, code] of this.#provisional)
      codes[code] = areNumbers ? Number(name) : order.indexOf(name);
    return { codes, classes: areNumbers ? Math.max(0, ...names.map(Number)) + 1 : names.length };
  }

  #encodeOne(name: string): number {
    const known = this.#provisional.get(name);
    if (known !== undefined) return known;
    const code = this.#provisional.size;
    if (code === MAX_CLASSES) {
      throw new DatasetError(
        'bad-label',
        `more than ${MAX_CLASSES} different labels, ${JSON.stringify(name)} among them`,
      );
    }
    this.#provisional.set(name, code);
    return code;
  }
}

/** Labels from a file of their own, handed out row by row to the sources that lack them. */
export class LabelQueue {
  #taken = 0;

  constructor(
    private readonly labels: Labels,
    private readonly name: string,
  ) {}

  take(rows: number): Labels {
    const start = this.#taken;
    this.#taken += rows;
    if (this.#taken > this.labels.length) {
      throw new DatasetError(
        'mis-shaped',
        `${this.name} has ${this.labels.length} labels, fewer than there are rows`,
      );
    }
    return this.labels.slice(start, this.#taken);
  }

  expectEnd(): void {
    if (this.#taken === this.labels.length) return;
    throw new DatasetError(
      'mis-shaped',
      `${this.name} has ${this.labels.length} labels for ${this.#taken} rows`,
    );
  }
}

/** The source with labels from a queue; the caller still checks the queue's end. */
export function withLabels(source: RowSource, queue: LabelQueue): RowSource {
  async function* chunks(): AsyncGenerator<RowChunk> {
    for await (const chunk of source.chunks()) yield { ...chunk, labels: queue.take(chunk.rows) };
  }
  return { ...source, isLabelled: true, chunks, [Symbol.asyncDispose]: () => source[Symbol.asyncDispose]() };
}
