import type { Distribution } from '@levy/contracts';
import { compiled, ndtr, ndtri } from 'cephes';

await compiled;

/** Φ is 1 in float64 from here on; cephes gives NaN for arguments far beyond. */
const CERTAIN = 40;

/**
 * The concentration function of N(0, Σ), Σ = diag(variances): h(α, ε) = Φ(Φ⁻¹(α) + ε/‖Σ^½‖₂→p), attained by
 * half-spaces (method §4; Prescott, Zhang, Evans, ICLR 2021, for spherical Gaussians and p ≥ 2).
 * ‖Σ^½‖₂→₂ = √λ_max(Σ) and ‖Σ^½‖₂→∞ = max_i √Σ_ii: where Σ is diagonal both are the largest standard deviation.
 * @param alpha in (0,1). @param epsilon ≥ 0, in the units of the data.
 * @throws RangeError for other values.
 */
export function gaussianConcentration(
  distribution: Distribution,
  metric: 'linf' | 'l2',
  alpha: number,
  epsilon: number,
): number {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha ${alpha} is not between 0 and 1`);
  if (!(epsilon >= 0)) throw new RangeError(`epsilon ${epsilon} is not a number from 0 on`);
  return ndtr(Math.min(ndtri(alpha) + epsilon / expansionNorm(distribution, metric), CERTAIN));
}

function expansionNorm({ variances }: Distribution, metric: 'linf' | 'l2'): number {
  const largest = variances.reduce((most, variance) => Math.max(most, variance), 0);
  switch (metric) {
    case 'linf':
    case 'l2':
      return Math.sqrt(largest);
  }
}
