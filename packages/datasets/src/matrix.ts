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
  /** Where the data set has them. */
  readonly softLabels?: LoadedSoftLabels;
}

/** Probabilities of the classes, and the labels that they are compared with. */
export interface LoadedSoftLabels {
  readonly classes: number;
  /** rows × classes, row-major. */
  readonly train: Float64Array;
  readonly test?: Float64Array;
  /** Every one below `classes`; absent if the data set has soft labels alone. */
  readonly labels?: DatasetLabels;
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
