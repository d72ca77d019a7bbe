import { Buffer } from 'node:buffer';
import type { Dataset } from '@levy/contracts';
import { bytesOf, type RowChunk } from '../readers/row-source.js';
import type { BlobWriter } from '../store/blob-writer.js';
import type { SplitContent } from '../store/dataset-parts.js';
import type { CollectedLabels, LabelCodes } from './labels.js';

/** Takes the rows of one split. The caller disposes the writer. */
export class SplitSink {
  readonly #labels: Uint8Array[] = [];
  readonly #softLabels: Float64Array[] = [];
  #rows = 0;

  constructor(
    private readonly writer: BlobWriter,
    private readonly columns: number,
    private readonly codes: LabelCodes,
  ) {}

  /** Appends the rows start … end−1 of the chunk. */
  async write(chunk: RowChunk, start = 0, end = chunk.rows): Promise<void> {
    await this.writer.write(bytesOf(chunk.values.subarray(start * this.columns, end * this.columns)));
    this.#rows += end - start;
    if (chunk.labels !== undefined) this.#labels.push(this.codes.encode(chunk.labels.slice(start, end)));
    if (chunk.softLabels === undefined) return;
    const classes = chunk.softLabels.length / chunk.rows;
    this.#softLabels.push(chunk.softLabels.subarray(start * classes, end * classes));
  }

  /** The rows written, which are then complete. */
  async describe(): Promise<Dataset['splits']['train']> {
    const { sha256, bytes } = await this.writer.finish();
    return { rows: this.#rows, bytes, sha256 };
  }

  content(labels: CollectedLabels | undefined): SplitContent {
    return {
      rows: this.writer,
      ...(labels === undefined
        ? {}
        : { labels: Buffer.concat(this.#labels).map((code) => labels.codes[code] ?? 0) }),
      ...(this.#softLabels.length === 0 ? {} : { softLabels: joined(this.#softLabels) }),
    };
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let filled = 0;
  for (const part of parts) {
    whole.set(part, filled);
    filled += part.length;
  }
  return whole;
}
