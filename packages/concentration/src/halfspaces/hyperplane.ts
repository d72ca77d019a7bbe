import { type Rational, rationalToNumber } from '@levy/contracts';
import { coveredCount, requiredLevel } from '@levy/plan';
import type { Counts } from '../counts.js';

/** E = {x : w·x ≥ threshold}, ‖w‖₂ = 1, threshold in stored units. */
export interface HyperplaneHalfSpace {
  readonly w: Float64Array;
  readonly threshold: number;
}

/**
 * Two projections closer than this, relative to the largest, are taken for equal: sums in another order differ by
 * less, neighbouring projections of real data by far more. Nothing here may depend on the unit of the data.
 */
const ROUNDING = 1e-9;

/**
 * The baseline of Gilmer et al. (2018) with the rule of the paper's authors (method §4): the threshold is the value
 * at 0-based position ceil(nα) of the projections sorted descending, E lies strictly above it. Both orientations are
 * tried, the one with fewer fitted rows in E_ε is kept, the component's own in a tie.
 *
 * @param projections w·x of the fitted rows, in stored units.
 * @param reach ε in stored units: under ℓ2 the half-space expands by ε‖w‖₂ = ε.
 */
export function fitHyperplane(
  component: Float64Array,
  projections: Float64Array,
  { alpha, slack, reach }: { alpha: number; slack: number; reach: number },
): HyperplaneHalfSpace & { readonly train: Counts } {
  const position = coveredCount(requiredLevel(alpha, slack), projections.length, 'ceil');
  const doubt = ROUNDING * projections.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const sides = [1, -1].map((sign) => {
    const signed = sign === 1 ? projections : projections.map((value) => -value);
    const value = signed.toSorted().at(-1 - position) ?? 0;
    const threshold = value + doubt;
    return {
      w: component.map((entry) => sign * entry),
      threshold,
      train: countProjections(signed, threshold, reach),
    };
  });
  const [first, second] = sides;
  if (first === undefined || second === undefined) throw new RangeError('two orientations are tried');
  // A tie at the extreme leaves nothing strictly above it: an empty region is no answer while the other side has one.
  if (first.train.risk === 0 || second.train.risk === 0) return second.train.risk > 0 ? second : first;
  return second.train.advRisk < first.train.advRisk ? second : first;
}

/** Rows whose projection reaches the threshold, and those within `reach` of it. */
export function countProjections(projections: Float64Array, threshold: number, reach: number): Counts {
  const counts = { n: projections.length, risk: 0, advRisk: 0 };
  for (const projection of projections) {
    if (projection >= threshold) counts.risk++;
    if (projection >= threshold - reach) counts.advRisk++;
  }
  return counts;
}

/** ε in stored units. */
export function storedReach(epsilon: Rational, scale: number): number {
  return rationalToNumber(epsilon) * scale;
}
