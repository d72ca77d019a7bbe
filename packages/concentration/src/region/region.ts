import { parseRational } from '@levy/contracts';
import { coveredCount, type RegionStep, requiredLevel } from '@levy/plan';
import { type Static, Type } from 'typebox';
import { BallsSchema } from '../balls/balls.js';
import { countsOfBalls } from '../balls/membership.js';
import { UnattainableGamma } from '../balls/uncertainty-demand.js';
import { CountsSchema } from '../counts.js';
import { fitHyperplane, storedReach } from '../halfspaces/hyperplane.js';
import { AxisHalfSpaceSchema } from '../halfspaces/scan.js';
import { MeasurementError } from '../measurement.js';
import { CandidateSchema, chooseCandidate } from '../rectangles/candidate.js';
import type { Walk } from '../walk/walk.js';

/** The region that a job answers with, as found; thresholds in stored units. */
export const RegionSchema = Type.Union([
  Type.Object({
    kind: Type.Literal('rectangles'),
    /** Index of the winner's T in the step's candidates. */
    list: Type.Integer({ minimum: 0 }),
    candidate: CandidateSchema,
  }),
  Type.Object({
    kind: Type.Literal('balls'),
    /** As asked for: fewer balls may have been enough. */
    T: Type.Integer({ minimum: 1 }),
    balls: BallsSchema,
    /** Of several T, risk ≥ α(1 + slack) on the choosing split too. */
    feasible: Type.Boolean(),
    /** Of several T those with which γ cannot be had, with the largest mean label uncertainty that one of their balls could bring. */
    unattainable: Type.Optional(Type.Array(Type.Object({ T: Type.Integer(), attainable: Type.Number() }))),
  }),
  Type.Object({
    kind: Type.Literal('hyperplane'),
    w: Type.Array(Type.Number()),
    threshold: Type.Number(),
    train: CountsSchema,
  }),
  Type.Object({ kind: Type.Literal('axis'), halfSpace: AxisHalfSpaceSchema, train: CountsSchema }),
]);
export type Region = Static<typeof RegionSchema>;

/** Chooses or fits the region of a job. */
export async function findRegion(step: RegionStep, walk: Walk): Promise<Region> {
  switch (step.kind) {
    case 'rectangles':
      return chooseRectangles(step, walk);
    case 'balls':
      return chooseBalls(step, walk);
    case 'hyperplane':
      return fitRegionHyperplane(step, walk);
    case 'axis': {
      const { halfSpace, train } = await walk.get(step.scan);
      return { kind: 'axis', halfSpace, train };
    }
  }
}

async function chooseRectangles(
  step: Extract<RegionStep, { kind: 'rectangles' }>,
  walk: Walk,
): Promise<Region> {
  const contenders = [];
  for (const [list, restarts] of step.candidates.entries()) {
    const outcome = await walk.get(restarts);
    const candidate = chooseCandidate([...outcome.trace, ...outcome.restarts], step.ties);
    if (candidate !== undefined) contenders.push({ list, candidate });
  }
  const winner = chooseCandidate(
    contenders.map(({ candidate }) => candidate),
    step.ties,
  );
  const chosen = contenders.find(({ candidate }) => candidate === winner);
  if (chosen === undefined) {
    throw new MeasurementError(
      'numeric',
      'no q of the search covers as many points as there are rectangles; lower T or take more samples',
    );
  }
  const { T, seed, q, covered, feasible, train, choosing } = chosen.candidate;
  return {
    kind: 'rectangles',
    list: chosen.list,
    candidate: { T, seed, q, covered, feasible, train, choosing },
  };
}

/** One T is taken as it is; of several, the one that does best on the choosing split, as candidates are chosen. */
async function chooseBalls(step: Extract<RegionStep, { kind: 'balls' }>, walk: Walk): Promise<Region> {
  const contenders = [];
  const failed = [];
  for (const candidate of step.candidates) {
    try {
      contenders.push({ step: candidate, balls: await walk.get(candidate) });
    } catch (error) {
      if (!(error instanceof UnattainableGamma)) throw error;
      failed.push(error);
    }
  }
  const [only] = contenders;
  const nearest = failed.toSorted((a, b) => b.attainable - a.attainable)[0];
  if (only === undefined && nearest !== undefined) throw nearest;
  const unattainable =
    failed.length === 0 ? {} : { unattainable: failed.map(({ T, attainable }) => ({ T, attainable })) };
  if (step.candidates.length === 1 && only !== undefined) {
    return { kind: 'balls', T: only.step.T, balls: only.balls, feasible: true };
  }
  const judged = [];
  for (const { step: candidate, balls } of contenders) {
    const { metric, alpha, slack, T } = candidate;
    const epsilon = parseRational(candidate.epsilon);
    const choosing = await countsOfBalls(walk, balls, metric, step.choosing, epsilon);
    const feasible = choosing.risk >= coveredCount(requiredLevel(alpha, slack), choosing.n, 'ceil');
    judged.push({ T, balls, feasible, choosing });
  }
  const best = chooseCandidate(judged, step.ties);
  if (best === undefined) throw new RangeError('a balls region needs at least one T');
  return { kind: 'balls', T: best.T, balls: best.balls, feasible: best.feasible, ...unattainable };
}

async function fitRegionHyperplane(
  step: Extract<RegionStep, { kind: 'hyperplane' }>,
  walk: Walk,
): Promise<Region> {
  const component = await walk.get(step.component);
  const projections = await walk.project(step.component.rows, component);
  const reach = storedReach(parseRational(step.epsilon), walk.scale);
  const { w, threshold, train } = fitHyperplane(component, projections, {
    alpha: step.alpha,
    slack: step.slack,
    reach,
  });
  return { kind: 'hyperplane', w: Array.from(w), threshold, train };
}
