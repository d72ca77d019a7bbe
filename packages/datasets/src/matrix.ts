import type { Dataset } from '@levy/contracts';

/**
 * Rows of numbers, row-major. Bytes stay bytes: a stored byte v stands for v / scale.
 * The same shape as the matrices that engines load.
 */
export type Matrix =
  | { readonly dtype: 'u1'; readonly rows: number; readonly columns: number; readonly data: Uint8Array }
  | { readonly dtype: 'f4'; readonly rows: number; readonly columns: number; readonly data: Float32Array };

/** A data set with its rows in memory, as stored. */
export interface LoadedDataset {
  readonly dataset: Dataset;
  readonly train: Matrix;
  readonly test: Matrix;
}

/** Labels, one byte a row. */
export interface DatasetLabels {
  readonly train: Uint8Array;
  readonly test: Uint8Array;
}

/** Bytes that one stored number takes. */
export function itemBytes(dtype: Dataset['dtype']): number {
  return dtype === 'u1' ? 1 : 4;
}
