import { drawDistinct, generatorFor, type LoadedDataset } from '@levy/datasets';
import type { Matrix } from '@levy/kernels';
import { type RowList, validationRowCount } from '@levy/plan';

/**
 * The indices of a row list in its split, ascending. The holdout shuffle depends on the data set's digest alone, so
 * that every job on a data set sets the same rows aside (method §2.7).
 */
export function rowIndices(rows: RowList, dataset: LoadedDataset): Uint32Array {
  const list = partIndices(rows, dataset);
  if (rows.samples === undefined) return list;
  const drawn = drawDistinct(list.length, rows.samples.count, generatorFor(`samples ${rows.samples.seed}`));
  return drawn.map((position) => list[position] ?? 0).sort();
}

function partIndices(rows: RowList, dataset: LoadedDataset): Uint32Array {
  if (rows.part === 'test') return everyRow(dataset.test.rows);
  if (rows.part === 'train') return everyRow(dataset.train.rows);
  const n = dataset.train.rows;
  const shuffled = drawDistinct(n, n, generatorFor(`holdout ${rows.dataset}`));
  const held = validationRowCount(n);
  return (rows.part === 'validation' ? shuffled.slice(0, held) : shuffled.slice(held)).sort();
}

function everyRow(n: number): Uint32Array {
  return Uint32Array.from({ length: n }, (_, index) => index);
}

/** The split that a row list draws from. */
export function splitOf(rows: RowList, dataset: LoadedDataset): Matrix {
  return rows.part === 'test' ? dataset.test : dataset.train;
}

/** The rows at `indices`, copied in that order. */
export function gatherRows(matrix: Matrix, indices: Uint32Array): Matrix {
  const d = matrix.columns;
  if (matrix.dtype === 'u1') {
    const data = new Uint8Array(indices.length * d);
    indices.forEach((row, i) => {
      data.set(matrix.data.subarray(row * d, (row + 1) * d), i * d);
    });
    return { dtype: 'u1', rows: indices.length, columns: d, data };
  }
  const data = new Float32Array(indices.length * d);
  indices.forEach((row, i) => {
    data.set(matrix.data.subarray(row * d, (row + 1) * d), i * d);
  });
  return { dtype: 'f4', rows: indices.length, columns: d, data };
}
