import type { Distance, Distances } from '../engine.js';
import { distanceKind, distanceScratch, type PassContext, TILE } from './pass.js';
import type { WasmMatrix } from './wasm-matrix.js';
import type { TakeTask } from './worker-pool.js';

const TASK_POINTS = 4096;

/** A tile of queries against some thousand points is one task; its piece is copied to the answer as it is done. */
export async function distanceRows(
  queries: WasmMatrix,
  points: WasmMatrix,
  distance: Distance,
  context: PassContext,
): Promise<Distances> {
  const { heap, pool, options } = context;
  const kind = distanceKind(points, distance);
  const place = distanceScratch(points, kind, TILE);
  const outBytes = TILE * TASK_POINTS * 4;
  using scratch = heap.allocate((place.bytes + outBytes) * pool.size, 'distances between rows');
  const total = queries.rows * points.rows;
  const answer = points.dtype === 'u1' ? new Int32Array(total) : new Float32Array(total);

  const pieces = rectanglesOf(queries.rows, points.rows);
  const take: TakeTask = (thread) => {
    const piece = pieces.next();
    if (piece.done) {
      return undefined;
    }
    const { iStart, iEnd, jStart, jEnd } = piece.value;
    const out = scratch.start + thread * (place.bytes + outBytes);
    const own = out + outBytes;
    return {
      kernel: 'distanceBlock',
      args: [
        ...[kind, queries.start, points.start, points.stride, iStart, iEnd, jStart, jEnd],
        ...[out, own + place.norms, own + place.wide, own + place.tile],
      ],
      steps: (iEnd - iStart) * (jEnd - jStart) * points.columns,
      done: () => {
        const width = jEnd - jStart;
        for (let i = iStart; i < iEnd; i++) {
          const from = out + (i - iStart) * width * 4;
          const row = points.dtype === 'u1' ? heap.int32(from, width) : heap.float32(from, width);
          answer.set(row, i * points.rows + jStart);
        }
      },
    };
  };
  await pool.run(total * points.columns, take, options);
  return answer;
}

function* rectanglesOf(queries: number, points: number) {
  for (let iStart = 0; iStart < queries; iStart += TILE) {
    const iEnd = Math.min(iStart + TILE, queries);
    for (let jStart = 0; jStart < points; jStart += TASK_POINTS) {
      yield { iStart, iEnd, jStart, jEnd: Math.min(jStart + TASK_POINTS, points) };
    }
  }
}
