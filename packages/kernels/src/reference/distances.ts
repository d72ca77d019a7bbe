import type { Distance, Distances, PassOptions } from '../engine.js';
import { at } from './at.js';
import { Pace } from './pace.js';
import type { ReferenceMatrix } from './reference-matrix.js';

export async function neighbourRadii(
  points: ReferenceMatrix,
  distance: Distance,
  k: number,
  options: PassOptions,
): Promise<Distances> {
  const radii = distancesOf(points, points.rows);
  const pace = new Pace(points.rows * points.rows * points.columns, options);
  for (let i = 0; i < points.rows; i++) {
    const row = distancesOf(points, points.rows);
    fillDistances(points.row(i), points, distance, row);
    row.sort();
    radii[i] = at(row, k - 1);
    await pace.add(points.rows * points.columns);
  }
  return radii;
}

export async function distanceRows(
  queries: ReferenceMatrix,
  points: ReferenceMatrix,
  distance: Distance,
  options: PassOptions,
): Promise<Distances> {
  const all = distancesOf(points, queries.rows * points.rows);
  const pace = new Pace(queries.rows * points.rows * points.columns, options);
  for (let i = 0; i < queries.rows; i++) {
    fillDistances(queries.row(i), points, distance, all.subarray(i * points.rows, (i + 1) * points.rows));
    await pace.add(points.rows * points.columns);
  }
  return all;
}

export function distancesOf(points: ReferenceMatrix, length: number): Distances {
  return points.dtype === 'u1' ? new Int32Array(length) : new Float32Array(length);
}

/** Summed in float64; writing into float32 rounds once. */
export function fillDistances(
  from: Float64Array,
  to: ReferenceMatrix,
  distance: Distance,
  out: Distances,
): void {
  const between = { l1, 'squared-l2': squaredL2, linf }[distance];
  for (let j = 0; j < to.rows; j++) {
    out[j] = between(from, to.row(j));
  }
}

function l1(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) {
    sum += Math.abs(at(a, j) - at(b, j));
  }
  return sum;
}

function squaredL2(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) {
    sum += (at(a, j) - at(b, j)) ** 2;
  }
  return sum;
}

function linf(a: Float64Array, b: Float64Array): number {
  let most = 0;
  for (let j = 0; j < a.length; j++) {
    most = Math.max(most, Math.abs(at(a, j) - at(b, j)));
  }
  return most;
}
