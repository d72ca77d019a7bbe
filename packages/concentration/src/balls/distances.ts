import type { Metric } from '@levy/contracts';
import type { Matrix } from '@levy/kernels';

/** The distance from a point to a row, in stored units, summed in float64 from the first coordinate on. */
export function distanceBetween(
  from: Uint8Array | Float32Array,
  matrix: Matrix,
  row: number,
  metric: Metric,
): number {
  const { columns, data } = matrix;
  const start = row * columns;
  let [sum, most] = [0, 0];
  for (let j = 0; j < columns; j++) {
    const apart = Math.abs((from[j] ?? 0) - (data[start + j] ?? 0));
    sum += apart * apart;
    if (apart > most) most = apart;
  }
  return metric === 'l2' ? Math.sqrt(sum) : most;
}
