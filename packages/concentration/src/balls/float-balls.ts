import type { Metric } from '@levy/contracts';
import type { Matrix } from '@levy/kernels';
import { gatherRows } from '../rows/row-list.js';
import { distanceBetween } from './distances.js';
import type { PlacedBall } from './placement.js';

/**
 * On floats the engine's distances, rounded to float32, only choose the rows of a ball; its radius is the largest of
 * their distances in float64, with which it is counted.
 */
export function floatRadius(
  { centre, rows }: Pick<PlacedBall, 'centre' | 'rows'>,
  matrix: Matrix,
  metric: Metric,
): number {
  const from = gatherRows(matrix, Uint32Array.of(centre)).data;
  const to = gatherRows(matrix, rows);
  let most = 0;
  for (let row = 0; row < to.rows; row++) most = Math.max(most, distanceBetween(from, to, row, metric));
  return most;
}

/** Every row that a ball on floats is counted with. */
export function floatRows(centre: number, radius: number, matrix: Matrix, metric: Metric): Uint32Array {
  const from = gatherRows(matrix, Uint32Array.of(centre)).data;
  const all = Uint32Array.from({ length: matrix.rows }, (_, row) => row);
  return all.filter((row) => distanceBetween(from, matrix, row, metric) <= radius);
}
