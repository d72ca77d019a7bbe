import { type Rational, subtractRational } from '@levy/contracts';
import type { MethodRegionStep, RowList } from '@levy/plan';
import type { MethodRegion } from '../../region/region.js';
import type { RegionCounter } from '../../region/region-counter.js';
import type { Walk } from '../../walk/walk.js';
import { countsAt } from '../candidate.js';
import { countMargins, exceedingMargins, Threshold } from '../exceedance.js';
import { rectanglesOf } from '../faces.js';
import { mainFace } from '../main-face.js';
import { boxesOfFaces } from './faces-step.js';

/**
 * Rectangles that the face search found are counted like others (method §2.4, §2.9). Each of their faces can be
 * violated, and no sample lies beyond a side without one: the domain makes no difference.
 */
export function facesCounter(
  step: MethodRegionStep,
  { candidate }: Extract<MethodRegion, { kind: 'faces' }>,
  epsilon: Rational,
  walk: Walk,
): RegionCounter {
  const boxes = boxesOfFaces(candidate, fittedRows(step), walk);
  const rectangles = rectanglesOf(boxes);
  const threshold = (at: Rational) => new Threshold(at, boxes, walk.scale);
  return {
    count: async (rows) =>
      countsAt(await walk.margins(rows, rectangles), boxes, walk.scale, epsilon, 'unbounded'),
    inside: async (rows) => exceedingMargins(await walk.margins(rows, rectangles), threshold(epsilon)),
    curve: async (rows, epsilons) => {
      const margins = await walk.margins(rows, rectangles);
      return epsilons.map((at) => countMargins(margins, threshold(subtractRational(epsilon, at))));
    },
    mainCoordinate: async (rows) =>
      mainFace(walk.hostRows(rows), await walk.margins(rows, rectangles), rectangles, threshold(epsilon)),
  };
}

function fittedRows(step: MethodRegionStep): RowList {
  const rows = step.kind === 'rectangles' ? step.faces?.rows : undefined;
  if (rows === undefined) throw new RangeError('faces come from a rectangles step that searches them');
  return rows;
}
