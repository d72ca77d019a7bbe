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

const NONE = 0x7fff_ffff;
const MAX_BLOCK = 4096;

/**
 * Each unordered pair of blocks of rows is one task, whose distances go to the selections of both blocks' rows.
 * The selections (k numbers a row) lie in shared memory; no two tasks that touch the same block run at once.
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
  using heaps = heap.allocate(rows * k * 4, `lists of ${k} neighbours of ${rows} rows`);
  using tops = heap.allocate((rows + 4) * 4, 'neighbour radii');
  using scratch = heap.allocate(place.bytes * pool.size, 'distances between blocks of rows');

  const fill = (first: number, count: number) => ({ kernel: 'fill', args: [first, count, NONE], steps: 0 });
  heap.int32(tops.start, rows + 4).fill(NONE);
  await pool.run(
    0,
    overRows({ start: 0, end: rows }, blockRows, (from, to) =>
      fill(heaps.start + from * k * 4, (to - from) * k),
    ),
    { signal: options.signal },
  );

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
          ...[kind, start, stride, iStart, iEnd, jStart, jEnd, heaps.start, k, tops.start],
          ...[own + place.norms, own + place.wide, own + place.tile],
        ],
        steps: pair[0] === pair[1] ? answered : 2 * answered,
        done: () => queue.release(pair),
      };
    },
    options,
  );
  return points.dtype === 'u1'
    ? heap.int32(tops.start, rows).slice()
    : heap.float32(tops.start, rows).slice();
}

/** So that a task takes some ten milliseconds, and there are enough blocks to keep every thread at work. */
function rowsPerBlock(points: WasmMatrix, threads: number): number {
  const bySteps = Math.sqrt(distanceTaskSteps(points) / Math.max(64, points.columns));
  const byThreads = points.rows / (4 * threads);
  return Math.min(MAX_BLOCK, Math.max(TILE, roundUp(Math.min(bySteps, byThreads), TILE)));
}
