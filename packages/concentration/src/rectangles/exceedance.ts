import { floorRational, multiplyRational, type Rational, rational, rationalToNumber } from '@levy/contracts';
import type { Margins } from '@levy/kernels';
import type { Clusters } from './clusters.js';

/**
 * Decides value > ε exactly for values that are numerator/(scale·count) of some rectangle: on bytes the numerator is
 * compared with floor(ε·scale·count), one integer a rectangle. On floats the value itself is compared with ε.
 */
export class Threshold {
  private readonly limits: Float64Array;

  constructor(epsilon: Rational, clusters: Clusters, scale: number) {
    this.limits = Float64Array.from(clusters.count, (count) =>
      clusters.dtype === 'u1'
        ? Number(floorRational(multiplyRational(epsilon, rational(scale * count))))
        : rationalToNumber(epsilon),
    );
  }

  exceededBy(value: number, rectangle: number): boolean {
    return value > (this.limits[rectangle] ?? 0);
  }
}

/** How many of the margins exceed the threshold: the points of E at that ε (method §2.4). */
export function countMargins(margins: Margins, threshold: Threshold): number {
  return countExceeding(margins.margin, margins.marginOf, threshold);
}

/** 1 for every margin that exceeds the threshold. */
export function exceedingMargins({ margin, marginOf }: Margins, threshold: Threshold): Uint8Array {
  return Uint8Array.from(margin, (value, i) => Number(threshold.exceededBy(value, marginOf[i] ?? 0)));
}

/** How many of the rooms exceed the threshold: the points of the box's E_ε. Throws RangeError without a value range. */
export function countRooms(margins: Margins, threshold: Threshold): number {
  if (margins.room === undefined || margins.roomOf === undefined) {
    throw new RangeError('these margins were computed without a value range, so they know no room');
  }
  return countExceeding(margins.room, margins.roomOf, threshold);
}

function countExceeding(values: Int32Array | Float32Array, of: Int32Array, threshold: Threshold): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (threshold.exceededBy(values[i] ?? 0, of[i] ?? 0)) count++;
  }
  return count;
}
