import { coveredCount, requiredLevel } from '@levy/plan';
import type { Counts } from '../counts.js';
import { countProjections, sidesOf, tieWidth } from './projections.js';

/** E = {x : w·x ≥ threshold}, ‖w‖₂ = 1, threshold in stored units. */
export interface HyperplaneHalfSpace {
  readonly w: Float64Array;
  readonly threshold: number;
}

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
  const width = tieWidth(projections);
  const [first, second] = sidesOf(projections, position).map(({ sign, signed, value }) => {
    const threshold = value + width;
    return {
      w: component.map((entry) => sign * entry),
      threshold,
      train: countProjections(signed, threshold, reach),
    };
  });
  if (first === undefined || second === undefined) throw new RangeError('two orientations are tried');
  // A tie at the extreme leaves nothing strictly above it: an empty region is no answer while the other side has one.
  if (first.train.risk === 0 || second.train.risk === 0) return second.train.risk > 0 ? second : first;
  return second.train.advRisk < first.train.advRisk ? second : first;
}
