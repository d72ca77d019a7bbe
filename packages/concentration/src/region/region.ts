import { parseRational } from '@levy/contracts';
import type { RegionStep } from '@levy/plan';
import { type Static, Type } from 'typebox';
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
