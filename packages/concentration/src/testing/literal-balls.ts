import type { Metric, Rational } from '@levy/contracts';

export interface LiteralBall {
  readonly row: number;
  /** Squared for l2. */
  readonly radius: number;
  /** A row elsewhere would have done as well: the lower index decided. */
  readonly tied: boolean;
}

/** What γ asks of a ball, in fractions that are exact in the numbers given: whole parts of a whole. */
export interface LiteralDemand {
  /** γ·parts, and the label uncertainty of every row times parts. */
  readonly gamma: number;
  readonly uncertainty: readonly number[];
  readonly parts: number;
}

/** No candidate for a ball had a mean label uncertainty of γ. */
export class LiteralShortfall extends Error {
  /** @param attainable the largest mean that one had, rounded down to nine decimals. */
  constructor(
    readonly placed: number,
    readonly attainable: number,
  ) {
    super(`${attainable} after ${placed} balls`);
  }
}

/**
 * Algorithm 2 of the paper as it stands, in plain loops over whole numbers, with nothing kept between balls (method
 * §3): for every row as centre and every rank the ball to the uncovered row of that rank. With a demand only balls
 * count whose newly covered rows meet it on average; throws LiteralShortfall if there is none.
 */
export function literalBalls(
  rows: readonly (readonly number[])[],
  metric: Metric,
  epsilon: Rational,
  need: number,
  T: number,
  demand?: LiteralDemand,
): LiteralBall[] {
  const covered = new Set<number>();
  const expanded = new Set<number>();
  const balls: LiteralBall[] = [];
  for (let t = 1; t <= T && covered.size < need; t++) {
    const low = Math.ceil((need - covered.size) / (T - t + 1));
    const high = need - covered.size;
    let attainable = 0;
    let best: { cost: number; row: number; radius: number; init: number[]; exp: number[] } | undefined;
    let tied = false;
    for (let row = 0; row < rows.length; row++) {
      const distances = rows.map((other) => literalDistance(rows[row] ?? [], other, metric));
      const uncovered = [...rows.keys()].filter((x) => !covered.has(x));
      const ranked = uncovered.map((x) => distances[x] ?? 0).sort((a, b) => a - b);
      for (let k = low; k <= high; k++) {
        const radius = ranked[k - 1];
        if (radius === undefined) continue;
        const init = uncovered.filter((x) => (distances[x] ?? 0) <= radius);
        const exp = [...rows.keys()].filter(
          (x) => !expanded.has(x) && isWithin(distances[x] ?? 0, radius, metric, epsilon),
        );
        const sum = init.reduce((total, x) => total + (demand?.uncertainty[x] ?? 0), 0);
        const billionths = Math.floor((sum * 1e9) / (init.length * (demand?.parts ?? 1)));
        attainable = Math.max(attainable, billionths / 1e9);
        if (demand !== undefined && sum < demand.gamma * init.length) continue;
        const cost = exp.length - init.length;
        if (best === undefined || cost < best.cost) {
          best = { cost, row, radius, init, exp };
          tied = false;
        } else if (cost === best.cost && literalDistance(rows[row] ?? [], rows[best.row] ?? [], metric) > 0) {
          tied = true;
        }
      }
    }
    if (best === undefined) throw new LiteralShortfall(balls.length, attainable);
    for (const x of best.init) covered.add(x);
    for (const x of best.exp) expanded.add(x);
    balls.push({ row: best.row, radius: best.radius, tied });
  }
  return balls;
}

export function literalDistance(a: readonly number[], b: readonly number[], metric: Metric): number {
  const apart = a.map((value, j) => Math.abs(value - (b[j] ?? 0)));
  return metric === 'l2' ? apart.reduce((sum, one) => sum + one * one, 0) : Math.max(0, ...apart);
}

/** d ≤ r + ε in whole numbers. */
export function isWithin(distance: number, radius: number, metric: Metric, { num, den }: Rational): boolean {
  const beyond = BigInt(distance - radius) * (metric === 'l2' ? den * den : den);
  if (metric === 'linf') return beyond <= num;
  const a = beyond - num * num;
  return a <= 0n || a * a <= 4n * num * num * den * den * BigInt(radius);
}
