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
  const high = k === n ? 1 : incbi(k + 1, n - k, 1 - tail);
  return [low, high];
}
