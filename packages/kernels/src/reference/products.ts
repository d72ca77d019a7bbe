import type { PassOptions } from '../engine.js';
import { at } from './at.js';
import { Pace } from './pace.js';
import type { ReferenceMatrix } from './reference-matrix.js';

export async function project(
  points: ReferenceMatrix,
  directions: Float64Array,
  count: number,
  options: PassOptions,
): Promise<Float64Array> {
  const { rows, columns } = points;
  const products = new Float64Array(rows * count);
  const pace = new Pace(rows * count * columns, options);
  for (let i = 0; i < rows; i++) {
    const x = points.row(i);
    for (let c = 0; c < count; c++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) {
        sum += at(directions, c * columns + j) * at(x, j);
      }
      products[i * count + c] = sum;
    }
    await pace.add(count * columns);
  }
  return products;
}

export async function combine(
  points: ReferenceMatrix,
  weights: Float64Array,
  count: number,
  options: PassOptions,
): Promise<Float64Array> {
  const { rows, columns } = points;
  const sums = new Float64Array(count * columns);
  const pace = new Pace(rows * count * columns, options);
  for (let i = 0; i < rows; i++) {
    const x = points.row(i);
    for (let c = 0; c < count; c++) {
      const weight = at(weights, i * count + c);
      for (let j = 0; j < columns; j++) {
        sums[c * columns + j] = at(sums, c * columns + j) + weight * at(x, j);
      }
    }
    await pace.add(count * columns);
  }
  return sums;
}
