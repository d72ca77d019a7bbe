import { parseRational } from '@levy/contracts';
import type { AllRegionStep } from '@levy/plan';
import { isFeasible } from '../feasibility.js';
import { chooseCandidate } from '../rectangles/candidate.js';
import type { Walk } from '../walk/walk.js';
import { piecesOf } from './found-region.js';
import type { AllRegion } from './region.js';
import { regionCounter, trainCounts } from './region-counter.js';

/**
 * Finds the region of every method and keeps the best: of the feasible ones, which one rule tells for all methods, the
 * one with the lowest advRisk on the choosing split; of none, the one with the highest risk there (method §2.6).
 */
export async function chooseMethod(step: AllRegionStep, walk: Walk): Promise<AllRegion> {
  const contenders = [];
  for (const [candidate, method] of step.candidates.entries()) {
    const region = await walk.get(method);
    if (region.kind === 'all') throw new RangeError('a candidate is the region of one method');
    const found = { step: method, region };
    const counter = await regionCounter(found, parseRational(step.epsilon), walk);
    const train = await trainCounts(found, step.fit, counter);
    const choosing = await counter.count(step.choosing);
    const T = piecesOf(region);
    const pieces = T === undefined ? {} : { T };
    const feasible = isFeasible({ train, choosing }, step);
    contenders.push({ candidate, region, told: { ...pieces, feasible, train, choosing } });
  }
  const best = chooseCandidate(
    contenders.map((contender) => ({ ...contender, ...contender.told })),
    step.ties,
  );
  if (best === undefined) throw new RangeError('a job over all methods needs at least one of them');
  return {
    kind: 'all',
    winner: { candidate: best.candidate, region: best.region },
    candidates: contenders.map(({ told }) => told),
  };
}
