import {
  type Dataset,
  floorRational,
  multiplyRational,
  parseRational,
  type Rational,
  rational,
  rationalToNumber,
} from '@levy/contracts';
import { NO_FACE, type Rectangles } from '@levy/kernels';
import { MeasurementError } from '../measurement.js';
import type { Clusters } from './clusters.js';

/** The declared value range in stored units, for the room behind faces; undefined where none is declared. */
export function storedRange(dataset: Dataset): { low: number; high: number } | undefined {
  if (dataset.valueRange === undefined) return undefined;
  const { low, high } = dataset.valueRange;
  return { low: storedBound(low, dataset), high: storedBound(high, dataset) };
}

function storedBound(bound: number, dataset: Dataset): number {
  if (dataset.dtype === 'f4') return bound;
  const stored = multiplyRational(parseRational(bound), rational(dataset.scale));
  if (stored.den !== 1n) {
    throw new MeasurementError(
      'input',
      `the value range of ${dataset.id} ends at ${bound}, which is no whole stored value (value · ${dataset.scale}); import it with another range`,
    );
  }
  return Number(stored.num);
}

/** All faces of the rectangles, as engines take them. */
export function rectanglesOf(clusters: Clusters, range?: { low: number; high: number }): Rectangles {
  const ranged = range === undefined ? {} : { range };
  return clusters.dtype === 'u1'
    ? {
        dtype: 'u1',
        count: clusters.count,
        sum: clusters.sum,
        above: clusters.reach,
        below: clusters.reach,
        ...ranged,
      }
    : { dtype: 'f4', sum: clusters.sum, above: clusters.reach, below: clusters.reach, ...ranged };
}

/**
 * Only the faces that the box lets anyone violate after moving inwards by ε (method §2.5): the upper face of a
 * coordinate if the room behind it exceeds ε, the lower face likewise. The ε curve is measured on these (§2.9).
 */
export function facesInBox(
  clusters: Clusters,
  range: { low: number; high: number },
  epsilon: Rational,
  scale: number,
): Rectangles {
  return clusters.dtype === 'u1'
    ? byteFacesInBox(clusters, range, epsilon, scale)
    : floatFacesInBox(clusters, range, epsilon);
}

function byteFacesInBox(
  clusters: Extract<Clusters, { dtype: 'u1' }>,
  range: { low: number; high: number },
  epsilon: Rational,
  scale: number,
): Rectangles {
  const { columns: d, count, sum, reach } = clusters;
  const above = reach.slice();
  const below = reach.slice();
  count.forEach((c, t) => {
    const limit = Number(floorRational(multiplyRational(epsilon, rational(scale * c))));
    for (let j = t * d; j < (t + 1) * d; j++) {
      const s = sum[j] ?? 0;
      const r = reach[j] ?? 0;
      if (c * range.high - s - r <= limit) above[j] = NO_FACE;
      if (s - r - c * range.low <= limit) below[j] = NO_FACE;
    }
  });
  return { dtype: 'u1', count, sum, above, below };
}

function floatFacesInBox(
  clusters: Extract<Clusters, { dtype: 'f4' }>,
  range: { low: number; high: number },
  epsilon: Rational,
): Rectangles {
  const { sum, reach } = clusters;
  const limit = rationalToNumber(epsilon);
  const above = reach.slice();
  const below = reach.slice();
  for (let j = 0; j < sum.length; j++) {
    const u = sum[j] ?? 0;
    const r = reach[j] ?? 0;
    if (Math.fround(Math.fround(range.high - u) - r) <= limit) above[j] = Number.POSITIVE_INFINITY;
    if (Math.fround(Math.fround(u - r) - range.low) <= limit) below[j] = Number.POSITIVE_INFINITY;
  }
  return { dtype: 'f4', sum, above, below };
}
