import type { Rational } from '@levy/contracts';
import type { MethodRegionStep } from '@levy/plan';
import type { MethodRegion } from '../region/region.js';
import type { RegionCounter } from '../region/region-counter.js';
import type { Walk } from '../walk/walk.js';
import { countBalls, countsOfBalls } from './membership.js';

export function ballsCounter(
  step: MethodRegionStep,
  { balls }: Extract<MethodRegion, { kind: 'balls' }>,
  epsilon: Rational,
  walk: Walk,
): RegionCounter {
  const metric = step.kind === 'balls' ? step.candidates[0]?.metric : undefined;
  if (metric === undefined) throw new RangeError('a balls region comes from a balls step');
  return {
    count: (rows) => countsOfBalls(walk, balls, metric, rows, epsilon),
    inside: async (rows) => (await countBalls(walk, balls, metric, rows, [])).inside,
    curve: async (rows, epsilons) => (await countBalls(walk, balls, metric, rows, epsilons)).within,
    mainCoordinate: async () => undefined,
  };
}
