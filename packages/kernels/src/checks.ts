import {
  type Centres,
  type Distance,
  type MatrixHandle,
  NO_FACE,
  type Reach,
  type Rectangles,
} from './engine.js';
import type { Matrix, RowRange } from './matrix.js';

/**
 * What every engine refuses, in one place, so that the same input is refused in the same words by all.
 * Every function here throws RangeError.
 */

/** 255² · 33025 is the last squared distance on bytes that an int32 holds. */
export const MAX_SQUARED_BYTE_COLUMNS = 33_025;
/** 255 · 8 421 504 is the last ℓ1 distance on bytes that an int32 holds. */
export const MAX_BYTE_COLUMNS = 8_421_504;
/** With larger clusters c·x − sum could reach NO_FACE. */
export const MAX_COUNT = Math.floor((NO_FACE - 1) / 255);

export function checkMatrix(matrix: Matrix): void {
  const { rows, columns, data } = matrix;
  if (!isSize(rows) || !isSize(columns)) {
    refuse(`a matrix needs whole, non-negative rows and columns, got ${rows} × ${columns}`);
  }
  if (data.length !== rows * columns) {
    refuse(`a matrix of ${rows} × ${columns} needs ${rows * columns} values, got ${data.length}`);
  }
  if (matrix.dtype === 'f4') {
    checkFinite(matrix.data);
  }
}

export function checkDistance(points: MatrixHandle, distance: Distance): void {
  if (points.dtype !== 'u1') {
    return;
  }
  if (distance === 'linf') {
    return;
  }
  const most = distance === 'l1' ? MAX_BYTE_COLUMNS : MAX_SQUARED_BYTE_COLUMNS;
  if (points.columns > most) {
    refuse(`${distance} on bytes is exact in int32 up to ${most} columns, got ${points.columns}`);
  }
}

export function checkNeighbours(points: MatrixHandle, k: number): void {
  if (!Number.isSafeInteger(k) || k < 1 || k > points.rows) {
    refuse(`k must be a whole number from 1 to the number of rows, ${points.rows}; got ${k}`);
  }
}

export function checkCount(points: MatrixHandle, count: number): void {
  if (!Number.isSafeInteger(count) || count < 1 || count > points.rows) {
    refuse(`count must be a whole number from 1 to the number of rows, ${points.rows}; got ${count}`);
  }
}

export function checkReaches(reaches: readonly Reach[]): void {
  if (reaches.length === 0) {
    refuse('at least one reach is needed, got none');
  }
}

export function checkPair(queries: MatrixHandle, points: MatrixHandle): void {
  if (queries.dtype !== points.dtype || queries.columns !== points.columns) {
    refuse(
      `queries and points must have equal columns and dtype, got ${queries.columns} of ${queries.dtype} ` +
        `and ${points.columns} of ${points.dtype}`,
    );
  }
}

export function checkRange(points: MatrixHandle, range: RowRange): void {
  const { start, end } = range;
  if (!isSize(start) || !isSize(end) || start > end || end > points.rows) {
    refuse(`rows ${start} to ${end} do not lie within the matrix's ${points.rows} rows`);
  }
}

/** @returns T, how many centres there are. */
export function checkCentres(points: MatrixHandle, centres: Centres): number {
  checkSameDtype(points, centres, 'centres');
  const T = groupsOf(centres, points.columns);
  checkLength('sum', centres.sum, T, points.columns);
  if (centres.dtype === 'u1') {
    const most = checkCounts(centres.count, centres.sum, points.columns);
    // Two distances are compared by numerators times the other's count, in 64 bits.
    if (255 * most * most * points.columns >= 2 ** 63) {
      refuse(`clusters of ${most} rows with ${points.columns} columns are too large to compare exactly`);
    }
  } else {
    checkFinite(centres.sum);
  }
  return T;
}

