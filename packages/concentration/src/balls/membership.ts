import { type Metric, type Rational, rationalToNumber } from '@levy/contracts';
import type { Matrix } from '@levy/kernels';
import type { RowList } from '@levy/plan';
import type { Counts } from '../counts.js';
import { gatherRows } from '../rows/row-list.js';
import type { Walk } from '../walk/walk.js';
import type { Balls } from './balls.js';
import { distanceBetween } from './distances.js';
import { Pause } from './pause.js';
import { distanceOf, reachOf } from './reach.js';

/** Rows a piece, so that distances from thousands of balls do not all lie in memory at once. */
const PIECE_DISTANCES = 2 ** 26;

/** Which rows of a list lie in the balls, and how many within each ε of them (method §3). Exact on bytes. */
export async function countBalls(
  walk: Walk,
  balls: Balls,
  metric: Metric,
  rows: RowList,
  epsilons: readonly Rational[],
): Promise<{
  readonly n: number;
  /** 1 for every row in the balls. */
  readonly inside: Uint8Array;
  readonly risk: number;
  readonly within: readonly number[];
}> {
  const { train } = walk.dataset;
  const centres = gatherRows(
    train,
    Uint32Array.from(balls, ({ row }) => row),
  );
  const reaches = epsilons.map((epsilon) => reachesOf(balls, metric, train.dtype, epsilon, walk.scale));
  const n = walk.rowCount(rows);
  const inside = new Uint8Array(n);
  const reached = epsilons.map(() => new Uint8Array(n));
  const pause = new Pause(walk.signal);
  const piece = Math.max(1, Math.floor(PIECE_DISTANCES / Math.max(1, n)));
  for (let start = 0; start < balls.length; start += piece) {
    const end = Math.min(start + piece, balls.length);
    const distances = await distancesFrom(walk, slice(centres, start, end), metric, rows);
    for (let t = start; t < end; t++) {
      await pause.due();
      const line = distances.subarray((t - start) * n, (t - start + 1) * n);
      mark(line, balls[t]?.radius ?? 0, inside);
      for (const [index, marks] of reached.entries()) mark(line, reaches[index]?.[t] ?? 0, marks);
    }
  }
  const sum = (marks: Uint8Array) => marks.reduce((total, one) => total + one, 0);
  return { n, inside, risk: sum(inside), within: reached.map(sum) };
}

/** Risk and adversarial risk of the balls over some rows. */
export async function countsOfBalls(
  walk: Walk,
  balls: Balls,
  metric: Metric,
  rows: RowList,
  epsilon: Rational,
): Promise<Counts> {
  const { n, risk, within } = await countBalls(walk, balls, metric, rows, [epsilon]);
  return { n, risk, advRisk: within[0] ?? 0 };
}

/** The distance within which each ball is at ε: as the engine answers it on bytes, plain on floats. */
function reachesOf(
  balls: Balls,
  metric: Metric,
  dtype: Matrix['dtype'],
  epsilon: Rational,
  scale: number,
): number[] {
  const reach =
    dtype === 'u1'
      ? reachOf(metric, dtype, epsilon, scale)
      : (radius: number) => radius + rationalToNumber(epsilon);
  return balls.map(({ radius }) => reach(radius));
}

/** Distances from centres to rows, row-major: the engine's integers on bytes, float64 summed here on floats. */
async function distancesFrom(
  walk: Walk,
  centres: Matrix,
  metric: Metric,
  rows: RowList,
): Promise<ArrayLike<number> & { subarray(start: number, end: number): ArrayLike<number> }> {
  if (centres.dtype === 'u1') {
    const { points } = await walk.points(rows);
    using asked = await walk.engine.load(centres);
    return await walk.engine.distanceRows(asked, points, distanceOf(metric), { signal: walk.signal });
  }
  const matrix = walk.hostRows(rows);
  const distances = new Float64Array(centres.rows * matrix.rows);
  const pause = new Pause(walk.signal);
  for (let t = 0; t < centres.rows; t++) {
    const from = slice(centres, t, t + 1).data;
    for (let row = 0; row < matrix.rows; row++) {
      distances[t * matrix.rows + row] = distanceBetween(from, matrix, row, metric);
      if (row % 64 === 0) await pause.due();
    }
  }
  return distances;
}

function mark(distances: ArrayLike<number>, limit: number, marks: Uint8Array): void {
  for (let row = 0; row < marks.length; row++) {
    if ((distances[row] ?? 0) <= limit) marks[row] = 1;
  }
}

function slice(matrix: Matrix, start: number, end: number): Matrix {
  return gatherRows(
    matrix,
    Uint32Array.from({ length: end - start }, (_, index) => start + index),
  );
}
