import type { Distance, Distances } from '../engine.js';
import { PairQueue } from './block-pairs.js';
import {
  distanceKind,
  distanceScratch,
  distanceTaskSteps,
  overRows,
  type PassContext,
  roundUp,
  TILE,
} from './pass.js';
import type { WasmMatrix } from './wasm-matrix.js';

/** Above every distance; as in assembly/neighbours.ts. */
const NONE = 0x7fff_ffff;
const MAX_BLOCK = 4096;

/**
 * Each unordered pair of blocks of rows is one task, whose distances go to the selections of both blocks' rows.
 * The selections (somewhat more than k numbers a row) lie in shared memory; no two tasks that touch the same block run at once.
 */
export async function neighbourRadii(
  points: WasmMatrix,
  distance: Distance,
  k: number,
  context: PassContext,
): Promise<Distances> {
  const { heap, pool, options } = context;
  const { rows, columns, stride, start } = points;
  const kind = distanceKind(points, distance);
  const blockRows = rowsPerBlock(points, pool.size);
  const place = distanceScratch(points, kind, blockRows);
  const capacity = Math.min(rows, k + Math.max(32, Math.ceil(k / 4)));
  using lists = heap.allocate(rows * capacity * 4, `lists of ${k} neighbours of ${rows} rows`);
  using counts = heap.allocate(rows * 4, 'neighbour counts');
  using bars = heap.allocate((rows + 3) * 4, 'neighbour radii');
  using scratch = heap.allocate(place.bytes * pool.size, 'distances between blocks of rows');
  heap.int32(counts.start, rows).fill(0);
  heap.int32(bars.start, rows + 3).fill(NONE);
  const selection = [lists.start, capacity, k, counts.start, bars.start];

  const queue = new PairQueue(Math.ceil(rows / blockRows), 4 * pool.size);
  const rangeOf = (block: number) => [block * blockRows, Math.min((block + 1) * blockRows, rows)] as const;
  await pool.run(
    rows * rows * columns,
    (thread) => {
      const pair = queue.take();
      if (pair === undefined) {
        return undefined;
      }
      const [iStart, iEnd] = rangeOf(pair[0]);
      const [jStart, jEnd] = rangeOf(pair[1]);
      const own = scratch.start + thread * place.bytes;
      const answered = (iEnd - iStart) * (jEnd - jStart) * columns;
      return {
        kernel: 'neighbourBlocks',
        args: [
          ...[kind, start, stride, iStart, iEnd, jStart, jEnd, ...selection],
          ...[own + place.norms, own + place.wide, own + place.tile],
        ],
        steps: pair[0] === pair[1] ? answered : 2 * answered,
        done: () => queue.release(pair),
      };
    },
    options,
  );
  const finish = overRows({ start: 0, end: rows }, blockRows, (from, to) => ({
    kernel: 'neighbourBars',
    args: [from, to, ...selection],
    steps: 0,
  }));
  await pool.run(0, finish, { signal: options.signal });
  return points.dtype === 'u1'
    ? heap.int32(bars.start, rows).slice()
    : heap.float32(bars.start, rows).slice();
}

/** So that a task takes some ten milliseconds, and there are enough blocks to keep every thread at work. */
function rowsPerBlock(points: WasmMatrix, threads: number): number {
  const bySteps = Math.sqrt(distanceTaskSteps(points) / Math.max(64, points.columns));
  const byThreads = points.rows / (4 * threads);
  return Math.min(MAX_BLOCK, Math.max(TILE, roundUp(Math.min(bySteps, byThreads), TILE)));
}
