import type { Matrix } from '@levy/datasets';

/** The first rows of byte data, which alone is the same to every peer. */
export function firstRows(matrix: Matrix, most: number): Extract<Matrix, { dtype: 'u1' }> {
  const rows = Math.min(matrix.rows, most);
  if (matrix.dtype !== 'u1') throw new Error('this bench compares byte data');
  return { dtype: 'u1', rows, columns: matrix.columns, data: matrix.data.subarray(0, rows * matrix.columns) };
}
