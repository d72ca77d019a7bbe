import { floatDistances, nearestFloat, nearestFraction, numerators } from '../kernels/centres.js';
import type { Work } from '../protocol.js';
import type { DeviceMatrix, Part } from './device-matrix.js';
import { joinWhole, splitWhole } from './limbs.js';
import { overParts, type Rows } from './over-parts.js';
import type { KernelRunner } from './runner.js';
import type { Stopwatch } from './stopwatch.js';

type Centres = Extract<Work, { op: 'centres' }>['centres'];

/** Labels and distances of rows, as Engine.nearestCentres answers them. */
export async function nearestCentres(
  runner: KernelRunner,
  points: DeviceMatrix,
  rows: Rows,
  centres: Centres,
  watch: Stopwatch,
): Promise<[Int32Array, Float64Array]> {
  const labels = new Int32Array(rows.end - rows.start);
  const distances = new Float64Array(rows.end - rows.start);
  const find = centres.dtype === 'u1' ? fractions(runner, points, centres) : floats(runner, points, centres);
  for (const { part, from, to, at } of overParts(points, rows, find.rowBytes)) {
    const found = await find.nearest(part, from, to, watch);
    labels.set(found.labels, at);
    distances.set(found.distances, at);
  }
  return [labels, distances];
}

interface Nearest {
  readonly labels: Int32Array;
  readonly distances: Float64Array;
}

/** Exact on bytes: the device compares rounded quotients, and what those cannot tell apart is compared here. */
function fractions(
  runner: KernelRunner,
  { width, columns }: DeviceMatrix,
  { count, sum }: Extract<Centres, { dtype: 'u1' }>,
) {
  const T = count.length;
  const counts = splitWhole(count);
  const sums = new Float32Array(T * 2 * width);
  const split = splitWhole(sum);
  for (let t = 0; t < T; t++) {
    sums.set(split.subarray(2 * t * columns, 2 * (t + 1) * columns), 2 * t * width);
  }
  const inverses = Float32Array.from(count, (c) => 1 / c);

  async function nearest(part: Part, from: number, to: number, watch: Stopwatch): Promise<Nearest> {
    const rows = to - from;
    using all = await watch.time('kernels', () =>
      runner.run({
        kernel: numerators,
        components: 3,
        constants: { chunks: width / 16 },
        output: [T, rows],
        args: [
          { array: part.array, sizes: part.sizes },
          { values: counts, sizes: [2, T] },
          { values: sums, sizes: [2 * width, T] },
          from,
        ],
        slot: 'numerators',
      }),
    );
    using chosen = await watch.time('kernels', () =>
      runner.run({
        kernel: nearestFraction,
        components: 4,
        constants: { centres: T },
        output: [rows],
        args: [
          { array: all, sizes: [3 * T, rows] },
          { values: inverses, sizes: [T] },
        ],
        slot: 'nearest',
      }),
    );
    const read = await watch.time('transfer', () => chosen.read());
    const labels = new Int32Array(rows);
    const distances = new Float64Array(rows);
    let whole: Float32Array | undefined;
    for (let row = 0; row < rows; row++) {
      const label = read[4 * row] ?? 0;
      if (label >= 0) {
        labels[row] = label;
        distances[row] = joinWhole(read, 4 * row + 1) / (count[label] ?? 1);
        continue;
      }
      whole ??= await watch.time('transfer', () => all.read());
      const exact = lowestFraction(whole, 3 * T * row, count);
      labels[row] = exact;
      distances[row] = joinWhole(whole, 3 * (T * row + exact)) / (count[exact] ?? 1);
    }
    return { labels, distances };
  }
  return { nearest, rowBytes: 12 * T };
}

function lowestFraction(limbs: Float32Array, at: number, count: Int32Array): number {
  let best = 0;
  for (let t = 1; t < count.length; t++) {
    const [one, other] = [BigInt(joinWhole(limbs, at + 3 * t)), BigInt(joinWhole(limbs, at + 3 * best))];
    if (one * BigInt(count[best] ?? 1) < other * BigInt(count[t] ?? 1)) best = t;
  }
  return best;
}

function floats(
  runner: KernelRunner,
  { width, columns }: DeviceMatrix,
  { sum }: Extract<Centres, { dtype: 'f4' }>,
) {
  const T = columns === 0 ? 1 : sum.length / columns;
  const centres = new Float32Array(T * width);
  for (let t = 0; t < T; t++) centres.set(sum.subarray(t * columns, (t + 1) * columns), t * width);

  async function nearest(part: Part, from: number, to: number, watch: Stopwatch): Promise<Nearest> {
    const rows = to - from;
    using all = await watch.time('kernels', () =>
      runner.run({
        kernel: floatDistances,
        components: 1,
        constants: { chunks: width / 16 },
        output: [T, rows],
        args: [{ array: part.array, sizes: part.sizes }, { values: centres, sizes: [width, T] }, from],
        slot: 'numerators',
      }),
    );
    using chosen = await watch.time('kernels', () =>
      runner.run({
        kernel: nearestFloat,
        components: 2,
        constants: { centres: T },
        output: [rows],
        args: [{ array: all, sizes: [T, rows] }],
        slot: 'nearest',
      }),
    );
    const read = await watch.time('transfer', () => chosen.read());
    return {
      labels: Int32Array.from({ length: rows }, (_, row) => read[2 * row] ?? 0),
      distances: Float64Array.from({ length: rows }, (_, row) => read[2 * row + 1] ?? 0),
    };
  }
  return { nearest, rowBytes: 4 * T };
}
