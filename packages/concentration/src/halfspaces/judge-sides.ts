import { coveredCount, requiredLevel } from '@levy/plan';
import type { Counts } from '../counts.js';
import { type AskedRisk, isFeasible } from '../feasibility.js';
import { countProjections, sidesOf, tieWidth } from './projections.js';

/** The half-space {x : sign·w·x ≥ threshold}, judged. */
export interface JudgedSide {
  readonly sign: 1 | -1;
  /** In stored units. */
  readonly threshold: number;
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
 * α(1 + slack)·n: those with w·x ≥ threshold, ties all of them. The fitted rows alone place it (method §4); the choosing
 * split judges it. The threshold lies a hair below the projection of the last row that it must cover.
 *
 * @param reach ε‖w‖ in stored units, the norm dual to the metric's: what the half-space expands by
 */
export function judgeSides(
  { fit, choosing }: Projections,
  { reach, ...asked }: AskedRisk & { readonly reach: number },
): JudgedSide[] {
  const need = Math.max(1, coveredCount(requiredLevel(asked.alpha, asked.slack), fit.length, 'ceil'));
  const width = tieWidth(fit);
  return sidesOf(fit, need - 1).map(({ sign, signed, value }) => {
    const threshold = value - width;
    const others = sign === 1 ? choosing : choosing.map((projection) => -projection);
    const counts = {
      train: countProjections(signed, threshold, reach),
      choosing: countProjections(others, threshold, reach),
    };
    return { sign, threshold, feasible: isFeasible(counts, asked), ...counts };
  });
}
