import type { Rational } from '@levy/contracts';
import type { RowList } from '@levy/plan';
import { type Static, Type } from 'typebox';
import { ballsCounter } from '../balls/balls-counter.js';
import type { Counts } from '../counts.js';
import { axisCounter } from '../halfspaces/axis-counter.js';
import { halfSpaceCounter } from '../halfspaces/halfspace-counter.js';
import { facesCounter } from '../rectangles/best/faces-counter.js';
import { rectanglesCounter } from '../rectangles/rectangles-counter.js';
import type { Walk } from '../walk/walk.js';
import type { FoundRegion } from './found-region.js';

/** The coordinate on which a region rests most. */
export const MainCoordinateSchema = Type.Object({
  coordinate: Type.Integer({ minimum: 0 }),
  /**
   * Of a half-space: |w_j| / ‖w‖₁. Of rectangles: the share of the region's rows that this coordinate alone puts out
   * of every rectangle, by more than ε.
   */
  share: Type.Number({ minimum: 0, maximum: 1 }),
});
export type MainCoordinate = Static<typeof MainCoordinateSchema>;

/** Counts a region that is fixed, at the ε of its job. */
export interface RegionCounter {
  count(rows: RowList): Promise<Counts>;
  /** 1 for every row of the list in E. */
  inside(rows: RowList): Promise<Uint8Array>;
  /** Rows within each ε of the region. */
  curve(rows: RowList, epsilons: readonly Rational[]): Promise<readonly number[]>;
  /** Undefined where no coordinate is more than the others (balls), or where none of the rows lie in the region. */
  mainCoordinate(rows: RowList): Promise<MainCoordinate | undefined>;
}

export function regionCounter(
  { step, region }: FoundRegion,
  epsilon: Rational,
  walk: Walk,
): Promise<RegionCounter> | RegionCounter {
  switch (region.kind) {
    case 'rectangles':
      return rectanglesCounter(step, region, epsilon, walk);
    case 'faces':
      return facesCounter(step, region, epsilon, walk);
    case 'balls':
      return ballsCounter(step, region, epsilon, walk);
    case 'hyperplane':
    case 'halfspace':
      return halfSpaceCounter(region, epsilon, walk);
    case 'axis':
      return axisCounter(region.halfSpace, epsilon, walk);
  }
}

/** Counts on the fitted rows: what the search counted, where it counted exactly what a region is judged by. */
export async function trainCounts(
  { region }: FoundRegion,
  fit: RowList,
  counter: RegionCounter,
): Promise<Counts> {
  if (region.kind === 'balls') return counter.count(fit);
  return region.kind === 'rectangles' || region.kind === 'faces' ? region.candidate.train : region.train;
}
