import type { MainCoordinate } from '../region/region-counter.js';

/** The largest |w_j| / ‖w‖₁, the lowest j of equal ones; undefined for w = 0. */
export function mainWeight(w: ArrayLike<number>): MainCoordinate | undefined {
  let [norm, coordinate] = [0, 0];
  for (let j = 0; j < w.length; j++) {
    norm += Math.abs(w[j] ?? 0);
    if (Math.abs(w[j] ?? 0) > Math.abs(w[coordinate] ?? 0)) coordinate = j;
  }
  return norm === 0 ? undefined : { coordinate, share: Math.abs(w[coordinate] ?? 0) / norm };
}
