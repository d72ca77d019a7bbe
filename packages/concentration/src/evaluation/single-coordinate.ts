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
    detail: `${whatIsSingle(region, main, evaluation.test.risk)}: as a bound it is sound and often the tightest, but it says little of where a classifier errs, which is the argument for label uncertainty`,
  };
}

function whatIsSingle({ kind }: MethodRegion, { coordinate, share }: MainCoordinate, rows: number): string {
  const percent = `${Math.floor(1000 * share) / 10} %`;
  switch (kind) {
    case 'axis':
      return `the region lies along coordinate ${coordinate} alone, as a region of axis always does`;
    case 'rectangles':
    case 'faces':
      return `the region lies nearly along coordinate ${coordinate}, which alone puts ${percent} of its ${rows} test rows out of every rectangle`;
    case 'balls':
    case 'hyperplane':
    case 'halfspace':
      return `the region lies nearly along coordinate ${coordinate}, which carries ${percent} of its weight (|w_j| / ‖w‖₁)`;
  }
}
