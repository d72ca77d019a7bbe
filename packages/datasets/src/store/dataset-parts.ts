import type { Dataset } from '@levy/contracts';
import { DatasetError } from '../dataset-error.js';
import { itemBytes } from '../matrix.js';
import { bytesOf } from '../readers/row-source.js';
import type { BlobStore } from './blob-store.js';
import { BlobWriter } from './blob-writer.js';

/** Rows as stored: row-major, bytes or little-endian float32. */
export interface SplitContent {
  readonly rows: Uint8Array | AsyncIterable<Uint8Array> | BlobWriter;
  /** One byte a row. */
  readonly labels?: Uint8Array | undefined;
  /** rows × classes probabilities, checked by who gives them. */
  readonly softLabels?: Float64Array | undefined;
}

export interface DatasetParts {
  readonly train: SplitContent;
  readonly test: SplitContent;
}

/** What a data set is, besides its bytes. */
export interface DatasetMeta {
  readonly name: string;
  readonly dtype: Dataset['dtype'];
  /** value = stored / scale. */
  readonly scale: number;
  /** Shape of one row. */
  readonly shape: readonly number[];
  /** In units of the values; only where it is declared. */
  readonly valueRange?: Dataset['valueRange'];
  /** Needed where there are labels. */
  readonly classes?: number | undefined;
  readonly distribution?: Dataset['distribution'];
  readonly source?: string | undefined;
}

/** The written, not yet published, bytes of one split. */
export interface StagedSplit {
  readonly split: Dataset['splits']['train'];
  readonly labels?: string;
  readonly softLabels?: { readonly sha256: string; readonly classes: number };
  readonly writers: readonly BlobWriter[];
}

/**
 * Writes a split's bytes beside the store's and counts its rows. The writers go on `stack`, so that nothing is
 * left of them if the data set is not added.
 */
export async function stageSplit(
  blobs: BlobStore,
  content: SplitContent,
  meta: DatasetMeta,
  part: 'train' | 'test',
  stack: AsyncDisposableStackLike,
): Promise<StagedSplit> {
  const writer = content.rows instanceof BlobWriter ? content.rows : stack.use(await blobs.writer());
  if (content.rows instanceof Uint8Array) await writer.write(content.rows);
  else if (!(content.rows instanceof BlobWriter)) {
    for await (const chunk of content.rows) await writer.write(chunk);
  }
  const { sha256, bytes } = await writer.finish();
  const split = { rows: countRows(bytes, meta, part), bytes, sha256 };
  const writers = [writer];
  const stage = async (given: Uint8Array): Promise<string> => {
    const more = stack.use(await blobs.writer());
    await more.write(given);
    writers.push(more);
    return (await more.finish()).sha256;
  };
  const { labels, softLabels } = content;
  if (labels !== undefined && labels.length !== split.rows) {
    throw new DatasetError('mis-shaped', `${part} has ${split.rows} rows and ${labels.length} labels`);
  }
  return {
    split,
    ...(labels === undefined ? {} : { labels: await stage(labels) }),
    ...(softLabels === undefined
      ? {}
      : {
          softLabels: {
            sha256: await stage(bytesOf(softLabels)),
            classes: countClasses(softLabels, split.rows, part),
          },
        }),
    writers,
  };
}

/** The part of AsyncDisposableStack that is used; Node 20 has none of its own. */
export interface AsyncDisposableStackLike {
  use<D extends AsyncDisposable>(disposable: D): D;
}

/** Disposes in reverse order what it was given. */
export class DisposableList implements AsyncDisposableStackLike, AsyncDisposable {
  readonly #disposables: AsyncDisposable[] = [];

  use<D extends AsyncDisposable>(disposable: D): D {
    this.#disposables.push(disposable);
    return disposable;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const disposable of this.#disposables.reverse()) await disposable[Symbol.asyncDispose]();
  }
}

/** d, the product of a row's shape. */
export function columnsOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

function countClasses(softLabels: Float64Array, rows: number, part: string): number {
  const classes = softLabels.length / rows;
  if (Number.isSafeInteger(classes) && classes >= 2) return classes;
  throw new DatasetError(
    'mis-shaped',
    `${part} has ${rows} rows and ${softLabels.length} numbers as soft labels: they are rows × classes, at least 2 classes`,
  );
}

function countRows(bytes: number, meta: DatasetMeta, part: string): number {
  const rowBytes = columnsOf(meta.shape) * itemBytes(meta.dtype);
  const rows = bytes / rowBytes;
  if (!Number.isSafeInteger(rows)) {
    throw new DatasetError(
      'mis-shaped',
      `${part} has ${bytes} bytes: not a multiple of the ${rowBytes} of a row`,
    );
  }
  if (rows === 0) {
    throw new DatasetError(
      'empty',
      `the ${part} split has no rows; a data set needs at least one in each split`,
    );
  }
  return rows;
}
