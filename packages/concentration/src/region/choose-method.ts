import { parseRational } from '@levy/contracts';
import { EngineError } from '@levy/kernels';
import type { AllRegionStep } from '@levy/plan';
import { isFeasible } from '../feasibility.js';
import { MeasurementError } from '../measurement.js';
import { chooseCandidate } from '../rectangles/candidate.js';
import type { Walk } from '../walk/walk.js';
import { piecesOf } from './found-region.js';
import type { AllRegion } from './region.js';
import { regionCounter, trainCounts } from './region-counter.js';

/**
 * Finds the region of every method and keeps the best: of the feasible ones, which one rule tells for all methods, the
 * one with the lowest advRisk on the choosing split; of none, the one with the highest risk there (method §2.6). A method
 * that finds no region on these data, or needs more memory than there is, is left out; its error is the job's if that is
 * true of all of them.
 */
export async function chooseMethod(step: AllRegionStep, walk: Walk): Promise<AllRegion> {
  const contenders = [];
  const failures: { candidate: number; error: Error }[] = [];
  for (const [candidate, method] of step.candidates.entries()) {
    const region = await walk.get(method).catch((error: unknown) => {
      if (!isOfTheMethod(error)) throw error;
      failures.push({ candidate, error });
    });
    if (region === undefined) continue;
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
  if (best === undefined) {
    throw failures[0]?.error ?? new RangeError('a job over all methods needs at least one of them');
  }
  return {
    kind: 'all',
    winner: { candidate: best.candidate, region: best.region },
    candidates: contenders.map(({ candidate, told }) => ({ candidate, ...told })),
    leftOut: failures.map(({ candidate, error }) => ({ candidate, reason: error.message })),
  };
}

/** Whether another method may still answer: what fails for want of a device or of time fails the job. */
function isOfTheMethod(error: unknown): error is Error {
  return error instanceof MeasurementError || (error instanceof EngineError && error.kind === 'memory');
}
