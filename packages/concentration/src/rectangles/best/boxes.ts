import type { Dataset } from '@levy/contracts';
import type { Clusters } from '../clusters.js';
import type { Face } from './level-grid.js';

/** A face where it stands: x lies beyond it by x − at (`>=`) or at − x (`<=`), in stored units. */
export interface StandingFace extends Pick<Face, 'coordinate' | 'side'> {
  readonly at: number;
}

/**
 * Rectangles from their faces, as the rectangles of clusters are written: centre and half-edge, on bytes as whole
 * numbers over two. A side without a face of its own reaches to the end of `extents`.
 */
export function boxesOf(
  rectangles: readonly (readonly StandingFace[])[],
  extents: readonly { readonly low: number; readonly high: number }[],
  dtype: Dataset['dtype'],
): Clusters {
  const columns = extents.length;
  const low = new Float64Array(rectangles.length * columns);
  const high = new Float64Array(rectangles.length * columns);
  rectangles.forEach((faces, t) => {
    extents.forEach((extent, j) => {
      low[t * columns + j] = extent.low;
      high[t * columns + j] = extent.high;
    });
    for (const { coordinate, side, at } of faces) {
      const index = t * columns + coordinate;
      if (side === '>=') high[index] = Math.min(high[index] ?? 0, at);
      else low[index] = Math.max(low[index] ?? 0, at);
    }
  });
  const of = (value: (low: number, high: number) => number) =>
    low.map((from, i) => value(from, high[i] ?? 0));
  const count = new Int32Array(rectangles.length);
  if (dtype === 'u1') {
    const sum = Int32Array.from(of((from, to) => from + to));
    return { dtype, columns, count: count.fill(2), sum, reach: Int32Array.from(of((from, to) => to - from)) };
  }
  const sum = Float32Array.from(of((from, to) => (from + to) / 2));
  // From the rounded centre, so that rounding moves the side without a face rather than the face.
  const reach = Float32Array.from(sum, (centre, i) => {
    const upper = (high[i] ?? 0) - centre;
    const lower = centre - (low[i] ?? 0);
    return Math.max(upper, lower);
  });
  return { dtype, columns, count: count.fill(1), sum, reach };
}
