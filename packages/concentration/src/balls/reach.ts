import {
  floorRational,
  type Metric,
  multiplyRational,
  type Rational,
  rational,
  rationalToNumber,
} from '@levy/contracts';
import type { Distance, Matrix, Reach } from '@levy/kernels';

/** The last value of an int32, above every distance on bytes. */
const MOST = 2 ** 31 - 1;

/** The distance that an engine answers for a metric. */
export function distanceOf(metric: Metric): Distance {
  return metric === 'l2' ? 'squared-l2' : 'linf';
}

/**
 * Which distances from a centre are within ε of the ball with a given radius, d ≤ r + ε (method §3), in stored units,
 * squared for l2. On bytes it is exact: with squared integers D and R, D ≤ floor((√R + ε)²). On floats it is rounded
 * to float32, in which the engine's distances are.
 */
export function reachOf(metric: Metric, dtype: Matrix['dtype'], epsilon: Rational, scale: number): Reach {
  const stored = multiplyRational(epsilon, rational(scale));
  const near = rationalToNumber(stored);
  if (stored.num === 0n) return (radius) => radius;
  if (dtype === 'f4') {
    return metric === 'l2'
      ? (radius) => Math.max(radius, Math.fround((Math.sqrt(radius) + near) ** 2))
      : (radius) => Math.max(radius, Math.fround(radius + near));
  }
  if (metric === 'linf') {
    const whole = Number(floorRational(stored));
    return (radius) => Math.min(radius + whole, MOST);
  }
  return (radius) => {
    const square = (Math.sqrt(radius) + near) ** 2;
    if (square > MOST) return MOST;
    // Five roundings, each by at most 2⁻⁵³ of the whole, or doubled by the squaring.
    const doubt = square * 2 ** -49;
    const limit = Math.floor(square + doubt);
    if (limit === Math.floor(square - doubt) || isWithin(limit, radius, stored)) return limit;
    return limit - 1;
  };
}

/** √D ≤ √R + ε: with a = D − R − ε², a ≤ 0 or a² ≤ 4ε²R. Everything is multiplied by ε's squared denominator. */
function isWithin(distance: number, radius: number, { num, den }: Rational): boolean {
  const a = BigInt(distance - radius) * den ** 2n - num ** 2n;
  return a <= 0n || a ** 2n <= 4n * num ** 2n * den ** 2n * BigInt(radius);
}
