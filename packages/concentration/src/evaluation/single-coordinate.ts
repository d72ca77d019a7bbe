import type { Warning } from '@levy/contracts';
import type { MethodRegion } from '../region/region.js';
import type { MainCoordinate } from '../region/region-counter.js';
import type { Findings } from './estimate.js';

/** A region that rests on one coordinate to this share is nearly a single coordinate (docs/method.md). */
const NEARLY_ALL = 0.9;

/** A word about a region that is nearly a single coordinate; none where the data have no more than one. */
export function singleCoordinateWarning({ plan, region, evaluation }: Findings): Warning | undefined {
  const main = evaluation.mainCoordinate;
  if (main === undefined || main.share < NEARLY_ALL || plan.dataset.columns === 1) return undefined;
  return {
    code: 'single-coordinate',
    detail: `${whatIsSingle(region, main, evaluation.test.risk)}. As a bound this is sound and often the tightest; as a picture of where a classifier errs it means little, which is the argument for label uncertainty`,
  };
}

function whatIsSingle({ kind }: MethodRegion, { coordinate, share }: MainCoordinate, rows: number): string {
  const percent = `${Math.floor(1000 * share) / 10} %`;
  switch (kind) {
    case 'axis':
      return `the region is decided by coordinate ${coordinate} alone, as every region of axis is by one`;
    case 'rectangles':
      return `the region is nearly a single coordinate: number ${coordinate} alone puts ${percent} of its ${rows} test rows out of every rectangle`;
    case 'balls':
    case 'hyperplane':
      return `the region is nearly a single coordinate: number ${coordinate} has ${percent} of the weight (|w_j| / ‖w‖₁)`;
  }
}
