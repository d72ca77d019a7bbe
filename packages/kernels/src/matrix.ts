/**
 * Rows of numbers, row-major. Bytes stay bytes: a stored byte v stands for v / scale, and every kernel on
 * bytes works on the stored integers, so that its results are exact and independent of the order of summation.
 */
export type Matrix =
  | { readonly dtype: 'u1'; readonly rows: number; readonly columns: number; readonly data: Uint8Array }
  | { readonly dtype: 'f4'; readonly rows: number; readonly columns: number; readonly data: Float32Array };

/** A half-open range of rows. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}
