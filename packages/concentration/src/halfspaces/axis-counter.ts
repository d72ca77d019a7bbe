import type { Rational } from '@levy/contracts';
import type { RowList } from '@levy/plan';
import type { RegionCounter } from '../region/region-counter.js';
import type { Walk } from '../walk/walk.js';
import { type AxisHalfSpace, countAxis, insideAxis } from './scan.js';

export function axisCounter(halfSpace: AxisHalfSpace, epsilon: Rational, walk: Walk): RegionCounter {
  const countAt = (rows: RowList, at: Rational) => countAxis(walk.hostRows(rows), halfSpace, at, walk.scale);
  return {
    count: async (rows) => countAt(rows, epsilon),
    inside: async (rows) => insideAxis(walk.hostRows(rows), halfSpace, walk.scale),
    curve: async (rows, epsilons) => epsilons.map((at) => countAt(rows, at).advRisk),
    mainCoordinate: async () => ({ coordinate: halfSpace.coordinate, share: 1 }),
  };
}
