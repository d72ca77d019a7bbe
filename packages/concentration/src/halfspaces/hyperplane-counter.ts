import type { Rational } from '@levy/contracts';
import type { MethodRegion } from '../region/region.js';
import type { RegionCounter } from '../region/region-counter.js';
import type { Walk } from '../walk/walk.js';
import { countProjections, storedReach } from './hyperplane.js';
import { mainWeight } from './main-weight.js';

export function hyperplaneCounter(
  { w, threshold }: Extract<MethodRegion, { kind: 'hyperplane' }>,
  epsilon: Rational,
  walk: Walk,
): RegionCounter {
  const reachOf = (at: Rational) => storedReach(at, walk.scale);
  return {
    count: async (rows) =>
      countProjections(await walk.project(rows, Float64Array.from(w)), threshold, reachOf(epsilon)),
    curve: async (rows, epsilons) => {
      const projections = await walk.project(rows, Float64Array.from(w));
      return epsilons.map((at) => countProjections(projections, threshold, reachOf(at)).advRisk);
    },
    mainCoordinate: async () => mainWeight(w),
  };
}
