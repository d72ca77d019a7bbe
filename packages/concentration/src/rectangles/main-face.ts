import type { Margins, Matrix, Rectangles } from '@levy/kernels';
import type { MainCoordinate } from '../region/region-counter.js';
import type { Threshold } from './exceedance.js';

/**
 * The coordinate that alone puts most rows of the region E out of every rectangle: it lies beyond one of its two faces
 * by more than ε in each of them. The lowest of equal ones; undefined where E holds none of the rows.
 *
 * @param margins of these rows against the rectangles; @param threshold at the job's ε.
 */
export function mainFace(
  matrix: Matrix,
  margins: Margins,
  rectangles: Rectangles,
  threshold: Threshold,
): MainCoordinate | undefined {
  const { columns } = matrix;
  const rowsOut = new Uint32Array(columns);
  let region = 0;
  for (let i = 0; i < matrix.rows; i++) {
    if (!threshold.exceededBy(margins.margin[i] ?? 0, margins.marginOf[i] ?? 0)) continue;
    region++;
    const row = matrix.data.subarray(i * columns, (i + 1) * columns);
    for (const j of coordinatesOut(row, rectangles, threshold)) rowsOut[j] = (rowsOut[j] ?? 0) + 1;
  }
  if (region === 0) return undefined;
  const coordinate = rowsOut.indexOf(rowsOut.reduce((most, count) => Math.max(most, count), 0));
  return { coordinate, share: (rowsOut[coordinate] ?? 0) / region };
}

/** The coordinates of a row that are beyond a face in every rectangle. */
function coordinatesOut(row: ArrayLike<number>, rectangles: Rectangles, threshold: Threshold): number[] {
  const T = rectangles.sum.length / row.length;
  let out = Array.from({ length: row.length }, (_, j) => j);
  for (let t = 0; t < T && out.length > 0; t++) {
    out = out.filter((j) => threshold.exceededBy(excess(row[j] ?? 0, rectangles, t * row.length + j, t), t));
  }
  return out;
}

/** What a coordinate exceeds its nearer face by, in the very expressions of the engines' margins. */
function excess(x: number, rectangles: Rectangles, index: number, t: number): number {
  const sum = rectangles.sum[index] ?? 0;
  const above = rectangles.above[index] ?? 0;
  const below = rectangles.below[index] ?? 0;
  if (rectangles.dtype === 'u1') {
    const offset = (rectangles.count[t] ?? 0) * x - sum;
    return Math.max(offset - above, -offset - below);
  }
  const offset = Math.fround(x - sum);
  return Math.max(Math.fround(offset - above), Math.fround(-offset - below));
}
