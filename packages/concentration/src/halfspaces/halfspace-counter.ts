import type { Rational } from '@levy/contracts';
import type { MethodRegion } from '../region/region.js';
import type { RegionCounter } from '../region/region-counter.js';
import type { Walk } from '../walk/walk.js';
import { mainWeight } from './main-weight.js';
import { countProjections, storedReach } from './projections.js';

export function halfSpaceCounter(
  region: Extract<MethodRegion, { kind: 'hyperplane' | 'halfspace' }>,
  epsilon: Rational,
  walk: Walk,
): RegionCounter {
  const { w, threshold } = region;
  const dualNorm = region.kind === 'halfspace' ? region.dualNorm : 1;
  const reachOf = (at: Rational) => storedReach(at, walk.scale) * dualNorm;
  return {
    count: async (rows) =>
      countProjections(await walk.project(rows, Float64Array.from(w)), threshold, reachOf(epsilon)),
    inside: async (rows) =>
      Uint8Array.from(await walk.project(rows, Float64Array.from(w)), (projection) =>
        Number(projection >= threshold),
      ),
    curve: async (rows, epsilons) => {
      const projections = await walk.project(rows, Float64Array.from(w));
      return epsilons.map((at) => countProjections(projections, threshold, reachOf(at)).advRisk);
    },
    mainCoordinate: async () => mainWeight(w),
  };
}
