import { combineWhole, projectWhole } from '../kernels/products.js';
import type { DeviceMatrix } from './device-matrix.js';
import { joinWhole } from './limbs.js';
import { overParts, type Rows } from './over-parts.js';
import type { KernelRunner } from './runner.js';
import type { Stopwatch } from './stopwatch.js';

/**
 * Products of bytes with float64 numbers by exact sums: every vector is cut into digits of 12 bits below its largest
 * entry, each digit's sum is exact, and float64 adds them up from the smallest.
 */

/** 60 bits below the largest entry, 7 more than a float64 has. */
const DIGITS = 5;
const BASE = 4096;
/** Digit vectors that one kernel multiplies. */
const MOST_VECTORS = 256;
const SEGMENTS = 16;
/** What digits or sums of one kernel may take. */
const MOST_BYTES = 64 * 2 ** 20;

interface Digits {
  /** Which vector each digit vector is of, and what a unit of it stands for. */
  readonly of: readonly { readonly vector: number; readonly unit: number }[];
  /** A value of digit vector `index` at a place of its vector. */
  readonly values: readonly Float32Array[];
}

/** Cuts `count` vectors, element `place` of vector v being at numbers[index(v, place)]. Digits that are all 0 are left out. */
function digitsOf(
  numbers: Float64Array,
  count: number,
  length: number,
  index: (vector: number, place: number) => number,
): Digits {
  const of: { vector: number; unit: number }[] = [];
  const values: Float32Array[] = [];
  for (let vector = 0; vector < count; vector++) {
    let most = 0;
    for (let place = 0; place < length; place++) {
      most = Math.max(most, Math.abs(numbers[index(vector, place)] ?? 0));
    }
    if (most === 0) continue;
    // The power of two above the largest entry.
    const unit = 2 ** (Math.floor(Math.log2(most)) + 1);
    const digits = Array.from({ length: DIGITS }, () => new Float32Array(length));
    const used = new Array<boolean>(DIGITS).fill(false);
    for (let place = 0; place < length; place++) {
      let rest = (numbers[index(vector, place)] ?? 0) / unit;
      for (let digit = 0; digit < DIGITS && rest !== 0; digit++) {
        rest *= BASE;
        const whole = Math.trunc(rest);
        rest -= whole;
        const into = digits[digit];
        if (whole !== 0 && into !== undefined) {
          into[place] = whole;
          used[digit] = true;
        }
      }
    }
    // The smallest first: so they are added.
    for (let digit = DIGITS - 1; digit >= 0; digit--) {
      const value = digits[digit];
      if (used[digit] !== true || value === undefined) continue;
      of.push({ vector, unit: unit * BASE ** -(digit + 1) });
      values.push(value);
    }
  }
  return { of, values };
}

/** @returns rows × directions */
export async function project(
  runner: KernelRunner,
  points: DeviceMatrix,
  rows: Rows,
  directions: Float64Array,
  watch: Stopwatch,
): Promise<Float64Array> {
  const { columns, width } = points;
  const count = columns === 0 ? 0 : directions.length / columns;
  const products = new Float64Array((rows.end - rows.start) * count);
  const { of, values } = digitsOf(directions, count, columns, (vector, place) => vector * columns + place);
  for (let first = 0; first < of.length; first += MOST_VECTORS) {
    const some = of.slice(first, first + MOST_VECTORS);
    const weights = new Float32Array(width * some.length);
    for (let w = 0; w < some.length; w++) {
      values[first + w]?.forEach((value, place) => {
        weights[place * some.length + w] = value;
      });
    }
    for (const { part, from, to, at } of overParts(points, rows, 12 * some.length)) {
      using sums = await watch.time('kernels', () =>
        runner.run({
          kernel: projectWhole,
          components: 3,
          constants: { chunks: width / 16 },
          output: [some.length, to - from],
          args: [
            { array: part.array, sizes: part.sizes },
            { values: weights, sizes: [some.length, width] },
            from,
          ],
          slot: 'products',
        }),
      );
      const read = await watch.time('transfer', () => sums.read());
      for (let row = 0; row < to - from; row++) {
        for (const [w, { vector, unit }] of some.entries()) {
          const into = (at + row) * count + vector;
          products[into] = (products[into] ?? 0) + unit * joinWhole(read, 3 * (row * some.length + w));
        }
      }
    }
  }
  return products;
}

/** @param weights rows × count @returns count × columns */
export async function combine(
  runner: KernelRunner,
  points: DeviceMatrix,
  weights: Float64Array,
  count: number,
  watch: Stopwatch,
): Promise<Float64Array> {
  const { columns, rows, parts } = points;
  const sums = new Float64Array(count * columns);
  const { of, values } = digitsOf(weights, count, rows, (vector, place) => place * count + vector);
  const tallest = Math.max(1, ...parts.map(({ sizes }) => sizes[0]));
  const most = Math.floor(MOST_BYTES / Math.max(4 * tallest, 12 * columns * SEGMENTS));
  const vectors = Math.max(1, Math.min(MOST_VECTORS, most));
  for (let first = 0; first < of.length; first += vectors) {
    const some = of.slice(first, first + vectors);
    // Digit sums of all parts and segments are added before they meet other digits: whole numbers, exact.
    const whole = new Float64Array(some.length * columns);
    for (const part of parts) {
      const [height = 0] = part.sizes;
      const digits = new Float32Array(height * some.length);
      for (let w = 0; w < some.length; w++) {
        const value = values[first + w]?.subarray(part.first, part.first + part.rows);
        if (value !== undefined) digits.set(value, w * height);
      }
      using found = await watch.time('kernels', () =>
        runner.run({
          kernel: combineWhole,
          components: 3,
          constants: { chunks: Math.ceil(height / 16 / SEGMENTS), rows: height },
          output: [columns, some.length, SEGMENTS],
          args: [
            { array: part.array, sizes: part.sizes },
            { values: digits, sizes: [height, some.length] },
          ],
          slot: 'products',
        }),
      );
      const read = await watch.time('transfer', () => found.read());
      for (let index = 0; index < some.length * columns * SEGMENTS; index++) {
        const into = index % (some.length * columns);
        whole[into] = (whole[into] ?? 0) + joinWhole(read, 3 * index);
      }
    }
    for (const [w, { vector, unit }] of some.entries()) {
      for (let column = 0; column < columns; column++) {
        const into = vector * columns + column;
        sums[into] = (sums[into] ?? 0) + unit * (whole[w * columns + column] ?? 0);
      }
    }
  }
  return sums;
}
