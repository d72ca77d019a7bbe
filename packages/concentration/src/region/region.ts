import { parseRational } from '@levy/contracts';
import type { MethodRegionStep, RegionStep } from '@levy/plan';
import { type Static, Type } from 'typebox';
import { BallsSchema } from '../balls/balls.js';
import { countsOfBalls } from '../balls/membership.js';
import { UnattainableGamma } from '../balls/uncertainty-demand.js';
import { CountsSchema } from '../counts.js';
import { reachesAlphaWithinError } from '../feasibility.js';
import { chooseHalfspace } from '../halfspaces/choose-halfspace.js';
import { fitHyperplane } from '../halfspaces/hyperplane.js';
import { storedReach } from '../halfspaces/projections.js';
import { AxisHalfSpaceSchema } from '../halfspaces/scan.js';
import { MeasurementError } from '../measurement.js';
import { FacesCandidateSchema } from '../rectangles/best/faces-step.js';
import { type Candidate, CandidateSchema, chooseCandidate } from '../rectangles/candidate.js';
import type { Walk } from '../walk/walk.js';
import { chooseMethod } from './choose-method.js';

/** The region that one method found; thresholds in stored units. */
export const MethodRegionSchema = Type.Union([
  Type.Object({
    kind: Type.Literal('rectangles'),
    /** Index of the winner's T in the step's candidates. */
    list: Type.Integer({ minimum: 0 }),
    candidate: CandidateSchema,
  }),
  Type.Object({
    /** Rectangles that the face search found. */
    kind: Type.Literal('faces'),
    /** The smallest T asked for that allows so many rectangles. */
    T: Type.Integer({ minimum: 1 }),
    candidate: FacesCandidateSchema,
  }),
  Type.Object({
    kind: Type.Literal('balls'),
    /** As asked for: fewer balls may have been enough. */
    T: Type.Integer({ minimum: 1 }),
    balls: BallsSchema,
    /** Of several T, by the counts on the choosing split. */
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
  Type.Object({
    kind: Type.Literal('halfspace'),
    /** Index of the principal component, 0 the leading one, and to what power its entries were taken. */
    component: Type.Integer({ minimum: 0 }),
    exponent: Type.Number({ exclusiveMinimum: 0 }),
    w: Type.Array(Type.Number()),
    /** ‖w‖₂ under l2, ‖w‖₁ under linf. */
    dualNorm: Type.Number({ exclusiveMinimum: 0 }),
    threshold: Type.Number(),
    feasible: Type.Boolean(),
    train: CountsSchema,
  }),
  Type.Object({ kind: Type.Literal('axis'), halfSpace: AxisHalfSpaceSchema, train: CountsSchema }),
]);
export type MethodRegion = Static<typeof MethodRegionSchema>;

/** The best of several methods' regions, and what each of them was judged by. */
const AllRegionSchema = Type.Object({
  kind: Type.Literal('all'),
  winner: Type.Object({
    /** Index in the step's candidates. */
    candidate: Type.Integer({ minimum: 0 }),
    region: MethodRegionSchema,
  }),
  /** In the order of the step's candidates. */
  candidates: Type.Array(
    Type.Object({
      candidate: Type.Integer({ minimum: 0 }),
      T: Type.Optional(Type.Integer({ minimum: 1 })),
      feasible: Type.Boolean(),
      train: CountsSchema,
      choosing: CountsSchema,
    }),
  ),
  /** Those that found no region on these data, and why. */
  leftOut: Type.Array(Type.Object({ candidate: Type.Integer({ minimum: 0 }), reason: Type.String() })),
});
export type AllRegion = Static<typeof AllRegionSchema>;

/** The region that a job answers with, as found. */
export const RegionSchema = Type.Union([MethodRegionSchema, AllRegionSchema]);
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
    case 'halfspace': {
      const { direction, sign, ...found } = await chooseHalfspace(step, walk);
      const { component, exponent, threshold, feasible, train } = found;
      const w = Array.from(direction.w, (entry) => sign * entry);
      const { dualNorm } = direction;
      return { kind: 'halfspace', component, exponent, w, dualNorm, threshold, feasible, train };
    }
    case 'axis': {
      const { halfSpace, train } = await walk.get(step.scan);
      return { kind: 'axis', halfSpace, train };
    }
    case 'all':
      return chooseMethod(step, walk);
  }
}

async function chooseRectangles(
  step: Extract<MethodRegionStep, { kind: 'rectangles' }>,
  walk: Walk,
): Promise<Region> {
  const contenders = [];
  for (const [list, restarts] of step.candidates.entries()) {
    const outcome = await walk.get(restarts);
    const candidate = chooseCandidate([...outcome.trace, ...outcome.restarts], step.ties);
    if (candidate !== undefined) contenders.push({ list, candidate });
  }
  const faces = step.faces === undefined ? undefined : (await walk.get(step.faces)).best;
  const winner = chooseCandidate<Pick<Candidate, 'feasible' | 'choosing'>>(
    [...contenders.map(({ candidate }) => candidate), ...(faces === undefined ? [] : [faces])],
    step.ties,
  );
  if (faces !== undefined && winner === faces) {
    const enough = step.candidates
      .map(({ setting }) => setting.T)
      .filter((T) => T >= faces.rectangles.length);
    return { kind: 'faces', T: Math.min(...enough), candidate: faces };
  }
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
async function chooseBalls(step: Extract<MethodRegionStep, { kind: 'balls' }>, walk: Walk): Promise<Region> {
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
    const { metric, alpha, T } = candidate;
    const epsilon = parseRational(candidate.epsilon);
    const choosing = await countsOfBalls(walk, balls, metric, step.choosing, epsilon);
    // The fitted rows hold the slack: balls are placed until they do.
    const feasible = reachesAlphaWithinError(choosing, alpha);
    judged.push({ T, balls, feasible, choosing });
  }
  const best = chooseCandidate(judged, step.ties);
  if (best === undefined) throw new RangeError('a balls region needs at least one T');
  return { kind: 'balls', T: best.T, balls: best.balls, feasible: best.feasible, ...unattainable };
}

async function fitRegionHyperplane(
  step: Extract<MethodRegionStep, { kind: 'hyperplane' }>,
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
