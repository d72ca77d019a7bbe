import { coveredCount, requiredLevel } from '@levy/plan';
import type { Counts } from '../counts.js';
import { countProjections, sidesOf, tieWidth } from './projections.js';

/** The half-space {x : sign·w·x ≥ threshold}, judged. */
export interface JudgedSide {
  readonly sign: 1 | -1;
  /** In stored units. */
  readonly threshold: number;
  /** Its threshold was put where the risk is at least α(1 + slack) on the fitted rows and on the choosing split. */
  readonly feasible: true;
  readonly train: Counts;
  readonly choosing: Counts;
}

/** w·x of the rows for one w. */
export interface Projections {
  readonly fit: Float64Array;
  readonly choosing: Float64Array;
}

/**
 * Both orientations of a direction. Each covers the fewest fitted rows that are at least α(1 + slack)·n, those with
 * w·x ≥ threshold, ties all of them (method §4). Where the choosing split then falls short of that level, the
 * threshold gives way until it does not: a direction is not lost for a few rows that chance put on the other side.
 * The threshold lies a hair below the projection of the last row that it must cover.
 *
 * @param reach ε‖w‖ in stored units, the norm dual to the metric's: what the half-space expands by
 */
export function judgeSides(
  { fit, choosing }: Projections,
  { alpha, slack, reach }: { alpha: number; slack: number; reach: number },
): JudgedSide[] {
  const level = requiredLevel(alpha, slack);
  const lastCovered = (n: number) => Math.max(1, coveredCount(level, n, 'ceil')) - 1;
  const width = tieWidth(fit, choosing);
  const choosingSides = sidesOf(choosing, lastCovered(choosing.length));
  return sidesOf(fit, lastCovered(fit.length)).map(({ sign, signed, value }, index) => {
    const other = choosingSides[index === 0 ? 0 : 1];
    const last = Math.min(value, other.value);
    const threshold = last - width;
    return {
      sign,
      threshold,
      feasible: true,
      train: countProjections(signed, threshold, reach),
      choosing: countProjections(other.signed, threshold, reach),
    };
  });
}
