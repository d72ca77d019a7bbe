import { multiplyRational, parseRational, rational, subtractRational } from '@levy/contracts';
import { coveredCount, requiredLevel } from '@levy/plan';
import type { Counts } from './counts.js';

/** What is asked of a region's risk. */
export interface AskedRisk {
  readonly alpha: number;
  readonly slack: number;
}

/**
 * Whether a region that was fitted to a count may be the answer: risk ≥ α(1 + slack) on the fitted rows, and on the
 * choosing split at most one standard error below α. Such a region holds just as many fitted rows as were asked for,
 * so that on other rows it falls below that level about every other time, by chance alone. The slack is the margin that
 * the fitted rows owe; it is not asked for twice.
 */
export function isFeasible(
  { train, choosing }: { readonly train: Counts; readonly choosing: Counts },
  { alpha, slack }: AskedRisk,
): boolean {
  const need = coveredCount(requiredLevel(alpha, slack), train.n, 'ceil');
  return train.risk >= need && reachesAlphaWithinError(choosing, alpha);
}

/**
 * Whether at least ceil(αn) − √(nα(1 − α)) of n rows lie in the region: α, or one binomial standard error less. The
 * half of the rule that rows hold on which the region was not fitted. One row at least is always asked for. Exact.
 */
export function reachesAlphaWithinError({ n, risk }: Pick<Counts, 'n' | 'risk'>, alpha: number): boolean {
  const level = parseRational(alpha);
  const missing = coveredCount(level, n, 'ceil') - risk;
  if (missing <= 0) return true;
  const variance = multiplyRational(
    multiplyRational(rational(n), level),
    subtractRational(rational(1), level),
  );
  return BigInt(missing) ** 2n * variance.den <= variance.num;
}
