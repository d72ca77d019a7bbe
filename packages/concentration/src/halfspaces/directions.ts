import type { Metric } from '@levy/contracts';

/** A normal vector w of half-spaces, and ‖w‖ in the norm dual to the metric, by which they expand. */
export interface Direction {
  readonly w: Float64Array;
  readonly dualNorm: number;
}

/**
 * Entries are whole multiples of 2⁻²⁰: products with bytes and their sums are then exact in float64 in whatever order
 * they are added, so that every engine and a recount see the same projections, equal where they are equal. For
 * ‖w‖ = 1 this turns a direction by less than √d·2⁻²¹.
 */
const GRID = 2 ** 20;

/**
 * sign(v)|v|^exponent, of ‖w‖₂ = 1 under l2 and ‖w‖₁ = 1 under linf, but for its entries' rounding. The larger the
 * exponent, the fewer coordinates matter (method §4).
 */
export function directionOf(component: Float64Array, exponent: number, metric: Metric): Direction {
  // Divided by the largest entry first: |v|^201 underflows where (|v|/max)^201 only forgets what does not matter.
  const largest = component.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0);
  const powers = component.map((entry) => Math.sign(entry) * (Math.abs(entry) / largest) ** exponent);
  const length = dualNormOf(powers, metric);
  const w = powers.map((entry) => Math.round((entry / length) * GRID) / GRID);
  return { w, dualNorm: dualNormOf(w, metric) };
}

/** ‖w‖_q with 1/p + 1/q = 1: ‖w‖₂ for l2, ‖w‖₁ for linf. */
function dualNormOf(w: Float64Array, metric: Metric): number {
  return metric === 'l2'
    ? Math.sqrt(w.reduce((sum, entry) => sum + entry * entry, 0))
    : w.reduce((sum, entry) => sum + Math.abs(entry), 0);
}
