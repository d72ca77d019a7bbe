import { parseRational } from '@levy/contracts';
import { bisectionSteps, coveredCount, type RestartsStep, type SearchStep } from '@levy/plan';
import { type Static, Type } from 'typebox';
import { CountsSchema } from '../counts.js';
import type { Walk } from '../walk/walk.js';
import { CandidateSchema, clustersStepOf, countRectangles, judge } from './candidate.js';

export const SearchOutcomeSchema = Type.Object({
  /** In the order in which q was tried; fractions too small for T clusters are passed over. */
  trace: Type.Array(CandidateSchema),
  /** The greatest q found feasible; 0 if none was. */
  q: Type.Number(),
});
export type SearchOutcome = Static<typeof SearchOutcomeSchema>;

export const RestartsOutcomeSchema = Type.Object({
  trace: Type.Array(CandidateSchema),
  restarts: Type.Array(Type.Object({ ...CandidateSchema.properties, test: CountsSchema })),
});
export type RestartsOutcome = Static<typeof RestartsOutcomeSchema>;

/**
 * Bisection over q on [0, 1] until the interval is narrower than qTolerance (paper Algorithm 1, method §2.6):
 * feasible → q up, else down; a fresh k-means with the job's seed at every q.
 */
export async function searchQ(step: SearchStep, walk: Walk): Promise<SearchOutcome> {
  const { setting, qTolerance } = step;
  const n = walk.rowCount(setting.neighbours.rows);
  const runs = bisectionSteps(qTolerance);
  const trace: SearchOutcome['trace'] = [];
  let [low, high] = [0, 1];
  for (let run = 0; run < runs; run++) {
    walk.report(run, runs, 'clusterings');
    const q = (low + high) / 2;
    let feasible = true;
    if (coveredCount(parseRational(q), n, 'floor') >= setting.T) {
      const candidate = await judge(walk, setting, q, setting.seed);
      trace.push(candidate);
      feasible = candidate.feasible;
    }
    if (feasible) low = q;
    else high = q;
  }
  return { trace, q: low };
}

/** Runs with seeds seed … seed + count − 1 at the q given or found, each counted on test too. */
export async function runRestarts(step: RestartsStep, walk: Walk): Promise<RestartsOutcome> {
  const { setting } = step;
  const found = 'search' in step.q ? await walk.get(step.q.search) : undefined;
  const q = 'given' in step.q ? step.q.given : (found?.q ?? 0);
  const n = walk.rowCount(setting.neighbours.rows);
  const restarts: RestartsOutcome['restarts'] = [];
  if (coveredCount(parseRational(q), n, 'floor') >= setting.T) {
    for (let i = 0; i < step.count; i++) {
      walk.report(i, step.count, 'restarts');
      const candidate = await judge(walk, setting, q, (setting.seed + i) % 2 ** 32);
      const clusters = clustersStepOf(setting, candidate.covered, candidate.seed);
      const test = await countRectangles(walk, clusters, step.test, setting);
      restarts.push({ ...candidate, test });
    }
  }
  return { trace: found?.trace ?? [], restarts };
}
