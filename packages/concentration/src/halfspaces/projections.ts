import { type Rational, rationalToNumber } from '@levy/contracts';
import type { Counts } from '../counts.js';

/**
 * Two projections closer than this, relative to the largest, are taken for equal: sums in another order differ by
 * less, neighbouring projections of real data by far more.
 */
const ROUNDING = 1e-9;

/**
 * How far from a projection a threshold is kept, so that a recount puts that very row on the same side. In proportion
 * to the projections, so that the unit of the data does not matter.
 */
export function tieWidth(projections: Float64Array): number {
  return ROUNDING * projections.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** One orientation of a direction. */
export interface Side {
  readonly sign: 1 | -1;
  /** sign · w·x of every row. */
  readonly signed: Float64Array;
  /** The signed projection at the position asked for. */
  readonly value: number;
}

/** Both orientations, each with the projection at a 0-based position when sorted from the largest down. */
export function sidesOf(projections: Float64Array, position: number): readonly [Side, Side] {
  const sorted = projections.toSorted();
  return [
    { sign: 1, signed: projections, value: sorted.at(-1 - position) ?? 0 },
    { sign: -1, signed: projections.map((value) => -value), value: -(sorted.at(position) ?? 0) },
  ];
}

/** Rows whose projection reaches the threshold, and those within `reach` of it. */
export function countProjections(projections: Float64Array, threshold: number, reach: number): Counts {
  const counts = { n: projections.length, risk: 0, advRisk: 0 };
  for (const projection of projections) {
    if (projection >= threshold) counts.risk++;
    if (projection >= threshold - reach) counts.advRisk++;
  }
  return counts;
}

/** ε in stored units. */
export function storedReach(epsilon: Rational, scale: number): number {
  return rationalToNumber(epsilon) * scale;
}
