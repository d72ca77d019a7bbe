import { coveredCount, requiredLevel } from '@levy/plan';
import type { Counts } from '../counts.js';
import { reaches } from '../rectangles/candidate.js';
import { countProjections, sidesOf, tieWidth } from './projections.js';

/** The half-space {x : sign·w·x ≥ threshold}, judged. */
export interface JudgedSide {
  readonly sign: 1 | -1;
  /** In stored units. */
  readonly threshold: number;
  /** risk ≥ α(1 + slack) on the fitted rows and on the choosing split. */
  readonly feasible: boolean;
  readonly train: Counts;
  readonly choosing: Counts;
}

/** w·x of the rows for one w. */
export interface Projections {
  readonly fit: Float64Array;
  readonly choosing: Float64Array;
}

/**
 * Both orientations of a direction, each with the threshold that covers the fewest fitted rows that are at least
 * α(1 + slack)·n: those with w·x ≥ threshold, ties all of them (method §4). The threshold lies a hair below the
 * projection of the last row covered.
 *
 * @param reach ε‖w‖ in stored units, the norm dual to the metric's: what the half-space expands by
 */
export function judgeSides(
  { fit, choosing }: Projections,
  { alpha, slack, reach }: { alpha: number; slack: number; reach: number },
): JudgedSide[] {
  const level = requiredLevel(alpha, slack);
  const need = Math.max(1, coveredCount(level, fit.length, 'ceil'));
  return sidesOf(fit, need - 1).map(({ sign, signed, value }) => {
    const threshold = value - tieWidth(value);
    const train = countProjections(signed, threshold, reach);
    const others = sign === 1 ? choosing : choosing.map((projection) => -projection);
    const judged = { train, choosing: countProjections(others, threshold, reach) };
    const feasible = reaches(judged.train, level) && reaches(judged.choosing, level);
    return { sign, threshold, feasible, ...judged };
  });
}
