import {
  ceilRational,
  type Dataset,
  floorRational,
  multiplyRational,
  type Protocol,
  type Rational,
  rational,
} from '@levy/contracts';

/** Rows of the training split that the holdout protocol sets aside to choose on: 20 %, rounded down (method §2.7). */
export function validationRowCount(trainRows: number): number {
  return Math.floor(trainRows / 5);
}

/** Rows that a region is fitted on. */
export function fitRowCount(trainRows: number, protocol: Protocol): number {
  return protocol === 'holdout' ? trainRows - validationRowCount(trainRows) : trainRows;
}

/** floor(fraction·n) or ceil(fraction·n), on exact rationals: 50000·0.0632 rounds wrongly in floats. */
export function coveredCount(fraction: Rational, n: number, rounding: 'floor' | 'ceil'): number {
  const product = multiplyRational(fraction, rational(n));
  return Number(rounding === 'floor' ? floorRational(product) : ceilRational(product));
}

/** Halvings of [0, 1] until the interval is narrower than the tolerance: 8 for 0.005. */
export function bisectionSteps(qTolerance: number): number {
  let steps = 0;
  for (let width = 1; width >= qTolerance; width /= 2) steps++;
  return steps;
}

/** Bytes that an engine can hold: what a WebAssembly memory can address. */
export const ENGINE_BYTES = 2 ** 32;

/** 255² · 33025 is the last squared distance on bytes that an int32 holds. */
export const MAX_SQUARED_BYTE_COLUMNS = 33_025;

/**
 * Bytes of the lists of the `near` nearest of n rows, and of their counts for so many ε, without ties: 12 an entry for
 * one ε (row, limit, count), for several one distance more and 4 for each count.
 */
export function ballsBytes(n: number, near: number, epsilons = 1): number {
  return n * near * (epsilons === 1 ? 12 : 12 + 4 * epsilons);
}

/** Directions that n rows are projected on in one pass: 32 MiB of products, but no fewer than an engine does well with. */
export function directionsAtOnce(n: number): number {
  return Math.max(4, Math.floor(2 ** 22 / n));
}

/** Bytes of n rows as an engine holds them. */
export function rowBytes({ columns, dtype }: Dataset, n: number): number {
  return n * Math.ceil((columns * (dtype === 'u1' ? 1 : 4)) / 16) * 16;
}
