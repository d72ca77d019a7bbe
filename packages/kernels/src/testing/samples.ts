import { type Centres, NO_FACE, type Rectangles } from '../engine.js';
import type { Matrix } from '../matrix.js';
import { at } from '../reference/at.js';

/** Input for tests of engines: everything follows from a seed. */

/** Sizes around those at which a vector, a tile or nothing at all is full. */
export const AWKWARD_SIZES = [0, 1, 3, 15, 16, 17, 63, 64, 65] as const;

/** Numbers in [0, 1), by a linear congruence modulo 2³². */
export function randomNumbers(seed: number): () => number {
  let state = (seed ^ 0x9e37_79b9) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Rows of bytes from 0 to `most`; a small `most` makes ties and duplicates. */
export function byteMatrix(
  seed: number,
  rows: number,
  columns: number,
  most = 255,
): Matrix & { dtype: 'u1' } {
  const random = randomNumbers(seed);
  const data = new Uint8Array(rows * columns).map(() => Math.floor(random() * (most + 1)));
  return { dtype: 'u1', rows, columns, data };
}

export function floatMatrix(seed: number, rows: number, columns: number): Matrix & { dtype: 'f4' } {
  const random = randomNumbers(seed);
  return { dtype: 'f4', rows, columns, data: new Float32Array(rows * columns).map(() => 8 * random() - 4) };
}

export function matrixOf(dtype: Matrix['dtype'], seed: number, rows: number, columns: number): Matrix {
  return dtype === 'u1' ? byteMatrix(seed, rows, columns) : floatMatrix(seed, rows, columns);
}

/** Centres as clusters of the matrix have them: row i belongs to cluster i modulo T, and to one more by chance. */
export function centresOf(matrix: Matrix, T: number): Centres {
  const { rows, columns, data } = matrix;
  const count = new Int32Array(T);
  const sum = new Float64Array(T * columns);
  for (let i = 0; i < Math.max(rows, T); i++) {
    const t = i % T;
    count[t] = at(count, t) + 1;
    for (let j = 0; j < columns && i < rows; j++) {
      sum[t * columns + j] = at(sum, t * columns + j) + at(data, i * columns + j);
    }
  }
  return matrix.dtype === 'u1'
    ? { dtype: 'u1', count, sum: Int32Array.from(sum) }
    : {
        dtype: 'f4',
        sum: Float32Array.from(sum, (value, index) => value / at(count, Math.floor(index / columns))),
      };
}

/** Rectangles around those centres with reaches of about a quarter of the values, and every seventh face missing. */
export function rectanglesOf(matrix: Matrix, T: number, seed: number, withRange: boolean): Rectangles {
  const centres = centresOf(matrix, T);
  const random = randomNumbers(seed);
  const { columns } = matrix;
  if (centres.dtype === 'u1') {
    const reaches = () =>
      centres.sum.map((_, index) => {
        const reach = Math.floor(random() * 180 * at(centres.count, Math.floor(index / columns)));
        return random() < 1 / 7 ? NO_FACE : reach;
      });
    return {
      ...centres,
      above: reaches(),
      below: reaches(),
      ...(withRange && { range: { low: 0, high: 255 } }),
    };
  }
  const reaches = () => centres.sum.map(() => (random() < 1 / 7 ? Number.POSITIVE_INFINITY : 5 * random()));
  return {
    ...centres,
    above: reaches(),
    below: reaches(),
    ...(withRange && { range: { low: -4, high: 4 } }),
  };
}