/** @returns T, how many rectangles there are. */
export function checkRectangles(points: MatrixHandle, rectangles: Rectangles): number {
  checkSameDtype(points, rectangles, 'rectangles');
  const T = groupsOf(rectangles, points.columns);
  checkLength('sum', rectangles.sum, T, points.columns);
  checkLength('above', rectangles.above, T, points.columns);
  checkLength('below', rectangles.below, T, points.columns);
  if (rectangles.dtype === 'u1') {
    checkCounts(rectangles.count, rectangles.sum, points.columns);
    checkFaces('above', rectangles.above);
    checkFaces('below', rectangles.below);
  } else {
    checkFinite(rectangles.sum);
    checkNoNaN('above', rectangles.above);
    checkNoNaN('below', rectangles.below);
  }
  checkValueRange(rectangles);
  return T;
}

/** @returns how many directions there are. */
export function checkDirections(points: MatrixHandle, directions: Float64Array): number {
  return checkMultiple('directions', directions.length, 'columns', points.columns);
}

/** @returns how many weights each row has. */
export function checkWeights(points: MatrixHandle, weights: Float64Array): number {
  return checkMultiple('weights', weights.length, 'rows', points.rows);
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Bytes say T by their counts. Floats say it by their length; without columns there is one. */
function groupsOf(groups: Centres | Rectangles, columns: number): number {
  const T = groups.dtype === 'u1' ? groups.count.length : columns === 0 ? 1 : groups.sum.length / columns;
  if (T === 0) {
    refuse('at least one centre or rectangle is needed, got none');
  }
  return T;
}

function checkSameDtype(points: MatrixHandle, groups: Centres | Rectangles, name: string): void {
  if (groups.dtype !== points.dtype) {
    refuse(`${name} of ${groups.dtype} do not fit points of ${points.dtype}`);
  }
}

function checkLength(name: string, values: ArrayLike<number>, T: number, columns: number): void {
  if (!Number.isInteger(T) || values.length !== T * columns) {
    refuse(`${name} has ${values.length} values, which is not ${T} rows of ${columns} columns`);
  }
}

/** @returns the largest count. */
function checkCounts(counts: Int32Array, sums: Int32Array, columns: number): number {
  let most = 0;
  for (const [t, count] of counts.entries()) {
    if (count < 1 || count > MAX_COUNT) {
      refuse(`count ${t} is ${count}; a cluster has from 1 to ${MAX_COUNT} rows`);
    }
    for (const sum of sums.subarray(t * columns, (t + 1) * columns)) {
      if (sum < 0 || sum > 255 * count) {
        refuse(`a sum of cluster ${t} is ${sum}, which ${count} bytes cannot add up to`);
      }
    }
    most = Math.max(most, count);
  }
  return most;
}

function checkFaces(name: string, reaches: Int32Array): void {
  for (const reach of reaches) {
    if (reach > NO_FACE || reach < -NO_FACE) {
      refuse(`${name} holds ${reach}, beyond NO_FACE (${NO_FACE})`);
    }
  }
}

function checkValueRange({ dtype, range }: Rectangles): void {
  if (range === undefined) {
    return;
  }
  const { low, high } = range;
  if (!(low <= high) || !Number.isFinite(low) || !Number.isFinite(high)) {
    refuse(`a value range needs finite low ≤ high, got ${low} to ${high}`);
  }
  if (dtype === 'u1' && !(Number.isInteger(low) && Number.isInteger(high) && low >= 0 && high <= 255)) {
    refuse(`a value range of bytes is two whole numbers from 0 to 255, got ${low} to ${high}`);
  }
}

function checkMultiple(name: string, length: number, unit: string, size: number): number {
  const count = size === 0 ? 0 : length / size;
  if (!Number.isInteger(count) || count * size !== length) {
    refuse(`${name} has ${length} values, which is no multiple of the ${size} ${unit}`);
  }
  return count;
}

function checkFinite(values: Float32Array): void {
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index])) {
      refuse(`value ${index} is ${values[index]}; only finite numbers can be measured`);
    }
  }
}

function checkNoNaN(name: string, values: Float32Array): void {
  if (values.some(Number.isNaN)) {
    refuse(`${name} holds NaN`);
  }
}

function refuse(message: string): never {
  throw new RangeError(message);
}
