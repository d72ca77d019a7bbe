import { compiled, incbi } from 'cephes';

await compiled;

/**
 * The two-sided Clopper–Pearson interval of a proportion: exact binomial tails, from the quantiles of the beta
 * distribution (Clopper & Pearson, Biometrika 26, 1934). Covers the truth with at least `confidence`.
 *
 * @returns [low, high] of k successes in n trials; 115 in 10000 at 0.95 is [0.95 %, 1.38 %].
 */
export function clopperPearson(k: number, n: number, confidence: number): [number, number] {
  const tail = (1 - confidence) / 2;
  const low = k === 0 ? 0 : incbi(k, n - k + 1, tail);
  // The mirrored tail, since 1 − tail would lose the digits of a small one.
  const high = k === n ? 1 : 1 - incbi(n - k, k + 1, tail);
  return [low, high];
}
