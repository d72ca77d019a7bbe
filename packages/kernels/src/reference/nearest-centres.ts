import type { Assignment, Centres, PassOptions } from '../engine.js';
import type { RowRange } from '../matrix.js';
import { at } from './at.js';
import { Pace } from './pace.js';
import type { ReferenceMatrix } from './reference-matrix.js';

export async function nearestCentres(
  points: ReferenceMatrix,
  range: RowRange,
  centres: Centres,
  T: number,
  options: PassOptions,
): Promise<Assignment> {
  const labels = new Int32Array(range.end - range.start);
  const distances = new Float64Array(range.end - range.start);
  const pace = new Pace(labels.length * T * points.columns, options);
  for (let i = 0; i < labels.length; i++) {
    const x = points.row(range.start + i);
    let label = 0;
    let nearest = distanceTo(x, centres, 0);
    for (let t = 1; t < T; t++) {
      const candidate = distanceTo(x, centres, t);
      if (isLess(candidate, nearest)) {
        nearest = candidate;
        label = t;
      }
    }
    labels[i] = label;
    distances[i] = nearest.numerator / nearest.count;
    await pace.add(T * points.columns);
  }
  return { labels, distances };
}

interface Fraction {
  readonly numerator: number;
  readonly count: number;
}

/** Σ_j |count·x_j − sum_j| over count. On bytes the numerator is a whole number under 2⁵³. */
function distanceTo(x: Float64Array, centres: Centres, t: number): Fraction {
  const count = centres.dtype === 'u1' ? at(centres.count, t) : 1;
  const sums = centres.sum.subarray(t * x.length, (t + 1) * x.length);
  let numerator = 0;
  for (let j = 0; j < x.length; j++) {
    numerator += Math.abs(count * at(x, j) - at(sums, j));
  }
  return { numerator, count };
}

function isLess(a: Fraction, b: Fraction): boolean {
  if (a.count === 1 && b.count === 1) {
    return a.numerator < b.numerator;
  }
  return BigInt(a.numerator) * BigInt(b.count) < BigInt(b.numerator) * BigInt(a.count);
}
