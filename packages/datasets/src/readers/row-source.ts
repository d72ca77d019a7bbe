import type { Dataset } from '@levy/contracts';
import { DatasetError } from '../dataset-error.js';
import { itemBytes } from '../matrix.js';

/** Rows that a file is read as, in the order of the file. Dispose it. */
export interface RowSource extends AsyncDisposable {
  /** What errors call it. */
  readonly name: string;
  readonly dtype: Dataset['dtype'];
  /** Shape of one row. */
  readonly shape: readonly number[];
  /** Where the file says so before its end. */
  readonly rows?: number | undefined;
  readonly isLabelled: boolean;
  /** Where a column of the file holds the label, so that errors can count columns as the file does. */
  readonly labelColumn?: number | undefined;
  /** Names of the columns of the file, where it has them. */
  readonly header?: readonly string[] | undefined;
  /** Once; a chunk is good until the next one is asked for. */
  chunks(): AsyncIterable<RowChunk>;
}

export interface RowChunk {
  readonly rows: number;
  /** As stored. Always finite. */
  readonly values: Uint8Array | Float32Array;
  /** One a row, if the source is labelled. */
  readonly labels?: Labels;
  /** rows × classes probabilities, if the source has soft labels. */
  readonly softLabels?: Float64Array;
}

/** Class numbers, or class names. */
export type Labels = Uint8Array | readonly string[];

const CHUNK_BYTES = 1 << 20;
const MAX_COLUMNS = 2 ** 24;
/** Rows are numbered by 32-bit integers everywhere. */
export const MAX_ROWS = 2 ** 27;

/** How many rows to handle at a time: about a megabyte. */
export function rowsPerChunk(columns: number, bytesPerItem: number): number {
  return Math.max(1, Math.floor(CHUNK_BYTES / (columns * bytesPerItem)));
}

/** Checks a shape that a header claims. @returns rows and the shape of one row. */
export function requireRows(
  shape: readonly number[],
  name: string,
): { readonly rows: number; readonly shape: readonly number[]; readonly columns: number } {
  const [rows, ...rowShape] = shape;
  if (rows === undefined || rowShape.length === 0) {
    throw new DatasetError(
      'mis-shaped',
      `${name} holds an array of shape (${shape.join(', ')}); rows of numbers need at least two dimensions`,
    );
  }
  const columns = rowShape.reduce((product, n) => product * n, 1);
  if (rows === 0 || columns === 0)
    throw new DatasetError('empty', `${name} holds no numbers: shape (${shape.join(', ')})`);
  if (columns > MAX_COLUMNS) {
    throw new DatasetError('too-large', `${name} claims ${columns} columns; at most ${MAX_COLUMNS} are read`);
  }
  if (rows > MAX_ROWS) {
    throw new DatasetError(
      'too-large',
      `${name} claims ${rows} rows of ${columns} columns, more than any file has`,
    );
  }
  return { rows, shape: rowShape, columns };
}

/** Sums of squares over any number of columns stay finite in float32 below this size. */
export const LARGEST = 1e15;

/** Refuses NaN, infinities, and what is too large to be squared and summed. Rows and columns are counted from 0. */
export function requireFinite(
  values: Float32Array | Float64Array,
  columns: number,
  firstRow: number,
  name: string,
): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (Math.abs(value) <= LARGEST) continue;
    const why = Number.isFinite(value)
      ? `larger than ${LARGEST} in size; rescale the data`
      : 'not a finite number';
    throw new DatasetError('not-finite', `${name}: ${value} at ${place(i, columns, firstRow)} is ${why}`);
  }
}

/** "row 3, column 5 (from 0)" of the i-th value of a chunk. */
export function place(i: number, columns: number, firstRow: number): string {
  return `row ${firstRow + Math.floor(i / columns)}, column ${i % columns} (from 0)`;
}

/** The stored bytes of values. */
export function bytesOf(values: Uint8Array | Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Bytes of one row as stored. */
export function rowBytesOf({ dtype, shape }: Pick<RowSource, 'dtype' | 'shape'>): number {
  return shape.reduce((product, n) => product * n, itemBytes(dtype));
}
