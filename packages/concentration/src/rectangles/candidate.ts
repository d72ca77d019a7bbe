import { parseRational, type Rational } from '@levy/contracts';
import type { Margins } from '@levy/kernels';
import {
  type ClustersStep,
  coveredCount,
  type RectanglesSetting,
  type RowList,
  requiredLevel,
} from '@levy/plan';
import { type Static, Type } from 'typebox';
import { type Counts, CountsSchema } from '../counts.js';
import type { Walk } from '../walk/walk.js';
import type { Clusters } from './clusters.js';
import { countMargins, countRooms, Threshold } from './exceedance.js';

/** One clustering, judged: a candidate for the job's region. */
export const CandidateSchema = Type.Object({
  T: Type.Integer(),
  seed: Type.Integer(),
  q: Type.Number(),
  covered: Type.Integer(),
  feasible: Type.Boolean({ description: 'risk ≥ α(1 + slack) on the fitted rows and on the choosing split' }),
  train: CountsSchema,
  choosing: CountsSchema,
});
export type Candidate = Static<typeof CandidateSchema>;

/** The clustering of a setting at one (covered, seed). */
export function clustersStepOf(setting: RectanglesSetting, covered: number, seed: number): ClustersStep {
  const { neighbours, T, iterations, stopping } = setting;
  const engine = neighbours.engine === undefined ? {} : { engine: neighbours.engine };
  return { name: 'clusters', neighbours, covered, T, seed, iterations, stopping, ...engine };
}

/** Fits one clustering and counts it on the fitted rows and on the choosing split. */
export async function judge(
  walk: Walk,
  setting: RectanglesSetting,
  q: number,
  seed: number,
): Promise<Candidate> {
  const n = walk.rowCount(setting.neighbours.rows);
  const covered = coveredCount(parseRational(q), n, 'floor');
  const step = clustersStepOf(setting, covered, seed);
  const uncovered = await countRectangles(walk, step, 'uncovered', setting);
  const train: Counts = { ...uncovered, n };
  const choosing = await countRectangles(walk, step, setting.choosing, setting);
  const level = requiredLevel(setting.alpha, setting.slack);
  const feasible = reaches(train, level) && reaches(choosing, level);
  return { T: setting.T, seed, q, covered, feasible, train, choosing };
}

/** Risk and adversarial risk of a clustering's rectangles over some rows (method §2.4–2.5). */
export async function countRectangles(
  walk: Walk,
  step: ClustersStep,
  rows: RowList | 'uncovered',
  { epsilon, domain }: Pick<RectanglesSetting, 'epsilon' | 'domain'>,
): Promise<Counts> {
  const clusters = await walk.get(step);
  const engine = step.engine === undefined ? {} : { engine: step.engine };
  const margins = await walk.get({ name: 'margins', clusters: step, rows, ...engine });
  return countsAt(margins, clusters, walk.scale, parseRational(epsilon), domain);
}

/** Risk and adversarial risk of the rows whose margins these are (method §2.4–2.5). */
export function countsAt(
  margins: Margins,
  clusters: Clusters,
  scale: number,
  epsilon: Rational,
  domain: RectanglesSetting['domain'],
): Counts {
  const atEpsilon = new Threshold(epsilon, clusters, scale);
  const atZero = new Threshold(parseRational(0), clusters, scale);
  return {
    n: margins.margin.length,
    risk: countMargins(margins, atEpsilon),
    advRisk: domain === 'box' ? countRooms(margins, atEpsilon) : countMargins(margins, atZero),
  };
}

function reaches(counts: Counts, level: Rational): boolean {
  return counts.risk >= coveredCount(level, counts.n, 'ceil');
}

/**
 * The feasible candidate with the lowest adversarial risk on the choosing split; of equal ones the last under the
 * paper protocol, the first otherwise. Without a feasible one, the one with the highest risk there (method §2.6).
 */
export function chooseCandidate<C extends Pick<Candidate, 'feasible' | 'choosing'>>(
  candidates: readonly C[],
  ties: 'first' | 'last',
): C | undefined {
  const feasible = candidates.filter((candidate) => candidate.feasible);
  const better =
    feasible.length > 0
      ? (a: C, b: C) => b.choosing.advRisk * a.choosing.n - a.choosing.advRisk * b.choosing.n
      : (a: C, b: C) => a.choosing.risk - b.choosing.risk;
  let best: C | undefined;
  for (const candidate of feasible.length > 0 ? feasible : candidates) {
    const gain = best === undefined ? 1 : better(candidate, best);
    if (gain > 0 || (gain === 0 && ties === 'last')) best = candidate;
  }
  return best;
}
